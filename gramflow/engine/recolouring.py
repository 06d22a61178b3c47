"""What came into sight, in the colours and with the strokes of what is painted already."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, resized
from gramflow.engine.flows import Map
from gramflow.engine.interpolation import spread
from gramflow.engine.steadiness import Neighbour


def recoloured(frame: Picture, neighbour: Neighbour) -> Picture:
    """The frame in the colours that paint gave to the areas around.

    What came into sight is not known from the neighbour, but often belongs to an area that is: a
    wall goes on behind a hand. The farther from what is known, the more it stays the frame.
    """
    height, width = frame.shape[:2]
    limit = min(width, _WIDTH)
    size = limit, max(round(height * limit / width), 1)
    known = neighbour.start[..., None]
    parts = np.concatenate([known * (neighbour.picture - frame), known], axis=-1)
    everywhere = np.ones(size[::-1], np.float32)
    found = spread(resized(parts, *size), everywhere, resized(frame, *size), _AREA)
    around = np.maximum(found[..., 3:], 0) + np.float32(_NEAR)
    change = np.divide(found[..., :3], around)
    return np.clip(frame + resized(change, width, height), 0, 1)


def with_strokes(bare: Picture, frame: Picture, painted: Picture, known: Map) -> Picture:
    """The bare picture, where nothing is known with the strokes of known places that look like it.

    frame: as filmed. bare: the same, recoloured; what `painted` has beyond it are strokes. All of
    one size. As in image analogies (Hertzmann et al. 2001), what the film shows says which paint
    belongs there.
    """
    import cv2

    rows, columns = _places_alike(frame, known)
    sure = cv2.erode(known, np.ones((3, 3), np.uint8))[..., None]
    strokes = (sure * (painted - bare))[rows, columns]
    return np.asarray(bare + (1 - known[..., None]) * strokes, np.float32)


def _places_alike(frame: Picture, known: Map) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each pixel the row and the column of a known one that looks like it.

    In a small copy of the frame: of all steps up to a quarter of it, the one whose targets are
    known and differ least in colour, averaged over the unknown pixels nearby. So these mostly take
    the same step, and what is there comes in one piece.
    """
    height, width = known.shape
    shrunk = min(_SEARCHED / max(height, width), 1)
    size = ceil(width * shrunk), ceil(height * shrunk)
    film, seen = resized(frame, *size), resized(known, *size)
    reach = max(size) // 4
    films = np.pad(film, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    seens = np.pad(seen, reach)
    least = np.full(seen.shape, np.inf, np.float32)
    steps = np.zeros((*seen.shape, 2), np.int64)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            rows = slice(reach + down, reach + down + size[1])
            columns = slice(reach + right, reach + right + size[0])
            different = np.abs(film - films[rows, columns]).mean(-1) + 1 - seens[rows, columns]
            cost = blurred((1 - seen) * different, _PIECE, repeat_edge=True)
            less = cost < least
            least[less] = cost[less]
            steps[less] = down, right
    row, column = np.indices(known.shape)
    step = np.rint(steps[row * size[1] // height, column * size[0] // width] / shrunk)
    down, right = step.astype(np.int64).transpose(2, 0, 1)
    return (row + down).clip(0, height - 1), (column + right).clip(0, width - 1)


_WIDTH = 1280  # pixels at most, for the time and memory that 4K would take
_AREA = 0.05  # of a frame: a difference that divides areas
_NEAR = 0.02  # of what is known around: where it is less, there is little to go by
_SEARCHED = 80  # pixels of the longer side: 1681 steps take some tenths of a second
_PIECE = 2  # pixels of these, the sigma
