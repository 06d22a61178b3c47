"""The numbers, against hand-computed values, plain NumPy and finite differences."""

import subprocess
import sys

import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.engine import losses, networks
from gramflow.engine.optimize import Optimize
from gramflow.engine.optimizers import ScipyLBFGS
from gramflow.engine.recolouring import recoloured
from gramflow.engine.steadiness import OWN, Neighbour, tones
from gramflow.engine.stylizers import Palette
from gramflow.engine.targets import (
    colour_targets,
    coloured_noise,
    flattened,
    style_targets,
    unflattened,
)
from gramflow.media.pictures import resize
from gramflow.painting.setup import make_losses
from gramflow.settings.config import load
from tests.support import plain_vgg
from tests.support.looks import settings_of


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    arrays = plain_vgg.make_weights()
    path = tmp_path_factory.mktemp("weights") / "vgg16.h5"
    plain_vgg.save_weights(arrays, path)
    return arrays, path


@pytest.fixture(scope="module")
def objective_of(device, weights):
    from gramflow.engine.objective import Objective

    def make(terms):
        layers = sorted({layer for term in terms.values() for layer in term.layers})
        return Objective(networks.build(networks.VGG16(), weights[1], layers, "average"), terms)

    return make


def seed_terms(normalize=False, scales=(4.0, 0.03)):
    content = {"block4_conv3": 1.0}
    return {
        "content": losses.Content(
            losses.Content.Settings(weight=scales[0], layers=content, normalize=normalize)
        ),
        "gram": losses.Gram(
            losses.Gram.Settings(weight=scales[1], layers=plain_vgg.STYLE, normalize=normalize)
        ),
    }


def picture(seed, height=32, width=48):
    return np.random.default_rng(seed).uniform(0, 1, (height, width, 3)).astype(np.float32)


@pytest.mark.parametrize("normalize", [False, True])
def test_loss_and_gradient_are_those_of_plain_numpy(objective_of, weights, normalize):
    """Loss and gradient to 1e-4, and the gradient also against finite differences."""
    scales = (1.0, 50.0) if normalize else (4.0, 0.03)
    objective = objective_of(seed_terms(normalize, scales))
    network = networks.VGG16()
    x, content, style = (network.preprocess(picture(n)) for n in range(3))
    targets = objective.targets(content, "frame") | objective.targets(style, "style")
    loss, gradient, _ = objective(x, targets)

    plain = plain_vgg.PlainVGG(weights[0])
    grams = {name: plain_vgg.gram(plain.features(style[0])[name]) for name in plain_vgg.STYLE}
    expected = plain_vgg.seed_loss(
        plain, x[0].astype(np.float64), plain.features(content[0]), grams, normalize, scales
    )
    assert float(loss) == pytest.approx(expected[0], rel=1e-4)
    error = np.linalg.norm(gradient.numpy()[0] - expected[1]) / np.linalg.norm(expected[1])
    assert error < 1e-4

    direction = np.random.default_rng(9).normal(size=x[0].shape)
    step = 1e-4
    ahead, behind = (
        plain_vgg.seed_loss(
            plain, x[0] + sign * step * direction, plain.features(content[0]), grams, normalize,
            scales,
        )[0]
        for sign in (1, -1)
    )  # fmt: skip
    slope = np.sum(gradient.numpy()[0] * direction)
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-3)


def test_one_trace_serves_every_frame_and_style_of_a_size(objective_of):
    objective, network = objective_of(seed_terms()), networks.VGG16()
    for n in range(3):
        content, style = network.preprocess(picture(n)), network.preprocess(picture(n + 5, 40))
        targets = objective.targets(content, "frame") | objective.targets(style, "style")
        objective(content + n, targets)
    assert objective._compiled.experimental_get_tracing_count() == 1


