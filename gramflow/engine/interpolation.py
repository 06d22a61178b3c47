"""Edge-aware interpolation of sparse values (fast global smoother)."""

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture

Values = NDArray[np.float32]
"""(height, width, channels)."""


def spread(
    values: Values,
    weights: NDArray[np.float32],
    guide: Picture,
    colour: float | NDArray[np.float32] = 0.01,
) -> Values:
    """Smooth values by their confidence, within the areas that edges of a guide picture separate.

    Pixels of low weight take the values of nearby pixels of high weight on the same side of edges.

    values: (height, width, channels). weights: confidence, (height, width), at least 0. guide:
    (height, width, 3). colour: scale of the guide's colour differences; larger ones are
    edges. A number, or (height, width).

    The fast global smoother (Min et al. 2014, equations 3, 12 and 16) of the weighted values,
    divided by that of the weights: three rounds of weighted least squares along all rows, then
    along all columns.
    """
    shares = weights[..., None].astype(np.float64) + _LEAST
    found = np.concatenate([shares * values, shares], axis=-1)
    scale = np.broadcast_to(np.asarray(colour, np.float32), weights.shape)
    down = np.exp(-np.abs(np.diff(guide, axis=0)).max(-1) / scale[1:])
    right = np.exp(-np.abs(np.diff(guide, axis=1)).max(-1) / scale[:, 1:])
    for strength in _STRENGTHS:
        found = _along_rows(found, strength * right)
        found = _along_rows(found.transpose(1, 0, 2), strength * down.T).transpose(1, 0, 2)
    spread_values: Values = (found[..., :-1] / found[..., -1:]).astype(np.float32)
    return spread_values


def _along_rows(values: NDArray[np.float64], links: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minimise |x - values|^2 + links |x - next x|^2 over x, (height, width, channels).

    links: (height, width - 1), smoothness weights between a pixel and the next one of its row. All
    rows are solved as one tridiagonal system, without a link between one row and the next.
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
_LEAST = 1e-10  # added to the weights, so that areas without any confidence get values, too
