"""CIELAB, in which distances are about as people see them, from sRGB and back.

OpenCV's own conversion interpolates in a table, with errors of up to half a step of 8 bits.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture

Values = NDArray[Any]


def to_lab(picture: Picture) -> Values:
    """Convert sRGB, (..., 3) in 0..1, to lightness 0..100, and a and b of about -128..127."""
    light = np.clip(picture, 0, 1).astype(np.float64)
    linear = np.where(light > 0.04045, ((light + 0.055) / 1.055) ** 2.4, light / 12.92)
    ratios = linear @ _TO_XYZ.T
    roots = np.where(ratios > _EDGE**3, np.cbrt(ratios), ratios / (3 * _EDGE**2) + 4 / 29)
    return roots @ _TO_LAB.T - np.array([16.0, 0, 0])


def from_lab(values: Values) -> Picture:
    """Convert CIELAB to sRGB, clipped to 0..1."""
    roots = (values + np.array([16.0, 0, 0])) @ _FROM_LAB.T
    ratios = np.where(roots > _EDGE, roots**3, 3 * _EDGE**2 * (roots - 4 / 29))
    linear = np.clip(ratios @ _FROM_XYZ.T, 0, 1)
    light = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return np.clip(light, 0, 1).astype(np.float32)


_EDGE = 6 / 29  # of the linear part of CIELAB's curve
_XYZ = np.array(  # of linear sRGB (IEC 61966-2-1)
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
_TO_XYZ = _XYZ / _XYZ.sum(1, keepdims=True)  # in parts of white, so that grey has a = b = 0
_FROM_XYZ = np.linalg.inv(_TO_XYZ)
_TO_LAB = np.array([[0, 116.0, 0], [500, -500, 0], [0, 200, -200]])
_FROM_LAB = np.linalg.inv(_TO_LAB)
