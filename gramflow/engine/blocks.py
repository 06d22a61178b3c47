"""Block matching: finds displacements that are larger than the moving objects themselves."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, luminance, resized

Plane = NDArray[np.float32]
"""(height, width)."""
Steps = NDArray[np.int64]
"""(height, width, 2): displacements x and y in whole pixels."""


def block_matches(frame: Picture, other: Picture) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Match the neighbourhood of each pixel exhaustively at low resolution.

    Both frames, of one size, are shrunk until the longer side has at most 160 pixels. Returns the
    flow from `frame` into `other`, (h, w, 2), and a mask of reliable matches, (h, w), both at the
    shrunk size and in its pixels. A match is reliable if the best match back ends within one pixel
    of the start, the correlation is high enough, and most of the 3x3 matches around are so, too.

    Coarse-to-fine searches such as DIS lose a small object that moves further than its own width:
    it vanishes at the resolutions that could still find the motion. So all displacements up to an
    eighth of the longer side are tried here.
    """
    import cv2

    height, width = frame.shape[:2]
    shrunk = min(_LONGER / max(height, width), 1)
    size = max(round(width * shrunk), 1), max(round(height * shrunk), 1)
    first, second = (luminance(resized(each, *size)) for each in (frame, other))
    ahead, back, alike = best_matches(first, second, max(size) // 8)
    y, x = np.indices(first.shape)
    returned = ahead + back[y + ahead[..., 1], x + ahead[..., 0]]
    mutual = (np.abs(returned).max(-1) <= 1) & (alike > _ALIKE)
    around = cv2.medianBlur(mutual.astype(np.uint8), 3) > 0
    return ahead.astype(np.float32), mutual & around


def best_matches(first: Plane, second: Plane, reach: int) -> tuple[Steps, Steps, Plane]:
    """Find each pixel's displacement of highest normalised cross-correlation, in both directions.

    first, second: luminance, (height, width). reach: largest displacement tried in x and in y.
    Returns the displacements from first to second, those from second to first, and the correlation
    of the former, about 1 for equal surroundings.

    Local mean and contrast are normalised in a Gaussian window, so that changes of light do not
    matter; pixels beyond the border count as zero. The shortest of equally good displacements wins.
    """
    import cv2

    normalised, other = _normalised(first), _normalised(second)
    height, width = first.shape
    best = np.full((height, width), -np.inf, np.float32)
    best_back = best.copy()
    ahead = np.zeros((height, width, 2), np.int64)
    back = ahead.copy()
    for right, down in _steps(min(reach, width - 1), min(reach, height - 1)):
        here, there = _shared(height, width, down, right), _shared(height, width, -down, -right)
        both = normalised[here] * other[there]
        alike = cv2.GaussianBlur(both, (0, 0), _WINDOW, borderType=cv2.BORDER_CONSTANT)
        for place, so_far, found, sign in ((here, best, ahead, 1), (there, best_back, back, -1)):
            more = alike > so_far[place]
            so_far[place][more] = alike[more]
            found[place][more] = sign * right, sign * down
    return ahead, back, best


def _steps(right: int, down: int) -> list[tuple[int, int]]:
    """All displacements (x, y) within +-right and +-down, the shortest first."""
    steps = product(range(-right, right + 1), range(-down, down + 1))
    return sorted(steps, key=lambda step: step[0] ** 2 + step[1] ** 2)


def _shared(height: int, width: int, down: int, right: int) -> tuple[slice, slice]:
    """Rows and columns of the pixels that are still inside the picture when moved this far."""
    return (
        slice(max(-down, 0), height - max(down, 0)),
        slice(max(-right, 0), width - max(right, 0)),
    )


def _normalised(plane: Plane) -> Plane:
    """Subtract the local mean and divide by the local standard deviation (Gaussian window)."""
    mean, squares = (blurred(each, _WINDOW, repeat_edge=True) for each in (plane, np.square(plane)))
    variance = np.maximum(squares - np.square(mean), 0)
    return (plane - mean) / np.sqrt(variance + np.square(_NOISE))


_LONGER = 160  # longer side in pixels: at most 1681 displacements, some tenths of a second
_WINDOW = 1.6  # sigma of the Gaussian window, in pixels
_NOISE = np.float32(0.01)  # least local deviation, in luminance (0..1): does not amplify noise
_ALIKE = 0.25  # least correlation of a reliable match
