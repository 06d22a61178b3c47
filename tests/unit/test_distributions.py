"""Loss terms that compare channels by themselves, against plain NumPy and finite differences."""

from typing import Any

import numpy as np
import pytest

from gramflow.engine import ops
from gramflow.engine.distributions import Deviation, Histogram
from gramflow.engine.losses import Gram
from gramflow.engine.moments import Moments
from gramflow.engine.targets import mixed

pytestmark = pytest.mark.usefixtures("device")

LAYER = "conv"
TERMS = {
    "deviation": Deviation(Deviation.Settings(layers={LAYER: 1.0})),
    "gram": Gram(Gram.Settings(layers={LAYER: 1.0})),
    "histogram": Histogram(Histogram.Settings(layers={LAYER: 1.0})),
    "moments": Moments(Moments.Settings(layers={LAYER: 1.0})),
}


def features(seed: int, height: int = 24, width: int = 30, channels: int = 6) -> Any:
    """Positive ones, half of them 0, whose channels differ in size by a thousand."""
    random = np.random.default_rng(seed)
    values = random.normal(0.3 * seed, 1, (1, height, width, channels))
    return (np.maximum(values, 0) * np.logspace(-1, 2, channels)).astype(np.float32)


def target_of(term: Any, values: Any) -> Any:
    return term.prepared(mixed([{"term": term.target({LAYER: values})}], [1.0])["term"])


def loss_and_gradient(term: Any, values: Any, target: Any) -> tuple[float, Any]:
    from gramflow.engine import backend

    def function(at: Any) -> Any:
        return term(None, {LAYER: at}, target), None

    gradient, _ = backend.with_gradient(function, ops.convert_to_tensor(values))
    return float(term(None, {LAYER: values}, target)), gradient.numpy()


def test_deviation_is_its_formula() -> None:
    values, style = features(1), features(2)
    target = target_of(TERMS["deviation"], style)
    flat, other = (each.astype(np.float64).reshape(-1, 6) for each in (values, style))
    energy = np.mean(other**2)
    means = np.mean((flat.mean(0) - other.mean(0)) ** 2) / energy
    deviations = [np.sqrt(each.var(0) / energy + 1e-4) for each in (flat, other)]
    expected = means + np.mean((deviations[0] - deviations[1]) ** 2)
    found, _ = loss_and_gradient(TERMS["deviation"], values, target)
    assert found == pytest.approx(expected, rel=1e-4)


def test_histogram_is_the_distance_from_the_matched_features() -> None:
    """Loss and gradient are those of Risser et al.: each channel is sorted, and so matched."""
    values, style = features(1), features(3)
    target = target_of(TERMS["histogram"], style)
    found, gradient = loss_and_gradient(TERMS["histogram"], values, target)
    flat, other = (each.astype(np.float64).reshape(-1, 6) for each in (values, style))
    matched = np.empty_like(flat)
    np.put_along_axis(matched, np.argsort(flat, axis=0, kind="stable"), np.sort(other, axis=0), 0)
    energy = np.mean(other**2)
    assert found == pytest.approx(np.mean((flat - matched) ** 2) / energy, rel=0.01)
    active = flat > 0  # of equal values, zeros, any may be matched to any
    expected = 2 * (flat - matched) / flat.size / energy
    error = np.linalg.norm((gradient.reshape(-1, 6) - expected)[active])
    assert error < 0.1 * np.linalg.norm(expected[active])


@pytest.mark.parametrize("name", TERMS)
def test_the_style_itself_is_at_no_distance(name: str) -> None:
    style = features(2)
    found, gradient = loss_and_gradient(TERMS[name], style, target_of(TERMS[name], style))
    assert abs(found) < 3e-4
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", ["deviation", "histogram"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    values, target = features(1), target_of(TERMS[name], features(2))
    _, gradient = loss_and_gradient(TERMS[name], values, target)
    direction = np.random.default_rng(5).normal(size=values.shape) * np.maximum(values, 1e-2)
    ahead, behind = (
        loss_and_gradient(TERMS[name], (values + step * direction).astype(np.float32), target)[0]
        for step in (2e-3, -2e-3)
    )
    assert np.sum(gradient * direction) == pytest.approx((ahead - behind) / 4e-3, rel=0.01)


@pytest.mark.parametrize("name", TERMS)
def test_half_and_half_of_two_pictures_are_their_pooled_pixels(name: str) -> None:
    one, two = features(1), features(2)
    term = TERMS[name]
    both = mixed([{"term": term.target({LAYER: each})} for each in (one, two)], [0.5, 0.5])
    pooled = mixed([{"term": term.target({LAYER: np.concatenate([one, two], 1)})}], [1.0])
    assert np.allclose(both["term"][LAYER], pooled["term"][LAYER], rtol=1e-5, atol=1e-7)
    alone = term.target({LAYER: one})[LAYER]
    assert not np.allclose(both["term"][LAYER], alone, rtol=1e-3)
