"""Tiles give what the whole picture gives, in the memory they are allowed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.base.errors import GramflowError
from gramflow.engine import losses, memory, networks
from gramflow.engine.distributions import Deviation, Histogram
from gramflow.engine.lbfgs import LBFGS
from gramflow.engine.moments import Moments
from gramflow.engine.objective import Objective
from gramflow.engine.optimize import Optimize
from gramflow.engine.stylizers import Palette
from gramflow.engine.targets import style_targets
from gramflow.engine.tiling import Plan, activation_bytes, geometry, tiles
from gramflow.film.identity import random_weights
from gramflow.film.manifest import Manifest
from gramflow.film.recipes import target_name
from gramflow.settings.config import load
from tests.support import plain_vgg
from tests.support.looks import settings_of
from tests.support.page import blocks
from tests.support.renders import painted_keys

SHAPE = {"layers": {"first": 0.3, "second": 0.5, "third": 0.2}}


@cache
def small_network(smooth=True, stride=1):
    """A chain of three convolutions and two poolings.

    Smooth: no value near a kink makes a last bit a large difference.
    """
    import keras
    from keras import layers

    def convolution(name, channels, size, **settings):
        return layers.Conv2D(
            channels, size, padding="same", activation="tanh" if smooth else "relu", name=name,
            kernel_initializer=keras.initializers.HeNormal(channels),
            bias_initializer=keras.initializers.RandomNormal(0, 0.3, channels), **settings
        )  # fmt: skip

    picture = keras.Input((None, None, 3))
    found = {"first": convolution("first", 8, 3)(layers.Rescaling(1 / 50)(picture))}
    values = layers.AveragePooling2D(2)(found["first"])
    found["second"] = convolution("second", 12, 5, strides=stride)(values)
    values = layers.AveragePooling2D(3)(layers.ReLU(negative_slope=0.5)(found["second"]))
    found["third"] = convolution("third", 16, 3, dilation_rate=2)(values)
    return keras.Model(picture, found)


def all_terms(shape=SHAPE):
    """Every built-in term, and one that comes from a reader of the docs."""
    module = {}
    code = next(code for code in blocks("python") if "class Statistics" in code)
    exec(compile(code, "docs", "exec", dont_inherit=True), module)
    own = module["Statistics"]
    return {
        "content": losses.Content(losses.Content.Settings(weight=1.0, **shape)),
        "gram": losses.Gram(losses.Gram.Settings(weight=5.0, **shape)),
        "moments": Moments(Moments.Settings(weight=2.0, **shape)),
        "deviations": Deviation(Deviation.Settings(weight=2.0, **shape)),
        "own": own(own.Settings(weight=0.5, **shape)),
        "temporal": losses.Temporal(losses.Temporal.Settings(weight=1e-5, distances=[1, 2])),
        "tv": losses.TotalVariation(losses.TotalVariation.Settings(weight=1e-5)),
    }


def limited(network, terms, height, width, pixels):
    """A plan with as much memory as tiles of that many pixels take."""
    free = Plan(network, terms)
    return Plan(network, terms, free.estimate(height, width, pixels + 0.5))


def evaluations(network, terms, size, plan, seed=0, precision=np.float32):
    """Loss, gradient, terms and targets, untiled and by the plan."""
    from gramflow.engine.objective import Objective

    random = np.random.default_rng(seed)
    x, content, style, *before = random.uniform(-120, 120, (5, 1, *size, 3)).astype(precision)
    style = style / 3 + 40  # far enough that a difference from it is no rounding
    trust = random.uniform(0, 1, (2, *size, 1)).astype(np.float32)
    temporal = {"temporal": {"pictures": np.concatenate(before), "trust": trust}}
    for objective in (Objective(network, terms), Objective(network, terms, plan)):
        targets = objective.targets(content, "frame") | objective.targets(style, "style")
        loss, gradient, parts = objective(x, targets | temporal)
        yield float(loss), gradient.numpy(), parts, targets


def assert_same(whole, tiled, error=1e-5):
    """Loss, gradient, terms and targets."""
    assert tiled[0] == pytest.approx(whole[0], rel=error)
    assert np.linalg.norm(tiled[1] - whole[1]) < error * np.linalg.norm(whole[1])
    assert tiled[2].keys() == whole[2].keys()
    for name, value in whole[2].items():
        assert float(tiled[2][name]) == pytest.approx(float(value), rel=error), name
    assert tiled[3].keys() == whole[3].keys()
    for name, target in whole[3].items():
        for key, value in flat(target).items():
            # a deviation from sums of squares loses a few bits
            allowed = 10 * error if name == "own" else error
            assert np.allclose(flat(tiled[3][name])[key], value, rtol=error, atol=allowed), key


def flat(nest, path=""):
    """The arrays of nested dictionaries, by their path."""
    if not isinstance(nest, dict):
        return {path: nest}
    return {name: value for key in nest for name, value in flat(nest[key], f"{path}/{key}").items()}


def test_geometry_by_hand(device):
    """3x3 sees 1 pixel more, 5x5 2 of stride 2, dilated 3x3 2 of stride 6: 17, in strides 18."""
    found = geometry(small_network())
    assert {layer: found.strides[layer] for layer in SHAPE["layers"]} == {
        "first": 1,
        "second": 2,
        "third": 6,
    }
    assert (found.stride, found.halo) == (6, 18)
    vgg = networks.build(networks.VGG19(), None, ["block5_conv1"], "average")
    found = geometry(vgg)  # 2 + 2 * 2 + 4 * 4 + 4 * 8 + 16 = 70
    assert (found.stride, found.halo) == (16, 80)


@settings(max_examples=100)
@given(st.integers(6, 300), st.integers(6, 300), st.integers(42 * 42, 20000))
def test_tiles_part_every_layer(device, height, width, pixels):
    """Every pixel and every feature belongs to one tile, which sees no more than allowed."""
    found = geometry(small_network())
    cut = tiles(height, width, pixels, found)
    for stride in (1, 2, 6):
        seen = np.zeros((1, height // stride, width // stride), int)
        for tile in cut:
            tile.own(seen, stride)[...] += 1
        assert (seen == 1).all()
    assert all(tile.seen(np.empty((1, height, width))).size == tile.pixels for tile in cut)
    assert all(tile.pixels <= pixels for tile in cut)
    assert len(cut) == 1 or height * width > pixels


@settings(max_examples=10)
@given(st.integers(7, 90), st.integers(7, 90), st.integers(42 * 42, 5000), st.integers(0, 99))
def test_tiles_give_what_the_whole_picture_gives(device, height, width, pixels, seed):
    """Loss, gradient, terms and targets to 1e-5, whatever the size."""
    network, terms = small_network(), all_terms()
    plan = limited(network, terms, height, width, pixels)
    whole, tiled = evaluations(network, terms, (height, width), plan, seed)
    assert_same(whole, tiled)


def test_histograms_in_tiles(device):
    """A last bit may move a value to the next bin, where its gradient is another: not to 1e-5."""
    network, term = small_network(), {"histogram": Histogram(Histogram.Settings(**SHAPE))}
    plan = limited(network, term, 60, 90, 2500)
    assert len(plan.tiles(60, 90)) > 1
    whole, tiled = evaluations(network, term, (60, 90), plan)
    assert tiled[0] == pytest.approx(whole[0], rel=1e-5)
    assert np.linalg.norm(tiled[1] - whole[1]) < 2e-3 * np.linalg.norm(whole[1])
    for key, value in flat(whole[3]["histogram"]).items():
        assert np.allclose(flat(tiled[3]["histogram"])[key], value, rtol=1e-3, atol=1e-6), key


@pytest.fixture
def double():
    """Everything in float64, where no value is so near a ReLU's kink that rounding matters."""
    import keras

    def use(dtype):
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)

    use("float64")
    yield np.float64
    use("float32")