def test_seed_preset_is_the_seed_method():
    """Layers, weights, raw losses, 30 rounds of 20 evaluations from noise at 224x224."""
    look = load(
        {
            "videos": {"v": {"path": __file__}},
            "styles": {"s": {"images": [__file__]}},
            "looks": {"default": {"preset": "seed"}},
        }
    )
    settings_ = look.looks["default"].settings
    layers = {"block4_conv3": 1.0}
    assert settings_["losses"] == {
        "content": {"weight": 4.0, "layers": layers, "normalize": False},
        "gram": {"weight": 0.03, "layers": plain_vgg.STYLE, "normalize": False},
    }
    expected = {
        "width": 224,
        "height": 224,
        "start": "noise",
        "evaluations": 600,
        "epoch": 20,
        "stop": 0.0,
        "bounds": False,
        "pooling": "average",
        "padding": "zeros",
        "precision": "float32",
    }
    assert {key: settings_[key] for key in expected} == expected
    optimizer = settings_["optimizer"]
    assert optimizer["name"] == "scipy-lbfgs"
    assert (optimizer["restart"], optimizer["memory"]) == (True, 10)
    assert (optimizer["first_step"], optimizer["frequency_exponent"]) == (None, 0)


def test_gram_matrix_by_hand(device):
    features = np.array([[[[1, 2], [3, 4]], [[0, 1], [2, 0]]]], np.float32)  # 2x2 pixels
    # channel 0: 1 3 0 2, channel 1: 2 4 1 0; divided by 2 * 2 * 2
    expected = np.array([[14, 14], [14, 21]]) / 8
    assert np.allclose(losses.gram_matrix(features), expected)


def test_preprocessing_by_hand():
    """Blue, green, red on the 0..255 scale less ImageNet's means; red returns as 123.68."""
    network = networks.VGG16()
    values = network.preprocess(np.array([[[1.0, 0.5, 0.0]]], np.float32))
    assert np.allclose(values, [[[[0 - 103.939, 127.5 - 116.779, 255 - 123.68]]]])
    assert np.allclose(network.deprocess(values), [[[1.0, 0.5, 0.0]]], atol=1e-6)


def test_normalized_losses_by_hand(device):
    assert float(losses.squared_distance(np.float32([3, 1]), np.float32([1, 1]), True)) == 2
    assert float(losses.squared_distance(np.float32([3, 2]), np.float32([2, 2]), False)) == 0.5
    assert float(losses.squared_distance(np.float32([3, 2]), np.float32([2, 2]), True)) == 0.125


def test_total_variation_by_hand(device):
    term = losses.TotalVariation(losses.TotalVariation.Settings())
    x = np.zeros((1, 2, 2, 3), np.float32)
    x[0, 0, 1] = 2  # one of two pairs to the right, one of two pairs below differs
    assert float(term(x, {}, {})) == 4 / 2 + 4 / 2


def test_beyond_the_edge_the_picture_is_mirrored(device, weights):
    network, layers = networks.VGG16(), ["block1_conv1", "block1_conv2"]
    extract = networks.build(network, weights[1], layers, "average", "mirror")
    values = network.preprocess(picture(1))
    features = extract(values)
    before = values[0].astype(np.float64)
    for layer in layers:
        kernel, bias = (array.astype(np.float64) for array in weights[0][layer])
        mirrored = np.pad(before, ((1, 1), (1, 1), (0, 0)), mode="edge")
        before = np.maximum(plain_vgg.convolve(mirrored, kernel, bias)[1:-1, 1:-1], 0)
        assert np.allclose(features[layer][0], before, atol=1e-2, rtol=1e-3)


@pytest.mark.parametrize("pooling", ["average", "max", "l2"])
def test_pooling_is_chosen(device, weights, pooling):
    network = networks.VGG16()
    extract = networks.build(network, weights[1], ["block1_conv2", "block2_conv1"], pooling)
    features = extract(network.preprocess(picture(1)))
    before = features["block1_conv2"].numpy()[0].astype(np.float64)
    blocks = before.reshape(16, 2, 24, 2, 64)
    pooled = {
        "average": blocks.mean((1, 3)),
        "max": blocks.max((1, 3)),
        "l2": 1.4 * np.sqrt((blocks**2).mean((1, 3))),
    }[pooling]
    plain = plain_vgg.convolve(
        pooled, *(array.astype(np.float64) for array in weights[0]["block2_conv1"])
    )
    assert np.allclose(features["block2_conv1"], np.maximum(plain, 0), atol=1e-2, rtol=1e-3)


