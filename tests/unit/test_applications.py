"""Networks of keras.applications: their scale, their layers' names, random weights, painting."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.base.errors import GramflowError
from gramflow.engine import losses, networks
from gramflow.engine.applications import CLASSES
from gramflow.engine.tiling import Plan
from gramflow.film.identity import Weights, random_weights
from gramflow.painting.picture import PicturePainter
from gramflow.painting.setup import find_weights, make_extractor
from gramflow.painting.weights import resolve
from gramflow.settings.config import Config, load
from gramflow.settings.plugins import Registry
from tests.support.tiny import write_style

pytestmark = pytest.mark.usefixtures("device")

MODULES = {
    "ResNet50": "resnet",
    "ResNet50V2": "resnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNetV2": "mobilenet_v2",
    "DenseNet121": "densenet",
    "EfficientNetB0": "efficientnet",
    "MobileNetV3Small": "mobilenet_v3",
    "ConvNeXtTiny": "convnext",
}
CHOSEN = {
    "resnet50": ("conv3_block1_out", ["conv1_relu", "conv2_block1_out"]),
    "InceptionV3": ("mixed0", ["conv2d_1", "conv2d_4"]),
    "EfficientNetB0": ("block3a_activation", ["stem_activation", "block2a_activation"]),
    "mobilenet": ("conv_pw_3_relu", ["conv1_relu"]),
}
"""By network: the layer of the content, and those of the style."""


def config_with(folder: Path, network: str, **entries: Any) -> Config:
    """One picture in another's style, by layers of the network."""
    for seed, name in enumerate(("content", "style")):
        write_style(folder / f"{name}.png", seed)
    content, style = CHOSEN[network]
    look = {
        "width": 64,
        "evaluations": 3,
        "start": "content",
        "precision": "float32",
        "coarsest": None,
        "losses": {
            "content": {"layers": {content: 1.0}},
            "moments": {"layers": dict.fromkeys(style, 0.5)},
        },
    }
    return load(
        {
            "network": network,
            "weights": "random",
            "videos": {"clip": {"path": str(folder / "content.png")}},
            "styles": {"blocks": {"images": [str(folder / "style.png")]}},
            "looks": {"default": look | entries},
        }
    )


@pytest.mark.parametrize("name", MODULES)
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=5)
def test_the_scale_is_that_which_it_was_trained_on(name: str, seed: int) -> None:
    """What the model sees is what Keras's own function gives; deprocess is the inverse."""
    import keras

    network: Any = CLASSES[name]()
    picture = np.random.default_rng(seed).uniform(0, 1, (3, 4, 3)).astype(np.float32)
    values = network.preprocess(picture)
    assert np.allclose(network.deprocess(values), picture, atol=1e-6)
    own = getattr(keras.applications, MODULES[name]).preprocess_input(255 * picture[None])
    assert np.allclose(network.converted(values), own, rtol=1e-5, atol=1e-4)
    # loss terms and optimizers rely on that scale
    assert np.ptp(network.preprocess(np.float32([[[0] * 3, [1] * 3]])), axis=2) == pytest.approx(
        255
    )


def test_names_of_any_case() -> None:
    registry = Registry()
    assert set(registry.names("networks")) == {*map(str.lower, CLASSES), "vgg16", "vgg19"}
    assert registry.find("networks", "ResNet101").name == "resnet101"
    with pytest.raises(GramflowError, match=r"^networks.resnet: there is no network 'resnet'; did"):
        registry.find("networks", "resnet")


@pytest.mark.parametrize(
    ("network", "precision"),
    [("resnet50", "float32"), ("InceptionV3", "float32"), ("EfficientNetB0", "mixed_bfloat16")],
)
def test_a_picture_is_painted(tmp_path: Path, network: str, precision: str) -> None:
    config = config_with(tmp_path, network, precision=precision)
    look, style = config.looks["default"], config.styles["blocks"]
    painter = PicturePainter(config, style, look, random_weights(config.network))
    pixels = np.random.default_rng(0).integers(0, 2**16, (48, 64, 3), np.uint16)
    found = painter.paint(pixels, "clip")
    assert found.painted.evaluations >= 3
    assert np.abs(found.pixels.astype(int) - pixels).mean() > 100
    curve = [loss for _, loss in found.painted.losses]
    assert np.isfinite(curve).all()

    extractor: Any = make_extractor(config, look, random_weights(config.network))
    plan = Plan(extractor, {}, limit=2**60)
    assert "GiB of memory" in plan.words(480, 640)
    assert plan.estimate(480, 640, 480 * 640) > plan.estimate(480, 640, 0)
    # it was not fitted to this picture, and is neither dead nor saturated
    made = CLASSES[{name.lower(): name for name in CLASSES}[config.network]]()
    features = extractor(made.preprocess(networks.reference(seed=7, size=160)))
    for layer, values in features.items():
        assert 0.2 < np.sqrt(np.mean(np.square(values))) < 5, layer


def test_what_it_cannot_do_is_said(tmp_path: Path) -> None:
    """A layer that it lacks, a picture of too few pixels, and tiles; weights come from a file."""
    wrong = {"content": {"layers": {"conv_dw_3_rel": 1.0}}}
    config = config_with(tmp_path, "mobilenet", losses=wrong)
    with pytest.raises(GramflowError) as caught:
        find_weights(config, print)
    line = (
        "looks.default.losses.content.layers.conv_dw_3_rel: mobilenet has no layer 'conv_dw_3_rel'"
    )
    assert str(caught.value).startswith(f"{line}; did you mean conv_dw_3_relu or ")

    network = CLASSES["MobileNet"]()
    model = network.architecture()
    networks.randomize(model, network)
    model.save_weights(tmp_path / "own.weights.h5")
    weights = resolve(str(tmp_path / "own.weights.h5"), "mobilenet", network, [], print)
    assert weights == Weights("mobilenet", "file", weights.path, weights.identity)
    layers = ["conv1_relu", "conv_pw_13_relu"]
    random = networks.build(network, None, layers, "max")
    loaded = networks.build(network, Path(weights.path or ""), layers, "max")
    picture = network.preprocess(networks.reference(seed=3, size=64))
    for layer, values in random(picture).items():
        assert np.array_equal(values, loaded(picture)[layer]), layer

    terms = {"gram": losses.Gram(losses.Gram.Settings(layers=dict.fromkeys(layers, 1.0)))}
    plan = Plan(loaded, terms, limit=2**20, where="looks.a")
    least = plan.smallest
    with pytest.raises(
        GramflowError, match=rf"^looks.a: 40x{least - 1} pixels are too few .* mobil"
    ):
        plan.tiles(least - 1, 40)
    with pytest.raises(GramflowError, match=r"^network: mobilenet\S* cannot be .* vgg16 or vgg19$"):
        plan.tiles(64, 64)


def test_layers_without_a_name_have_always_the_same() -> None:
    """Keras numbers them through the whole process."""
    network = CLASSES["Xception"]()
    first, second = (networks.feature_layers(network.architecture()) for _ in range(2))
    assert first == second
    assert {"conv2d", "conv2d_3", "add", "add_11"} <= set(first)
    assert "conv2d_4" not in first
