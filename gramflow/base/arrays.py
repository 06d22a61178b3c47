"""What the arrays of pictures hold, and how they change their size."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""(height, width, 3), RGB, 0..1."""
Tensor = Any
"""A Keras tensor, for which Keras has no type."""
Pixels = NDArray[Any]
"""(height, width, 3), RGB, as stored: 8 or 16 bits a channel."""
SMALLEST = 16
"""Least pixels of the shorter side of a picture that a network sees: four poolings leave one."""


def resized(values: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Another size of (height, width[, channels]): area averaging to shrink, Lanczos to enlarge."""
    import cv2

    if values.shape[:2] == (height, width):
        return values
    shrinks = width * height < values.shape[0] * values.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4
    return cv2.resize(values, (width, height), interpolation=method).astype(np.float32, copy=False)


def blurred(
    values: NDArray[np.float32], sigma: float, repeat_edge: bool = False
) -> NDArray[np.float32]:
    """(height, width[, channels]), averaged by a Gaussian of so many pixels.

    Beyond the edge the values are mirrored, or those of the edge repeat.
    """
    import cv2

    border = cv2.BORDER_REPLICATE if repeat_edge else cv2.BORDER_DEFAULT
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=border)


def luminance(picture: Picture) -> NDArray[np.float32]:
    """(height, width), 0..1, of a picture (ITU-R BT.601)."""
    return picture @ _LUMA


_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
