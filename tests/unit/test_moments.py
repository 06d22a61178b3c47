"""The distance of means and covariances, against a reference in float64 and finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.engine.losses import Gamut
from gramflow.engine.moments import Moments, root_trace
from tests.support import plain_moments

pytestmark = pytest.mark.usefixtures("device")
SETTINGS = Moments.Settings(layers={"layer": 1.0})


def cloud(seed, height, width, channels, scale=1.0):
    """Correlated features, as after a ReLU, (height, width, channels) in float32."""
    random = np.random.default_rng(seed)
    turn = random.normal(size=(channels, channels)) * np.geomspace(1, 0.03, channels)
    values = random.normal(size=(height, width, channels)) @ turn + random.normal(size=channels)
    return (scale * np.maximum(values, 0)).astype(np.float32)


def target_of(*styles, shares=(1.0,)):
    """The target of several styles' features, ready for use."""
    term = Moments(SETTINGS)
    raw = sum(
        share * np.asarray(term.target({"layer": style[None]})["layer"])
        for share, style in zip(shares, styles, strict=True)
    )
    return term.prepared({"layer": raw})


def found(features, target):
    """The distance, where the whole picture's features are at hand."""
    return float(Moments(SETTINGS)(None, {"layer": features[None]}, target))


def found_by_sums(features, target):
    """The same by what adds up over the parts of a picture."""
    term, middle = Moments(SETTINGS), features.shape[1] // 2
    left, right = (
        term.statistics({"layer": part[None]}, target)["layer"]
        for part in (features[:, :middle], features[:, middle:])
    )
    total = [np.asarray(a) + np.asarray(b) for a, b in zip(left, right, strict=True)]
    return float(term.distances_from({"layer": total}, target))


@given(st.integers(0, 2**16), st.integers(2, 9), st.integers(2, 9), st.sampled_from([3, 16, 48]))
@settings(max_examples=25, deadline=None)
def test_value_is_the_reference(seed, height, width, channels):
    """With more pixels than channels, and with fewer."""
    picture, style = cloud(seed, height, width, channels), cloud(seed + 1, 12, 12, channels)
    wanted = plain_moments.distance(picture, style)
    target = target_of(style)
    assert found(picture, target) == pytest.approx(wanted, rel=1e-3, abs=2e-4)
    assert found_by_sums(picture, target) == pytest.approx(wanted, rel=1e-3, abs=2e-4)


def test_network_sized_layers():
    """24 pixels of 512 channels: both ways to the root agree."""
    picture, style = cloud(1, 4, 6, 512), cloud(2, 8, 8, 512)
    target = target_of(style)
    wanted = plain_moments.distance(picture, style)
    assert found(picture, target) == pytest.approx(wanted, rel=1e-3)
    assert found_by_sums(picture, target) == pytest.approx(wanted, rel=1e-3)


def test_a_picture_is_near_itself():
    style = cloud(3, 16, 16, 32)
    assert 0 <= found(style, target_of(style)) < 1.1e-4


@pytest.mark.parametrize("size", [(8, 8), (3, 3)])
def test_gradient_is_the_slope_of_the_reference(size):
    import tensorflow as tf

    picture, style = cloud(4, *size, 16), cloud(5, 10, 10, 16)
    target = target_of(style)
    values = tf.constant(picture[None])
    with tf.GradientTape() as tape:
        tape.watch(values)
        distance = Moments(SETTINGS)(None, {"layer": values}, target)
    gradient = tape.gradient(distance, values).numpy()[0]
    random, step = np.random.default_rng(6), 1e-3
    for _ in range(5):
        way = random.normal(size=picture.shape)
        ahead, behind = (
            plain_moments.distance(picture + sign * step * way, style) for sign in (1, -1)
        )
        error = np.sum(gradient * way) - (ahead - behind) / (2 * step)
        assert abs(error) < 0.02 * np.linalg.norm(gradient)


def test_styles_are_mixed_like_their_pixels():
    """Half of one picture and half of another: the statistics of all their pixels together."""
    picture, one, two = (cloud(seed, 8, 8, 16, scale) for seed, scale in ((7, 1), (8, 1), (9, 3)))
    both = target_of(one, two, shares=(0.5, 0.5))
    wanted = plain_moments.distance(picture, np.concatenate([one, two]))
    assert found(picture, both) == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_features_of_one_value(level):
    """Of a black or grey picture, or as a style: numbers, and a gradient that is one."""
    import tensorflow as tf

    flat, rich = np.full((6, 6, 16), level, np.float32), cloud(10, 6, 6, 16)
    for picture, style in ((flat, rich), (rich, flat), (flat, flat)):
        values = tf.constant(picture[None])
        with tf.GradientTape() as tape:
            tape.watch(values)
            distance = Moments(SETTINGS)(None, {"layer": values}, target_of(style))
        assert np.isfinite(float(distance))
        assert np.isfinite(tape.gradient(distance, values)).all()


def test_root_trace_of_a_diagonal():
    assert float(root_trace(np.diag([4.0, 9.0, 0.0]).astype(np.float32))) == pytest.approx(5)


def test_gamut_by_hand():
    term = Gamut(Gamut.Settings())
    picture = np.float32([[[[-10, 50, 259]]]])
    range_ = {"black": np.zeros((1, 1, 1, 3)), "white": np.full((1, 1, 1, 3), 255)}
    range_ = {name: value.astype(np.float32) for name, value in range_.items()}
    assert float(term(picture, {}, range_)) == pytest.approx((100 + 16) / 3)
