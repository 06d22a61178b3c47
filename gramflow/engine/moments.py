"""A style's colours and textures as Gaussian clouds of features, and how far two of them are."""

from typing import Any

import numpy as np

from gramflow.base.arrays import Tensor
from gramflow.engine import ops
from gramflow.engine.losses import Layered, Tensors, products


class Moments(Layered):
    """Wasserstein-2 distance of the features' mean and covariance from the style's.

    Each layer's features are taken for a Gaussian distribution (Dowson and Landau 1982). With mean
    m and covariance C of the picture, m' and C' of the style, over c channels:

        |m - m'|^2 / (c e) + (tr A + tr B - 2 tr (R A R)^1/2) / c

    where e = (|m'|^2 + tr C') / c is the style's energy, A = C / e, B = C' / e + 1e-4 I, and R is
    the square root of B. A picture's distance from itself is up to 1e-4, by that last term, which
    keeps the gradient finite. In difference to `Gram` the mean and what varies around it count by
    themselves, and weak channels as much as strong ones.
    """

    source = "style"

    def statistic(self, features: Tensor, target: Any) -> Any:
        """Number of pixels, sums and products of the features, less the style's mean if it is
        known: what is left of small differences of great sums would be rounding."""
        channels = features.shape[-1]
        if target is None:
            flat = ops.cast(ops.reshape(features, (-1, channels)), "float64")
        else:
            flat = ops.reshape(features, (-1, channels)) - target["mean"]
        pixels = ops.cast(ops.shape(flat)[0], flat.dtype)
        return pixels, ops.sum(flat, axis=0), products(flat)

    def remembered(self, statistic: Any) -> Tensor:
        """(1 + channels, channels): the mean, and below it the mean products."""
        pixels, sums, squares = statistic
        return ops.concatenate([sums[None], squares]) / pixels

    def prepared(self, target: Tensors) -> Tensors:
        """By layer: mean (channels,), energy, spread = B and root = R, (channels, channels)."""
        return {layer: _prepared(np.asarray(target[layer])) for layer in self.layers}

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """As the base says."""
        pixels, sums, squares = statistic
        shift = sums / pixels
        spread = (squares / pixels - shift[:, None] * shift) / target["energy"]
        root = target["root"]
        overlap = ops.matmul(ops.matmul(root, spread), root)
        return _distance(shift, ops.trace(spread), overlap, target)

    def between(self, features: Tensor, target: Any) -> Tensor:
        """As the base says.

        With fewer pixels than channels by the matrix of the pixels' products, X B X' in place of
        R X'X R, which has the same eigenvalues but for zeros, and is smaller.
        """
        pixels = features.shape[1] * features.shape[2]
        if pixels >= features.shape[-1]:
            return super().between(features, target)
        flat = ops.reshape(features, (pixels, features.shape[-1])) - target["mean"]
        shift = ops.mean(flat, axis=0)
        centred = (flat - shift) / ops.sqrt(pixels * target["energy"])
        overlap = ops.matmul(ops.matmul(centred, target["spread"]), ops.transpose(centred))
        return _distance(shift, ops.sum(ops.square(centred)), overlap, target)


def _prepared(moments: Any) -> dict[str, Any]:
    """See `Moments.prepared`; worked out in float64."""
    mean, products = moments[0].astype(np.float64), moments[1:].astype(np.float64)
    covariance = products - np.outer(mean, mean)
    energy = max(np.mean(mean**2) + np.mean(np.diag(covariance)), 1e-12)
    spread = covariance / energy + _RIDGE * np.eye(len(mean))
    values, vectors = np.linalg.eigh(spread)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    found = {"mean": mean, "energy": energy, "spread": spread, "root": root}
    return {name: np.asarray(value, np.float32) for name, value in found.items()}


def _distance(shift: Tensor, trace: Tensor, overlap: Tensor, target: Any) -> Tensor:
    """The distance from the difference of the means, tr A, and a matrix with the eigenvalues of
    R A R."""
    both = trace + ops.trace(target["spread"]) - 2 * root_trace(overlap)
    return ops.mean(ops.square(shift)) / target["energy"] + both / ops.cast(
        ops.shape(shift)[0], shift.dtype
    )


def root_trace(matrix: Tensor) -> Tensor:
    """The trace of a square root: the sum of the roots of the eigenvalues of a symmetric matrix.

    Rounding leaves small eigenvalues of either sign where a singular matrix has zeros; below 3e-8
    of the greatest they count 0. The gradient is V diag(1 / (2 sqrt w)) V' with w at least 1e-7 of
    the greatest: given as it is, since no backend differentiates `eigh` where eigenvalues are
    equal.
    """
    # a loss that is not finite is the caller's to see, and nothing that `eigh` could bear
    finite = ops.where(ops.isfinite(matrix), matrix, 0)
    values, vectors = ops.linalg.eigh(ops.stop_gradient(finite))
    greatest = ops.max(values)
    roots = ops.sqrt(ops.where(values > _NOISE * greatest, ops.maximum(values, 0), 0))
    floor = ops.maximum(_FLOOR * greatest, 1e-12)
    slope = ops.matmul(
        vectors * (0.5 / ops.sqrt(ops.maximum(values, floor))), ops.transpose(vectors)
    )
    change = matrix - ops.stop_gradient(matrix)
    return ops.sum(roots) + ops.sum(ops.stop_gradient(slope) * change)


_RIDGE = 1e-4  # added to the style's variances, in units of its energy
_FLOOR = 1e-7  # of the greatest eigenvalue: the least by which a slope is taken
_NOISE = 3e-8  # of the greatest eigenvalue: what float32 leaves of a zero
