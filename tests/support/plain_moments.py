"""Distance of two pictures' feature statistics in plain NumPy and float64, by singular values.

Independent of Keras and of the package: tests and benchmarks hold the package against it. The
features at a layer are taken as samples of a Gaussian; the distance is the squared Wasserstein-2
distance of two Gaussians (Dowson and Landau 1982), relative to the style's energy.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RIDGE = 1e-4
"""Added to the variances of the style, in units of its energy."""


def moments(features: NDArray) -> tuple[Array, Array]:
    """Mean, (c,), and covariance, (c, c), over the pixels of features (h, w, c)."""
    rows = _rows(features)
    mean = rows.mean(0)
    centred = rows - mean
    return mean, centred.T @ centred / len(rows)


def mixed(styles: Sequence[NDArray], shares: Sequence[float]) -> tuple[Array, Array]:
    """Mean and covariance over the pixels of several pictures' features, each (h, w, c).

    shares: what each picture counts, of a sum of 1, whatever its size.
    """
    found = [moments(features) for features in styles]
    mean = sum(share * m for share, (m, _) in zip(shares, found, strict=True))
    covariance = sum(
        share * (c + np.outer(m - mean, m - mean))
        for share, (m, c) in zip(shares, found, strict=True)
    )
    return mean, covariance


def distance(features: NDArray, style_features: NDArray) -> float:
    """Of a picture's features (h, w, c) from a style's; the same ones are up to RIDGE apart."""
    return distance_from(features, *moments(style_features))


def distance_from(features: NDArray, mean: Array, covariance: Array) -> float:
    """As `distance`, from the style's mean m' and covariance C'.

    mean((m - m')^2) / e + (1/c) (tr A + tr B - 2 tr (B^1/2 A B^1/2)^1/2) with A = C / e,
    B = C' / e + RIDGE, e = mean(m'^2) + mean(diag C'). With X the n rows of features less their
    mean, the last trace is the sum of the singular values of X B^1/2 / sqrt(n e): no small
    eigenvalue is lost to rounding before its root is taken.
    """
    rows = _rows(features)
    count, channels = rows.shape
    energy = np.mean(mean**2) + np.mean(np.diag(covariance))
    centred = rows - rows.mean(0)
    style = covariance / energy + RIDGE * np.eye(channels)
    values, vectors = np.linalg.eigh(style)
    root = (vectors * np.sqrt(values)) @ vectors.T
    common = np.linalg.svd(centred @ root / np.sqrt(count * energy), compute_uv=False).sum()
    traces = np.sum(centred**2) / (count * energy) + np.trace(style)
    means = np.mean((rows.mean(0) - mean) ** 2) / energy
    return float(means + (traces - 2 * common) / channels)


def _rows(features: NDArray) -> Array:
    return np.asarray(features, np.float64).reshape(-1, features.shape[-1])
