"""Painting in 16 bits: what is lost by it, and that nothing is said in them."""

from math import isfinite
from pathlib import Path

import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.engine import losses, networks, ops, precision
from gramflow.engine.lbfgs import LBFGS
from gramflow.engine.moments import Moments
from gramflow.engine.optimize import Optimize
from gramflow.engine.stylizers import Palette
from gramflow.engine.targets import style_targets
from tests.support.looks import settings_of

LAYERS = {"block1_conv1": 1.0, "block2_conv1": 1.0}
TERMS = {
    "content": losses.Content(losses.Content.Settings(layers={"block2_conv1": 1.0})),
    "gram": losses.Gram(losses.Gram.Settings(weight=50.0, layers=LAYERS)),
    "moments": Moments(Moments.Settings(weight=1.0, layers=LAYERS)),
    "tv": losses.TotalVariation(losses.Loss.Settings(weight=1e-3)),
}
NETWORK = networks.VGG16()
LOW = ["mixed_bfloat16", "mixed_float16"]


def picture(seed):
    return np.random.default_rng(seed).uniform(0, 1, (32, 48, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def extractor(device):
    return networks.build(NETWORK, None, list(LAYERS), "average")


@pytest.fixture(scope="module")
def exact(extractor):
    from gramflow.engine.objective import Objective

    return Objective(extractor, TERMS)


@pytest.fixture(scope="module")
def targets(exact):
    style = style_targets(exact, NETWORK, [picture(3)], [1.0])
    return exact.targets(NETWORK.preprocess(picture(1)), "frame") | exact.prepared(style)


def lowered(extractor, name):
    from gramflow.engine.objective import Objective

    return Objective(networks.in_precision(extractor, name), TERMS)


@pytest.mark.parametrize("name", LOW)
def test_loss_and_gradient_are_nearly_the_exact_ones(extractor, exact, targets, name):
    at = NETWORK.preprocess(picture(2))
    loss, gradient, _ = exact(at, targets)
    guarded = precision.Guarded(lowered(extractor, name), exact, name)
    nearly, slope, terms = guarded(at, targets)
    assert float(nearly) != float(loss)
    assert float(nearly) == pytest.approx(float(loss), rel=0.01)
    assert {term.dtype for term in terms.values()} == {loss.dtype} == {slope.dtype}
    error = np.linalg.norm(slope - gradient) / np.linalg.norm(gradient)
    assert error < 0.05


def test_a_float16_gradient_is_scaled_up(extractor, exact, targets):
    """What is small vanishes in it."""
    at = NETWORK.preprocess(picture(2))
    low = lowered(extractor, "mixed_float16")
    exactly = exact(at, targets)[1].numpy()
    guarded = precision.Guarded(low, exact, "mixed_float16")
    errors = [
        np.linalg.norm(gradient.numpy() - exactly)
        for gradient in (low(at, targets, 2.0**-16)[1], guarded(at, targets)[1])
    ]
    assert errors[0] > 10 * errors[1]
    assert 1 <= guarded.scale < 2.0**24 or np.isfinite(low(at, targets, 2.0**24)[1]).all()


def hides_overflows():
    """Whether this CPU computes in float16, and makes 0 of what is not a number."""
    told = Path("/proc/cpuinfo")
    return told.is_file() and "avx512_fp16" in told.read_text()


@pytest.mark.parametrize("name", LOW)
def test_what_no_16_bits_can_hold_is_computed_in_32(extractor, exact, targets, name):
    """A picture whose features overflow float16; bfloat16's reach as far as float32's."""
    if name == "mixed_float16" and hides_overflows():
        pytest.skip("such a CPU makes 0 of what is not a number, so that nobody can see it")
    at = 1e6 * NETWORK.preprocess(picture(2))
    guarded = precision.Guarded(lowered(extractor, name), exact, name)
    loss, gradient, _ = guarded(at, targets)
    assert isfinite(float(loss)) and bool(ops.all(ops.isfinite(gradient)))
    assert (float(loss) == float(exact(at, targets)[0])) == (name == "mixed_float16")


def test_what_no_16_bits_can_hold_is_told_of(device):
    """Of a frame painted by features that overflow float16."""
    if hides_overflows():
        pytest.skip("such a CPU makes 0 of what is not a number, so that nobody can see it")
    extractor = networks.build(NETWORK, None, ["block1_conv2"], "average")
    layer = extractor.get_layer("block1_conv2")
    layer.set_weights([1e6 * values for values in layer.get_weights()])
    layers = {"block1_conv2": 1.0}
    content = losses.Content(losses.Content.Settings(layers=layers, weight=1e-12))
    look = settings_of(precision="mixed_float16", evaluations=8, start="noise")
    palette = Palette(
        look, NETWORK, lambda: extractor, {"content": content}, LBFGS(LBFGS.Settings()), {48: {}}
    )
    found = Optimize(Optimize.Settings(), palette).paint(picture(1), {}, 0, lambda _: None)
    told = "Its loss or gradient is not finite in mixed_float16; float32 was used."
    assert found.troubles == [told]
    assert found.losses[-1][1] < found.losses[0][1]


def paint(extractor, exact, name, evaluations=20):
    look = settings_of(precision=name, evaluations=evaluations)
    style = style_targets(exact, NETWORK, [picture(3)], [1.0])
    optimizer = LBFGS(LBFGS.Settings(frequency_exponent=0.5))
    palette = Palette(look, NETWORK, lambda: extractor, TERMS, optimizer, {48: style})
    return Optimize(Optimize.Settings(), palette).paint(picture(1), {}, 0, lambda _: None)


@pytest.mark.parametrize("name", ["auto", *LOW])
def test_a_frame_ends_where_float32_does(extractor, exact, monkeypatch, name):
    """Or lower; its last loss is exact, and the same bytes come twice."""
    monkeypatch.setattr(precision, "_fast", lambda: "mixed_bfloat16")
    whole, one, two = (
        paint(extractor, exact, each, evaluations=60) for each in ("float32", name, name)
    )
    assert one.picture.tobytes() == two.picture.tobytes() != whole.picture.tobytes()
    assert one.losses[-1][1] < 1.03 * whole.losses[-1][1] < 0.6 * whole.losses[0][1]
    assert one.evaluations == pytest.approx(whole.evaluations, abs=2)

    told = sum(TERMS[term].settings.weight * value for term, value in one.terms.items())
    assert told == pytest.approx(one.losses[-1][1], rel=1e-6)


@pytest.mark.parametrize(("name", "share"), [("auto", 6), ("mixed_bfloat16", 1)])
def test_the_last_evaluations_are_exact(extractor, exact, monkeypatch, name, share):
    monkeypatch.setattr(precision, "_fast", lambda: "mixed_bfloat16")
    calls = []

    class Counted(precision.Guarded):
        def __call__(self, *arguments):
            calls.append("low")
            return super().__call__(*arguments)

    monkeypatch.setattr("gramflow.engine.optimize.Guarded", Counted)
    painted = paint(extractor, exact, name, evaluations=60)
    assert painted.evaluations - len(calls) == pytest.approx(share, abs=1)


def test_a_device_without_16_bits_paints_in_32(device, extractor, exact, monkeypatch):
    monkeypatch.setattr(precision, "_fast", lambda: "float32")
    one, other = (paint(extractor, exact, name) for name in ("auto", "float32"))
    assert one.picture.tobytes() == other.picture.tobytes()


@pytest.mark.parametrize("name", LOW)
def test_the_first_layer_sees_the_smallest_change(extractor, name):
    """In bfloat16 alone 100.1 would be 100."""
    at = NETWORK.preprocess(picture(2))
    exactly, nearly = (model(at) for model in (extractor, networks.in_precision(extractor, name)))
    assert np.array_equal(exactly["block1_conv1"], nearly["block1_conv1"])
    assert nearly["block2_conv1"].dtype != exactly["block2_conv1"].dtype


class Odd(networks.VGG16):
    """A network with an operation that knows no number format."""

    def architecture(self):
        import keras

        inputs = keras.Input((None, None, 3))
        first = keras.layers.Conv2D(4, 3, padding="same", name="block1_conv1")(inputs)
        doubled = keras.layers.Lambda(lambda values: 2 * values)(first)
        second = keras.layers.Conv2D(4, 3, padding="same", name="block2_conv1")
        return keras.Model(inputs, second(doubled))


def test_a_network_that_cannot_be_copied_paints_in_32(device, exact, monkeypatch):
    """With auto; where 16 bits are asked for by name it is an error of that entry."""
    monkeypatch.setattr(precision, "_fast", lambda: "mixed_bfloat16")
    import keras

    model = Odd().architecture()
    outputs = {name: model.get_layer(name).output for name in LAYERS}
    odd = keras.Model(model.input, outputs)
    from gramflow.engine.objective import Objective

    objective = Objective(odd, TERMS)
    one, other = (paint(odd, objective, name) for name in ("auto", "float32"))
    assert one.picture.tobytes() == other.picture.tobytes()
    with pytest.raises(GramflowError, match=r"^looks\.default\.precision: .*; give float32$"):
        paint(odd, objective, "mixed_bfloat16")


@pytest.mark.parametrize("name", LOW)
def test_l2_pooling_overflows_in_no_format(device, name):
    """Squares of features do in float16; where all are zero, the gradient is none."""
    import keras

    from gramflow.engine import backend
    from gramflow.engine.layers import RootMeanSquarePooling2D

    layer = RootMeanSquarePooling2D(2, dtype=name)
    values = np.zeros((1, 2, 4, 1), np.float32)
    values[:, :, :2] = 1000
    found = layer(ops.convert_to_tensor(values))
    assert keras.backend.standardize_dtype(found.dtype) == name.removeprefix("mixed_")
    assert np.allclose(ops.cast(found, "float32"), [[[[1400], [0]]]], rtol=0.01, atol=1e-4)

    def total(at):
        return ops.sum(ops.cast(layer(at), "float32")), None

    gradient, _ = backend.with_gradient(total, ops.convert_to_tensor(values))
    assert np.allclose(gradient[0, :, :, 0], [[0.35, 0.35, 0, 0]] * 2, rtol=0.01)
