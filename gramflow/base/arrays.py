"""Array types for pictures; resizing, blurring and luminance."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""(height, width, 3), RGB, 0..1."""
Tensor = Any
"""A Keras tensor, for which Keras has no type."""
Pixels = NDArray[Any]
"""(height, width, 3), RGB, as stored: 8 or 16 bits per channel."""
SMALLEST = 16
"""Minimum of a picture's shorter side, in pixels: four poolings reduce 16 pixels to one."""


def resized(values: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Resize (height, width[, channels]): area averaging to shrink, Lanczos to enlarge.

    Lanczos may overshoot the range of the values. Values that have the size already are returned as
    they are, not copied.
    """
    import cv2

    if values.shape[:2] == (height, width):
        return values
    shrinks = width * height < values.shape[0] * values.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4
    return cv2.resize(values, (width, height), interpolation=method).astype(np.float32, copy=False)


def blurred(
    values: NDArray[np.float32], sigma: float, repeat_edge: bool = False
) -> NDArray[np.float32]:
    """Gaussian blur of (height, width[, channels]).

    sigma: in pixels.
    repeat_edge: continue the values beyond the border by repeating those at the edge, instead of
        mirroring.
    """
    import cv2

    border = cv2.BORDER_REPLICATE if repeat_edge else cv2.BORDER_DEFAULT
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=border)


def evenly(count: int, most: int) -> list[int]:
    """At most so many of the numbers below `count`, spread evenly from the first to the last."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})


def luminance(picture: Picture) -> NDArray[np.float32]:
    """Luma of an RGB picture by ITU-R BT.601: (height, width), 0..1."""
    return picture @ _LUMA


_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
