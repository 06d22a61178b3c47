"""Views of a picture: a part of it, equal parts of it, the picture turned."""

from collections.abc import Sequence
from math import cos, log, radians, sin

import numpy as np

from gramflow.base.arrays import Picture


def part(picture: Picture, box: Sequence[float]) -> Picture:
    """Cut a part out of a picture, of one pixel at least.

    box: left and top edge, width and height, as fractions of the picture's width and height.
    """
    height, width = picture.shape[:2]
    left, top, across, down = (
        round(fraction * length)
        for fraction, length in zip(box, (width, height, width, height), strict=True)
    )
    left, top = min(left, width - 1), min(top, height - 1)
    return picture[top : top + max(down, 1), left : left + max(across, 1)]


def parts(picture: Picture, count: int) -> list[Picture]:
    """Cut a picture into so many equal parts, in the grid whose parts are nearest to squares."""
    height, width = picture.shape[:2]
    grids = [(rows, count // rows) for rows in range(1, count + 1) if count % rows == 0]
    rows, columns = min(grids, key=lambda grid: abs(log(width * grid[0] / (height * grid[1]))))
    return [
        tile for line in np.array_split(picture, rows) for tile in np.array_split(line, columns, 1)
    ]


def turned(picture: Picture, degrees: float) -> Picture:
    """Turn a picture counter-clockwise, and cut it to the largest upright rectangle within.

    Quarters of a turn are exact; others are interpolated.
    """
    import cv2

    quarters, rest = divmod(degrees % 360, 90)
    picture = np.rot90(picture, int(quarters))
    if rest == 0:
        return np.ascontiguousarray(picture)
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), rest, 1)
    full: Picture = cv2.warpAffine(
        np.ascontiguousarray(picture),
        turn,
        (width, height),
        flags=cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REPLICATE,
    )
    across, down = _inscribed(width, height, radians(rest))
    top, left = (height - down) // 2, (width - across) // 2
    return np.clip(full[top : top + down, left : left + across], 0, 1)


def _inscribed(width: int, height: int, angle: float) -> tuple[int, int]:
    """Width and height of the largest upright rectangle in a turned one and in the picture's frame.

    angle: in radians, above 0 and below a quarter of a turn. Either two corners lie on the longer
    side, the others on the line through the middle, or each corner lies on one of the four sides.
    """
    long, short = max(width, height), min(width, height)
    sine, cosine = sin(angle), cos(angle)
    if short <= 2 * sine * cosine * long or abs(sine - cosine) < 1e-9:
        half = short / 2
        across, down = half / sine, half / cosine
        if width < height:
            across, down = half / cosine, half / sine
    else:
        double = cosine**2 - sine**2
        across = (width * cosine - height * sine) / double
        down = (height * cosine - width * sine) / double
    return max(min(int(across), width), 1), max(min(int(down), height), 1)
