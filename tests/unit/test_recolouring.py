"""What came into sight, in the colours and strokes of the paint around: as a painter expects it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.base.arrays import blurred
from gramflow.engine.recolouring import recoloured, with_strokes
from gramflow.engine.steadiness import Neighbour
from tests.support.media import textured

WALL, FLOOR = np.float32([0.8, 0.7, 0.65]), np.float32([0.4, 0.25, 0.2])
BLUE, GREEN = np.float32([0.2, 0.3, 0.7]), np.float32([0.3, 0.6, 0.2])


def room(wall: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """A wall above a floor, (60, 80, 3)."""
    return np.where(np.arange(60)[:, None, None] < 40, wall, floor) + np.zeros((60, 80, 1))


def hidden(width: int = 20) -> np.ndarray:
    """What a figure hid, of the wall and of the floor; (60, 80)."""
    known = np.ones((60, 80), np.float32)
    known[20:55, 30 : 30 + width] = 0
    return known


@pytest.mark.parametrize(("enlarged", "width"), [(1, 20), (16, 2)])
def test_a_wall_goes_on_in_its_colour_and_so_does_the_floor(enlarged: int, width: int) -> None:
    frame, painted, known = (
        each.astype(np.float32).repeat(enlarged, 0).repeat(enlarged, 1)
        for each in (room(WALL, FLOOR), room(BLUE, GREEN), hidden(width))
    )
    expected = painted.copy()
    painted[known == 0] = 1  # the figure, which is not there any more
    found = recoloured(frame, Neighbour(painted, frame, known))
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_detail_of_the_frame_stays() -> None:
    frame = room(WALL, FLOOR).astype(np.float32)
    frame += 0.1 * (textured(3, 60, 80) - 0.5)
    painted = blurred(frame, 4) * 0.5
    found = recoloured(frame, Neighbour(painted, frame, hidden()))
    inside = slice(24, 36), slice(34, 46)
    detail = [(each - blurred(each, 4))[inside].ravel() for each in (frame, found)]
    assert np.corrcoef(*detail)[0, 1] > 0.85


def test_far_from_all_that_is_known_it_is_the_frame() -> None:
    frame = textured(4, 200, 900)
    known = np.zeros((200, 900), np.float32)
    known[:, :3] = 1
    found = recoloured(frame, Neighbour(1 - frame, frame, known))
    np.testing.assert_allclose(found[:, 700:], frame[:, 700:], atol=0.02)


@pytest.mark.parametrize("size", [(2, 2), (3, 700), (40, 60)])
def test_with_nothing_known_it_is_the_frame(size: tuple[int, int]) -> None:
    frame = textured(5, *size)
    known = np.zeros(size, np.float32)
    assert np.array_equal(recoloured(frame, Neighbour(1 - frame, frame, known)), frame)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_paint_that_is_the_frame_changes_nothing_whatever_is_known(seed: int) -> None:
    random = np.random.default_rng(seed)
    frame = random.uniform(0, 1, (20, 30, 3)).astype(np.float32)
    known = random.uniform(-1, 1, (20, 30)).clip(0).astype(np.float32)
    assert np.array_equal(recoloured(frame, Neighbour(frame, frame, known)), frame)


def stripes(axis: int) -> np.ndarray:
    """Dark and light strokes, four pixels each, (60, 80, 3)."""
    place = np.indices((60, 80))[axis]
    return np.repeat(np.where(place % 8 < 4, 0.1, -0.1)[..., None], 3, -1)


@pytest.mark.parametrize("enlarged", [1, 5])
def test_strokes_come_from_where_the_film_looks_alike(enlarged: int) -> None:
    """The wall was painted in strokes along, the floor in strokes across."""
    strokes = np.where(np.arange(60)[:, None, None] < 40, stripes(0), stripes(1))
    frame, bare, strokes, known = (
        each.astype(np.float32).repeat(enlarged, 0).repeat(enlarged, 1)
        for each in (room(WALL, FLOOR), room(BLUE, GREEN), strokes, hidden())
    )
    found = with_strokes(bare, frame, bare + strokes * known[..., None], known) - bare
    assert not found[known == 1].any()
    hole = (known == 0)[..., None]
    for part, along, across in ((np.s_[24:34], 1, 0), (np.s_[45:51], 0, 1)):
        rows = slice(part.start * enlarged, part.stop * enlarged)
        inside = np.where(hole, found, 0)[rows, 34 * enlarged : 46 * enlarged]
        assert np.abs(inside).mean() > 0.08
        change = [np.abs(np.diff(inside, axis=axis)).mean() for axis in (along, across)]
        assert change[0] < 0.3 * change[1]


@pytest.mark.parametrize("size", [(2, 2), (3, 700), (40, 60)])
@pytest.mark.parametrize("known", [0, 1])
def test_where_all_is_known_or_nothing_there_are_no_strokes(
    size: tuple[int, int], known: int
) -> None:
    bare, frame, painted = (textured(seed, *size) for seed in (6, 7, 8))
    found = with_strokes(bare, frame, painted, np.full(size, known, np.float32))
    assert np.array_equal(found, bare)
