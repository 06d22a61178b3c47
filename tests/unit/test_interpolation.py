"""Values spread over areas of one colour, and the flow of flat areas by that of their edges."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.draw.scenes import pair
from gramflow.engine import interpolation
from gramflow.engine.flows import DIS
from gramflow.engine.interpolation import spread
from gramflow.engine.trust import Match, match


def dense(values: np.ndarray, links: np.ndarray) -> np.ndarray:
    """The least squares of one row, by its normal equations written out."""
    count = len(values)
    matrix = np.eye(count)
    for n, link in enumerate(links):
        step = np.zeros(count)
        step[n], step[n + 1] = 1, -1
        matrix += link * np.outer(step, step)
    return np.linalg.solve(matrix, values)


def test_rows_are_those_of_the_normal_equations() -> None:
    random = np.random.default_rng(0)
    values, links = random.normal(size=(4, 7, 2)), random.uniform(0, 50, (4, 6))
    found = interpolation._along_rows(values, links)
    for row, expected in enumerate(map(dense, values, links)):
        np.testing.assert_allclose(found[row], expected, rtol=1e-10)


def halves(height: int = 40, width: int = 60) -> np.ndarray:
    """A picture of two flat areas, side by side."""
    guide = np.full((height, width, 3), 0.2, np.float32)
    guide[:, width // 2 :] = 0.7
    return guide


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 39), st.integers(0, 29), st.floats(-20, 20), st.floats(-20, 20))
def test_what_is_known_at_a_pixel_spreads_over_its_area_only(
    row: int, column: int, left: float, right: float
) -> None:
    values, weights = np.zeros((40, 60, 1), np.float32), np.zeros((40, 60), np.float32)
    for at, value in ((column, left), (column + 30, right)):
        values[row, at], weights[row, at] = value, 1
    found = spread(values, weights, halves())[..., 0]
    assert np.abs(found[:, :30] - left).max() < 1e-3 * (1 + abs(left) + abs(right))
    assert np.abs(found[:, 30:] - right).max() < 1e-3 * (1 + abs(left) + abs(right))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.floats(-30, 30))
def test_one_value_stays_that_value_whatever_the_picture(seed: int, value: float) -> None:
    random = np.random.default_rng(seed)
    guide = random.uniform(0, 1, (11, 13, 3)).astype(np.float32)
    weights = random.uniform(0, 1, (11, 13)).astype(np.float32)
    found = spread(np.full((11, 13, 2), value, np.float32), weights, guide)
    np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-5)


def test_nothing_known_at_all_is_no_division_by_zero() -> None:
    found = spread(np.ones((5, 6, 2), np.float32), np.zeros((5, 6), np.float32), halves(5, 6))
    np.testing.assert_allclose(found, 1, rtol=1e-5)


def test_flat_areas_move_with_their_edges() -> None:
    """A drawing of flat areas: DIS alone leaves a quarter of what it trusts wrong by a pixel."""
    drawn = pair("flat")
    frames, method = (drawn.frame_a, drawn.frame_b), DIS(DIS.Settings())
    alone = Match(*frames, method.between(*frames), method.between(*frames[::-1]))
    known = match(method, *frames)
    seen = ~drawn.occluded

    def wrong(found: Match) -> tuple[float, float]:
        error = np.linalg.norm(found.flow - drawn.flow, axis=-1)[seen]
        sure = found.trust[seen]
        return float(np.median(error)), float((sure * (error > 1)).sum() / sure.sum())

    assert wrong(known)[0] < 0.7 * wrong(alone)[0]
    assert wrong(known)[1] < 0.3 * wrong(alone)[1]
    assert known.trust.mean() > alone.trust.mean()


def test_the_flow_stays_where_the_picture_has_detail() -> None:
    drawn = pair("rotation")
    frames, method = (drawn.frame_a, drawn.frame_b), DIS(DIS.Settings())
    found = match(method, *frames).flow
    same = np.abs(found - method.between(*frames)).max(-1) < 0.2
    assert same.mean() > 0.97