def test_random_weights_keep_every_layer_alive(device):
    """Channels on average neither fade, grow nor die on a picture they were not fitted to."""
    network = networks.VGG19()
    features = networks.build(network, None, network.layers, "average")(
        network.preprocess(networks.reference(seed=7))
    )
    for layer, values in features.items():
        values = values.numpy()
        assert 0.2 < np.sqrt(np.mean(values**2)) < 2, layer
        assert np.mean(values.max((0, 1, 2)) == 0) < 0.05, layer
    again = networks.build(network, None, ["block1_conv1"], "average")
    first = again(network.preprocess(picture(1)))["block1_conv1"].numpy()
    build = networks.build(network, None, ["block1_conv1"], "average")
    assert np.array_equal(first, build(network.preprocess(picture(1)))["block1_conv1"].numpy())


def test_terms_are_scaled_alike_for_both_networks(device):
    """So that one look's weights serve VGG-16, of which no trained weights have been at hand."""
    from gramflow.engine.objective import Objective

    config = load({"videos": {"v": {"path": __file__}}, "styles": {"s": {"images": [__file__]}}})
    terms = {
        name: term for name, term in make_losses(config, config.looks["default"]).items()
        if term.layers
    }  # fmt: skip
    layers = sorted({layer for term in terms.values() for layer in term.layers})
    content, style, painted = (networks.reference(seed, 96) for seed in (3, 4, 5))
    found = []
    for network in (networks.VGG16(), networks.VGG19()):
        objective = Objective(networks.build(network, None, layers, "average", "mirror"), terms)
        targets = objective.targets(network.preprocess(content), "frame")
        targets |= objective.targets(network.preprocess(style), "style")
        found.append(objective(network.preprocess(painted), targets)[2])
    for name in terms:
        assert 0.5 < float(found[0][name]) / float(found[1][name]) < 2, name


def test_weights_that_do_not_fit_are_refused(device, weights, tmp_path):
    text = tmp_path / "text.h5"
    text.write_text("no weights")
    short = tmp_path / "short.h5"
    plain_vgg.save_weights(dict(list(weights[0].items())[:5]), short)
    wrong = tmp_path / "wrong.h5"
    arrays = dict(weights[0])
    arrays["block1_conv1"] = np.zeros((3, 3, 3, 32), np.float32), np.zeros(32, np.float32)
    plain_vgg.save_weights(arrays, wrong)
    for network, path in [
        (networks.VGG16(), text),
        (networks.VGG16(), short),
        (networks.VGG16(), wrong),
        (networks.VGG16(), tmp_path / "missing.h5"),
        (networks.VGG19(), weights[1]),
    ]:
        with pytest.raises(GramflowError, match=r"^weights: .*notop\.h5 file") as caught:
            networks.build(network, path, ["block1_conv1"], "average")
        assert "\n" not in str(caught.value)


def test_style_targets_are_mixed(objective_of):
    objective = objective_of({"gram": seed_terms()["gram"]})
    network = networks.VGG16()
    one, two = (
        style_targets(objective, network, [picture(n)], [1.0])["gram"]["block2_conv1"]
        for n in (1, 2)
    )
    both = style_targets(objective, network, [picture(1), picture(2, 40, 32)], [0.25, 0.75])
    second = style_targets(objective, network, [picture(2, 40, 32)], [1.0])
    other = second["gram"]["block2_conv1"]
    assert not np.allclose(one, two, rtol=1e-6, atol=0)
    assert np.allclose(both["gram"]["block2_conv1"], 0.25 * one + 0.75 * other, rtol=1e-5)
    kept = unflattened(flattened({24: second, 48: both}))
    assert kept.keys() == {24, 48}
    assert np.array_equal(kept[24]["gram"]["block2_conv1"], other)


# -- stylizers ---------------------------------------------------------------------------------


