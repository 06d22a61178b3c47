"""Intensity: how far a painting goes from the film to the style, as one number.

The content term's weight is scaled by a factor, such that the painting's distance from the style,
as the style terms measure it, falls evenly with the intensity. How that distance depends on the
factor differs from style to style and from network to network; so it is measured for each style, by
painting a small reference picture at some factors (`calibration`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

INTENSITY = "_intensity"
"""Name of a style's calibration among its targets; no loss term can have it."""
WIDTH, HEIGHT = 112, 64
"""Size in pixels of the reference picture."""
PROBES = (32768.0, 4096.0, 512.0, 64.0, 8.0, 1.0, 0.25)
"""Factors at which the reference picture is painted, falling: the last is that of intensity 1."""
_WEAKEST = 2.0**18  # factor at intensity 0, beyond which next to nothing is painted
# Pictures of things go further towards the style than the reference at the same factor, since they
# have edges and are painted by more evaluations: the factor is multiplied by this number at
# intensity 0, and by less for higher ones.
_REAL = 7.0
_GRID = np.linspace(0, 1, 21)


def calibration(distances: Sequence[float], of_film: float) -> dict[str, NDArray[np.float32]]:
    """The calibration of a style, as a target: logarithms of the factors of `_GRID`'s intensities.

    distances: from the style, of the reference picture painted at `PROBES`. of_film: of the
    reference picture itself. Like other targets, those of several styles can be averaged.
    """
    logs = np.log([_WEAKEST, *PROBES])
    gone = np.maximum.accumulate([0.0, *(of_film - np.asarray(distances, np.float64))])
    share = gone / max(gone[-1], 1e-12) + 1e-9 * np.arange(len(gone))  # rising, as interp asks for
    found = np.interp(_GRID, share / share[-1], logs)
    found = np.clip(found + np.log(_REAL) * np.sqrt(1 - _GRID), logs[-1], logs[0])
    return {"logs": np.minimum.accumulate(found).astype(np.float32)}


def content_factor(targets: Mapping[str, Mapping[str, Any]], intensity: float | None) -> float:
    """The factor of the content term's weight for an intensity in 0..1; 1 for None.

    targets: of a style, with its calibration.
    """
    if intensity is None:
        return 1.0
    return float(np.exp(np.interp(intensity, _GRID, targets[INTENSITY]["logs"])))


def linear() -> NDArray[np.float32]:
    """The logarithms of a calibration by which factors fall evenly with the intensity."""
    return np.interp(_GRID, [0, 1], np.log([_WEAKEST, PROBES[-1]])).astype(np.float32)


def linear_at(factor: float) -> float:
    """The intensity of a factor by `linear`."""
    return float(np.log(factor / _WEAKEST) / np.log(PROBES[-1] / _WEAKEST))