@pytest.mark.parametrize(
    ("pooling", "padding"), [("average", "mirror"), ("max", "zeros"), ("l2", "mirror")]
)
def test_vgg_in_tiles_is_exact(device, double, tmp_path, pooling, padding):
    plain_vgg.save_weights(plain_vgg.make_weights(), tmp_path / "vgg16.h5")
    terms = {
        "content": losses.Content(losses.Content.Settings(weight=1.0)),
        "gram": losses.Gram(losses.Gram.Settings(weight=1.0, layers=plain_vgg.STYLE)),
    }
    layers = sorted({layer for term in terms.values() for layer in term.layers})
    network = networks.build(networks.VGG16(), tmp_path / "vgg16.h5", layers, pooling, padding)
    size = (45, 331)
    plan = limited(network, terms, *size, 45 * 250)
    assert len(plan.tiles(*size)) > 1
    assert_same(*evaluations(network, terms, size, plan, precision=double), error=1e-12)


def test_a_picture_that_fits_is_one_tile(device):
    network, terms = small_network(), all_terms()
    assert len(limited(network, terms, 60, 90, 5400).tiles(60, 90)) == 1
    assert len(limited(network, terms, 60, 90, 5399).tiles(60, 90)) == 2
    assert "tiles" not in limited(network, terms, 60, 90, 5400).words(60, 90)
    assert limited(network, terms, 60, 90, 5399).words(60, 90).endswith("GiB of memory, 2 tiles")