def test_start_is_content_noise_or_previous(objective_of):
    """With one evaluation the painted frame is still near its start."""
    network, frame, before = networks.VGG16(), picture(1), picture(2)
    terms = seed_terms(normalize=True)
    objective = objective_of(terms)
    extractor = objective.network
    brown = [np.float32([0.5, 0.3, 0.2]) + 0.1 * (picture(seed) - 0.5) for seed in (3, 5)]
    targets = style_targets(objective, network, brown, [0.5, 0.5])
    targets |= colour_targets(brown, [0.5, 0.5])
    trust = np.ones(frame.shape[:2], np.float32)
    trust[:, :24] = 0

    other = 0 * frame  # of other tones: they are not held

    def painted(start, seed=0, previous=None, own=None, opening="content"):
        palette = Palette(
            settings_of(start=start, opening=opening, epoch=1, evaluations=1),
            network,
            lambda: extractor,
            terms,
            ScipyLBFGS(ScipyLBFGS.Settings(first_step=None)),  # hardly a step at all
            {48: targets},
        )
        stylizer = Optimize(Optimize.Settings(), palette)
        neighbours = {} if previous is None else {1: Neighbour(previous, other, trust)}
        if own is not None:
            neighbours[OWN] = Neighbour(own, frame, np.ones_like(trust))
        return stylizer.paint(frame, neighbours, seed, lambda _: None).picture

    assert np.abs(painted("content") - frame).max() < 0.05
    assert np.abs(painted("previous") - frame).max() < 0.05
    bare = recoloured(frame, Neighbour(before, other, trust))
    assert np.abs(bare - frame).max() > 0.2
    mixed = np.where(trust[..., None] == 1, before, bare)
    assert np.abs(painted("previous", previous=before) - mixed).max() < 0.05
    again = picture(4)
    mixed = np.where(trust[..., None] == 1, (before + again) / 2, again)
    assert np.abs(painted("previous", previous=before, own=again) - mixed).max() < 0.05
    assert np.abs(painted("previous", own=again) - again).max() < 0.05
    noise = painted("noise")
    grey = np.array([123.68, 116.779, 103.939]) / 255
    assert np.median(np.abs(noise - grey)) < 0.05
    assert np.array_equal(noise, painted("noise"))
    assert not np.array_equal(noise, painted("noise", seed=1))
    assert np.array_equal(noise, painted("previous", opening="noise"))
    gray = painted("gray")
    assert np.median(np.abs(gray - 0.5)) < 0.02
    assert np.array_equal(gray, painted("previous", opening="gray"))
    styled = painted("previous", opening="style")
    assert np.array_equal(styled, painted("style"))
    assert not np.array_equal(styled, painted("style", seed=1))
    assert np.allclose(styled.mean((0, 1)), np.mean(brown, axis=(0, 1, 2)), atol=0.02)
    assert np.abs(painted("previous", own=again, opening="style") - again).max() < 0.05


def test_noise_has_the_colours_of_all_the_styles_pictures():
    random = np.random.default_rng(3)
    mixing = np.float32([[0.05, 0.04, 0.0], [0.0, 0.06, 0.02], [0.01, 0.0, 0.03]])
    pictures = [
        (random.standard_normal((40, 50, 3)) @ mixing + mean).astype(np.float32)
        for mean in ((0.4, 0.5, 0.6), (0.5, 0.4, 0.6))
    ]
    noise = coloured_noise(colour_targets(pictures, [0.5, 0.5]), (160, 90), random)
    assert noise.shape == (90, 160, 3)
    made, given = (np.reshape(each, (-1, 3)) for each in (noise, np.stack(pictures)))
    assert np.allclose(made.mean(0), given.mean(0), atol=3e-3)
    assert np.allclose(np.cov(made.T), np.cov(given.T), atol=2e-4)
    assert abs(np.cov(given.T)[0, 1]) > 4e-4


