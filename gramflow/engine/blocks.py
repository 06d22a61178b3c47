"""Block matching: finds motions that are larger than the things that move."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, luminance, resized

Plane = NDArray[np.float32]
"""(height, width)."""
Steps = NDArray[np.int64]
"""(height, width, 2): x and y in whole pixels."""


def block_matches(frame: Picture, other: Picture) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where the surroundings of each pixel are in the other frame, and which of that is sure.

    Both frames, of one size, are shrunk until the longer side has at most 160 pixels. The flow
    returned is of that size and in its pixels. Sure is what two pixels agree on, each the best
    match of the other, if they look alike and most pixels around are sure, too: the rest is chance.

    Searches like DIS go from coarse to fine, and lose a small thing that goes further than its own
    width: where its motion could be seen, it can no longer be seen itself. So all displacements up
    to an eighth of the longer side are tried here.
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
    """From each pixel of a picture to the one of the other that looks most alike, both ways; and
    how much alike those of the first one are.

    That is the cross-correlation, in a Gaussian window, of both pictures normalised: less their
    local mean and divided by their local contrast, which leaves what a change of light does not
    change. 1 is the same, and what lies beyond a picture is like nothing. reach: the furthest
    pixel that is tried, in x and in y. Of equal ones the nearest is taken.
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
    """All steps up to these, in both directions, the shortest first."""
    steps = product(range(-right, right + 1), range(-down, down + 1))
    return sorted(steps, key=lambda step: step[0] ** 2 + step[1] ** 2)


def _shared(height: int, width: int, down: int, right: int) -> tuple[slice, slice]:
    """The pixels of a picture that are still in one of its size after this step."""
    return (
        slice(max(-down, 0), height - max(down, 0)),
        slice(max(-right, 0), width - max(right, 0)),
    )


def _normalised(plane: Plane) -> Plane:
    """Less its mean around each pixel, in units of its standard deviation there."""
    mean, squares = (blurred(each, _WINDOW, repeat_edge=True) for each in (plane, np.square(plane)))
    variance = np.maximum(squares - np.square(mean), 0)
    return (plane - mean) / np.sqrt(variance + np.square(_NOISE))


_LONGER = 160  # pixels of the longer side: 1681 steps take some tenths of a second
_WINDOW = 1.6  # pixels, the sigma
_NOISE = np.float32(0.01)  # of the luminance
_ALIKE = 0.25  # least correlation of what is sure
