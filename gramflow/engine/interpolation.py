"""Values known at some pixels, spread over the areas that these belong to."""

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture

Values = NDArray[np.float32]
"""(height, width, channels)."""


def spread(
    values: Values, weights: NDArray[np.float32], guide: Picture, colour: float = 0.01
) -> Values:
    """The values, and where their weight is low, those of pixels nearby whose weight is high, but
    not across edges of the guide.

    weights: (height, width), at least 0. guide: (height, width, 3). colour: a difference between
    pixels of it that divides areas.

    The fast global smoother (Min et al. 2014, equations 3, 12 and 16) of the weighted values,
    divided by that of the weights: three rounds of weighted least squares along all rows, then
    along all columns.
    """
    shares = weights[..., None].astype(np.float64) + _LEAST
    found = np.concatenate([shares * values, shares], axis=-1)
    down, right = (np.exp(-np.abs(np.diff(guide, axis=n)).max(-1) / colour) for n in (0, 1))
    for strength in _STRENGTHS:
        found = _along_rows(found, strength * right)
        found = _along_rows(found.transpose(1, 0, 2), strength * down.T).transpose(1, 0, 2)
    spread_values: Values = (found[..., :-1] / found[..., -1:]).astype(np.float32)
    return spread_values


def _along_rows(values: NDArray[np.float64], links: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of (height, width, channels), the x with least |x - values|^2 + links |x - next x|^2.

    links: (height, width - 1), between a pixel and the next one of its row. All rows are one
    tridiagonal system, in which the last pixel of a row has no link to the next row.
    """
    from scipy.linalg import solveh_banded

    height, width, channels = values.shape
    bands = np.zeros((2, height, width))
    bands[0, :, 1:] = -links
    bands[1] = 1
    bands[1, :, 1:] += links
    bands[1, :, :-1] += links
    rows = solveh_banded(bands.reshape(2, -1), values.reshape(-1, channels), check_finite=False)
    return rows.reshape(height, width, channels)


_STRENGTHS = tuple(1000 * 1.5 * 4**left / (4**3 - 1) for left in (2, 1, 0))  # equation 16
_LEAST = 1e-10  # of a weight, so that an area without any has values, too
