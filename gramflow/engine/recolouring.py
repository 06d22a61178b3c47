"""Initialises disoccluded areas with the colours and brush strokes of the painted neighbour."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, resized
from gramflow.engine.flows import Map
from gramflow.engine.interpolation import spread
from gramflow.engine.steadiness import Neighbour


def recoloured(frame: Picture, neighbour: Neighbour) -> Picture:
    """Apply the colour change of the painted neighbour to the whole frame, edge-aware.

    The change (painted neighbour minus frame) is taken where the neighbour is a good start, and
    spread within the areas that edges of the frame separate. Disoccluded pixels often belong to an
    area of which parts are known, such as a wall behind a hand. Far from known pixels the frame
    keeps its own colours.
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
    """Add brush strokes to the unknown parts of a recoloured frame, copied from known parts.

    bare: the recoloured frame. frame: the frame itself. painted: the painted neighbour, warped.
    known: (height, width), 0..1, where `painted` is usable. All have one size. Strokes are the
    difference of `painted` and `bare`. As in image analogies (Hertzmann et al. 2001), each unknown
    pixel takes the strokes of a known pixel that looks similar in the frame.
    """
    import cv2

    rows, columns = _places_alike(frame, known)
    sure = cv2.erode(known, np.ones((3, 3), np.uint8))[..., None]
    strokes = (sure * (painted - bare))[rows, columns]
    return np.asarray(bare + (1 - known[..., None]) * strokes, np.float32)


def _places_alike(frame: Picture, known: Map) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find for each pixel the row and column, each (height, width), of a similar known pixel.

    Exhaustive search in a small copy of the frame, over displacements up to a quarter of the longer
    side. The cost is the colour difference plus a penalty for unknown targets, averaged over the
    unknown pixels nearby. So neighbouring pixels mostly take the same displacement, and strokes are
    copied in coherent pieces.
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


_WIDTH = 1280  # greatest width at which colours are spread: 4K takes too much time and memory
_AREA = 0.05  # scale of the frame's colour differences that separate areas
_NEAR = 0.02  # weight of the frame's own colours against the known pixels around
_SEARCHED = 80  # longer side of the searched copy in pixels: 1681 steps, some tenths of a second
_PIECE = 2  # sigma of the cost's Gaussian mean, in pixels of the searched copy
