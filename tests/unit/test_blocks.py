"""Block matching: against motions that are known, and one displacement at a time."""

import numpy as np
import pytest

from gramflow.base.arrays import blurred, luminance
from gramflow.engine.blocks import best_matches, block_matches
from tests.support.media import textured

SQUARE = np.s_[55:69, 65:79]


def found(flow: np.ndarray, sure: np.ndarray, x: int, y: int, inner: tuple[slice, slice]) -> bool:
    """Whether most of these pixels are sure, and these have this motion."""
    return sure[inner].mean() > 0.75 and (flow[inner][sure[inner]] == (x, y)).mean() > 0.95


def carried(x: int, y: int) -> tuple[np.ndarray, np.ndarray]:
    """Two pictures of 160x120 pixels: a square of 24 moves by x and y over a wall that stands."""
    frame, square = textured(5, 120, 160), textured(6, 120, 160)[:24, :24]
    other = frame.copy()
    frame[50:74, 60:84] = square
    other[50 + y : 74 + y, 60 + x : 84 + x] = square
    return frame, other


@pytest.mark.parametrize(("x", "y"), [(20, 0), (-18, 11), (3, -20), (0, 0)])
def test_a_thing_is_found_up_to_an_eighth_of_the_picture_away(x: int, y: int) -> None:
    frame, other = carried(x, y)
    flow, sure = block_matches(frame, other)
    assert found(flow, sure, x, y, SQUARE)
    assert found(flow, sure, 0, 0, np.s_[:40])


def test_what_went_further_is_not_sure() -> None:
    frame, other = carried(40, 0)
    _, sure = block_matches(frame, other)
    assert sure[SQUARE].mean() < 0.3


def test_a_change_of_light_changes_no_match() -> None:
    frame, other = carried(-18, 11)
    shade = np.linspace(0.5, 0.9, 160, dtype=np.float32)[:, None]
    flow, sure = block_matches(frame, other * shade)
    assert found(flow, sure, -18, 11, SQUARE)


def test_greater_pictures_are_made_smaller_and_tall_ones_too() -> None:
    frame, other = (np.kron(each, np.ones((3, 3, 1), np.float32)) for each in carried(20, 0))
    flow, sure = block_matches(frame, other)
    assert flow.shape == (120, 160, 2) and found(flow, sure, 20, 0, SQUARE)
    flow, sure = block_matches(frame.transpose(1, 0, 2), other.transpose(1, 0, 2))
    assert flow.shape == (160, 120, 2) and found(flow, sure, 0, 20, SQUARE[::-1])


def test_matches_both_ways_are_those_of_a_search_by_hand() -> None:
    """At pixels whose windows lie within both pictures, whatever the displacement."""
    first, second = (luminance(textured(seed, 40, 48)) for seed in (7, 8))
    reach, sigma = 3, 1.6
    ahead, back, _ = best_matches(first, second, reach)

    def normalised(picture: np.ndarray) -> np.ndarray:
        mean, squares = (blurred(each, sigma) for each in (picture, picture**2))
        return (picture - mean) / np.sqrt(squares - mean**2 + 0.01**2)

    def correlation(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        return blurred(normalised(one) * normalised(two), sigma)

    steps = [(x, y) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)]
    inner = np.s_[12:-12, 12:-12]
    for found, one, two in ((ahead, first, second), (back, second, first)):
        alike = np.stack([correlation(one, np.roll(two, (-y, -x), (0, 1))) for x, y in steps])
        best = np.array(steps)[alike.argmax(0)]
        assert (found[inner] == best[inner]).all(-1).mean() > 0.99


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (7, 3)])
def test_pictures_of_any_size_have_matches_that_are_finite(size: tuple[int, int]) -> None:
    flow, sure = block_matches(textured(1, *size), textured(2, *size))
    assert np.isfinite(flow).all() and flow.shape[:2] == sure.shape
    assert max(flow.shape) <= 160


def test_what_is_sure_leads_back() -> None:
    frame, other = carried(-18, 11)
    (ahead, sure), (back, _) = block_matches(frame, other), block_matches(other, frame)
    y, x = np.nonzero(sure)
    right, down = ahead[sure].T.astype(int)
    assert np.abs(ahead[sure] + back[y + down, x + right]).max() <= 1


def test_where_nothing_is_to_be_seen_nothing_is_sure() -> None:
    frame = np.full((90, 160, 3), 0.5, np.float32)
    frame[30:60, 60:90] = 0.8
    flow, sure = block_matches(frame, frame)
    assert flow[sure].any(-1).sum() < 0.003 * sure.size and not sure[5:20].any()