def test_a_segment_without_work_pays_no_tensorflow():
    """Its import takes seconds; it comes with the first frame to paint."""
    code = "import gramflow.painting.job, sys; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_temporal_loss_and_gradient(objective_of):
    """Against its formula by hand, and the gradient of the whole against finite differences."""
    random = np.random.default_rng(4)
    x, first, second = random.normal(0, 50, (3, 1, 32, 48, 3)).astype(np.float32)
    trust = random.uniform(0, 1, (2, 32, 48, 1)).astype(np.float32)
    target = {"pictures": np.concatenate([first, second]), "trust": trust}
    content = losses.Content.Settings(weight=0.1, layers={"block1_conv1": 1.0})
    terms = {
        "content": losses.Content(content),
        "temporal": losses.Temporal(losses.Temporal.Settings(weight=0.03, distances=[1, 2])),
    }
    objective = objective_of(terms)
    targets = objective.targets(networks.VGG16().preprocess(picture(1)), "frame")
    _, gradient, parts = objective(x, targets | {"temporal": target})
    by_hand = np.mean(trust[0] * (x - first) ** 2) + np.mean(trust[1] * (x - second) ** 2)
    assert float(parts["temporal"]) == pytest.approx(by_hand, rel=1e-4)

    def total(at):
        return np.float64(objective(at.astype(np.float32), targets | {"temporal": target})[0])

    direction, step = random.normal(size=x.shape), 0.5  # the sum is quadratic, but for the ReLUs
    slope = (total(x + step * direction) - total(x - step * direction)) / (2 * step)
    assert np.sum(gradient.numpy() * direction) == pytest.approx(slope, rel=1e-3)
    alone = objective_of({"content": terms["content"]})(x, targets)[1].numpy()
    pulls = trust[0] * (x - first) + trust[1] * (x - second)
    added = 0.03 * 2 / x.size * pulls
    assert np.allclose(gradient.numpy() - alone, added, atol=1e-5 * np.abs(added).max() + 1e-7)


def test_what_begins_anew_gets_twice_the_evaluations(objective_of):
    content = losses.Content(losses.Content.Settings(layers={"block1_conv1": 1.0}))
    terms = {"content": content, "tv": losses.TotalVariation(losses.Loss.Settings(weight=1e-3))}
    extractor = objective_of(terms).network

    def evaluations(start, neighbours):
        settings_ = settings_of(start=start, evaluations=20)
        optimizer = ScipyLBFGS(ScipyLBFGS.Settings())
        network, styles = networks.VGG16(), {48: {}}
        palette = Palette(settings_, network, lambda: extractor, terms, optimizer, styles)
        stylizer = Optimize(Optimize.Settings(), palette)
        return stylizer.paint(picture(1), neighbours, 0, lambda _: None).evaluations

    def before(trust):
        return Neighbour(picture(2), picture(1), np.full((32, 48), trust, np.float32))

    assert 20 <= evaluations("noise", {}) < 40 <= evaluations("previous", {}) < 60
    assert 20 <= evaluations("previous", {1: before(1)}) < 30
    assert 30 <= evaluations("previous", {1: before(0.5)}) < 40
    assert 20 <= evaluations("previous", {OWN: before(1)}) < 30


def test_brightness_and_saturation_do_not_drift(objective_of, monkeypatch):
    """Over 250 frames of a noisy still, within 1 %; without the correction they do drift."""
    network = networks.VGG16()
    gram = losses.Gram.Settings(weight=1.0, layers={"block1_conv1": 1.0, "block2_conv1": 1.0})
    terms = {
        "content": losses.Content(losses.Content.Settings(layers={"block2_conv1": 1.0})),
        "gram": losses.Gram(gram),
        "temporal": losses.Temporal(losses.Temporal.Settings(weight=1e-3)),
    }
    objective = objective_of(terms)
    look = settings_of(start="previous", epoch=2, evaluations=2)
    targets = style_targets(objective, network, [picture(3)], [1.0])
    palette = Palette(
        look,
        network,
        lambda: objective.network,
        terms,
        ScipyLBFGS(ScipyLBFGS.Settings()),
        {48: targets},
    )
    still = resize(picture(7, 8, 12), 48, 32)
    trust = np.ones((32, 48), np.float32)

    def film():
        random = np.random.default_rng(0)
        stylizer = Optimize(Optimize.Settings(), palette)
        neighbours = {}
        for _ in range(250):
            noisy = (still + random.normal(0, 0.005, still.shape)).astype(np.float32)
            painted = stylizer.paint(noisy, neighbours, 0, lambda _: None).picture
            neighbours = {1: Neighbour(painted, noisy, trust)}
            yield tones(painted, trust)

    def drift(name, found):
        values = np.array([getattr(each, name) for each in found])
        return np.abs(values / values[0] - 1).max()

    corrected = list(film())
    assert drift("brightness", corrected) < 0.01
    assert drift("saturation", corrected) < 0.01
    monkeypatch.setattr("gramflow.engine.optimize.held", lambda picture, *_: picture)
    left_alone = list(film())
    assert max(drift("brightness", left_alone), drift("saturation", left_alone)) > 0.03