class Unsummed(losses.Loss):
    """A term that does not say its sums."""

    source = "style"

    @property
    def layers(self):
        """As one that is set would have."""
        return ("first",)


def test_what_cannot_be_tiled_is_refused_only_when_it_must_be(device):
    network, size = small_network(), (60, 90)
    term = {"deviation": Unsummed(losses.Loss.Settings())}
    limit = limited(network, term, *size, 5399).limit
    assert len(Plan(network, term, limit).tiles(30, 90)) == 1
    with pytest.raises(GramflowError, match=r"^looks\.a\.losses\.deviation: .*tiles.*Layered"):
        Plan(network, term, limit, where="looks.a").tiles(*size)

    terms = all_terms()
    with pytest.raises(GramflowError, match=r"^memory: 1.0GiB is too little .* 90x60 .*; give"):
        Plan(network, terms, 2**30).tiles(*size)

    strided = small_network(stride=2)
    limit = limited(strided, terms, *size, 5000).limit
    assert len(Plan(strided, terms, limit).tiles(30, 90)) == 1
    with pytest.raises(GramflowError, match=r"^network: \w+ cannot .* its layer second; give"):
        Plan(strided, terms, limit).tiles(*size)


PEAK = """
import numpy as np
from gramflow.engine.backend import prepare
prepare(2)
from gramflow.engine import losses, networks
from gramflow.engine.objective import Objective
from gramflow.engine.distributions import Deviation, Histogram
from gramflow.engine.moments import Moments
from gramflow.engine.tiling import Plan
terms = {"gram": losses.Gram(losses.Gram.Settings())}
network = networks.build(networks.VGG16(), None, terms["gram"].layers, "average")
plan = Plan(network, terms, LIMIT)
objective = Objective(network, terms, plan)
x = np.random.default_rng(0).uniform(-100, 100, (1, 480, 720, 3)).astype(np.float32)
objective(x, objective.targets(x, "style"))
with open("/proc/self/status") as file:
    peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
print(len(plan.tiles(480, 720)), peak * 1024, plan.estimate(480, 720, 480 * 720))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_limit_is_kept():
    """The peak of a process of its own is below the limit, and as estimated without one."""

    def run(limit: int | None) -> Iterator[int]:
        code = PEAK.replace("LIMIT", str(limit))
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return map(int, done.stdout.split())

    limit = int(1.5 * 2**30)
    count, peak, whole = run(limit)
    assert count > 1
    assert peak < limit < whole
    count, peak, whole = run(None)
    assert count == 1
    assert 0.8 < whole / peak < 1.3  # what Python and TensorFlow take differs by machine


def test_a_network_without_convolutions_has_an_estimate(device):
    import keras

    start = keras.Input((None, None, 3))
    end = keras.layers.ReLU()(keras.layers.AveragePooling2D(2)(start))
    # features of 3 channels at a quarter of the places, and three copies of the largest
    assert activation_bytes(keras.Model(start, end)) == 4 * (2 + 3) * 3 / 4


# -- the config's entry and the machine --------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [("8GiB", 8 * 2**30), ("7.5 GB", 7.5e9), ("300MiB", 300 * 2**20), ("1TB", 1e12)],
)
def test_sizes(text, size):
    assert memory.in_bytes(text) == memory.limit(text) == size


def test_a_cgroup_limits_the_machine(tmp_path):
    machine = memory.host_memory(tmp_path)
    assert machine > 2**30
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("4:cpu:/x\n0::/user/job\n")
    group = tmp_path / "sys/fs/cgroup/user/job"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    assert memory.host_memory(tmp_path) == machine
    (group.parent / "memory.max").write_text("1000000\n")
    assert memory.host_memory(tmp_path) == 1000000
    old = tmp_path / "sys/fs/cgroup/memory/job"
    old.mkdir(parents=True)
    (old / "memory.limit_in_bytes").write_text("900000\n")
    (tmp_path / "proc/self/cgroup").write_text("4:memory:/job\n")
    assert memory.host_memory(tmp_path) == 900000


def config_with(**entries):
    return load(
        {
            "videos": {"v": {"path": __file__}},
            "styles": {"s": {"images": [__file__]}},
            **entries,
        }
    )


def test_memory_is_no_part_of_a_key():
    manifest = Manifest(64, 48, "1/25", 0, ["a", "b"], [0, 1], 1, [0])
    weights = random_weights("vgg16")
    free, limited = (
        (
            target_name(config, config.styles["s"], config.looks["default"], weights),
            painted_keys(config, config.renders["v.s"], manifest, weights),
        )
        for config in (config_with(), config_with(memory="8GiB"))
    )
    assert free == limited


@pytest.mark.parametrize("value", ["8", "lots", "8 gigabytes", "-1GiB"])
def test_a_size_that_is_none_is_refused(value):
    with pytest.raises(GramflowError, match=r"^memory: .* such as '8GiB'"):
        config_with(memory=value)


def painted_in(most, monkeypatch):
    """A picture of 60x96 pixels, painted on a device with memory for so many pixels of a tile."""
    import tensorflow

    network, layers = networks.VGG16(), {"first": 1.0, "third": 1.0}
    content = losses.Content(losses.Content.Settings(layers=layers))
    moments = Moments(Moments.Settings(layers=layers))
    terms = {"content": content, "moments": moments}
    pictures = np.random.default_rng(0).uniform(0, 1, (2, 60, 96, 3)).astype(np.float32)
    style = style_targets(Objective(small_network(), terms), network, [pictures[1]], [1.0])
    whole = Objective.__call__

    def limited(self, picture, *rest):
        if max(tile.pixels for tile in self.plan.tiles(*picture.shape[1:3])) > most:
            text = "OOM when allocating tensor"
            raise tensorflow.errors.ResourceExhaustedError(None, None, text)
        return whole(self, picture, *rest)

    monkeypatch.setattr(Objective, "__call__", limited)
    optimizer = LBFGS(LBFGS.Settings())
    look = settings_of(evaluations=5)
    palette = Palette(look, network, small_network, terms, optimizer, {96: style})
    stylizer = Optimize(Optimize.Settings(), palette)
    first, second = (stylizer.paint(pictures[0], {}, 0, lambda _: None) for _ in range(2))
    assert second.troubles == []
    assert np.array_equal(first.picture, second.picture)
    return first


def test_where_memory_runs_out_tiles_are_halved_until_they_fit(device, monkeypatch):
    """And stay so for the next frame. The device's own error is raised here in its place."""
    whole = painted_in(96 * 60, monkeypatch)
    tiled = painted_in(3500, monkeypatch)
    assert whole.troubles == []
    (told,) = tiled.troubles
    assert re.fullmatch(r"The device ran out of memory; painted in \d+ tiles\.", told)
    np.testing.assert_allclose(tiled.picture, whole.picture, atol=2 / 255)


def test_where_no_tile_fits_it_is_said(device, monkeypatch):
    with pytest.raises(GramflowError, match=r"memory: the device has too little .* smaller width"):
        painted_in(10, monkeypatch)
