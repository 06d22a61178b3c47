"""Style loss by feature moments: Wasserstein-2 distance of Gaussians fitted to the features."""

from typing import Any

import numpy as np

from gramflow.base.arrays import Tensor
from gramflow.engine import backend, ops
from gramflow.engine.losses import Layered, Tensors, products, total


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
    regional = True

    def statistic(self, features: Tensor, target: Any, share: Any = None) -> Any:
        """Number of pixels, sum (channels,) and second moments (channels, channels) of features.

        Features are centred at the style's mean. Where it is not known yet, they are computed in
        float64, as far as the device has it: small differences of large sums would be mostly
        rounding error.
        """
        channels = features.shape[-1]
        if target is None:
            flat = ops.cast(ops.reshape(features, (-1, channels)), backend.most_exact())
        else:
            flat = ops.reshape(features, (-1, channels)) - target["mean"]
        if share is not None:
            weights = ops.cast(ops.reshape(share, (-1, 1)), flat.dtype)
            sums = ops.sum(weights * flat, axis=0)
            return total(weights), sums, products(ops.sqrt(weights) * flat)
        pixels = ops.cast(ops.shape(flat)[0], flat.dtype)
        return pixels, ops.sum(flat, axis=0), products(flat)

    def remembered(self, statistic: Any) -> Tensor:
        """The mean, and below it the second moments divided by the pixels, (1 + c, c)."""
        pixels, sums, squares = statistic
        return ops.concatenate([sums[None], squares]) / pixels

    def prepared(self, target: Tensors) -> Tensors:
        """Compute per layer: mean m' (channels,), energy e, and the (channels, channels) matrices
        spread = B and root = R of the class's formula."""
        return {layer: _prepared(ops.convert_to_numpy(target[layer])) for layer in self.layers}

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """The distance of the class's formula, from the (channels, channels) covariance."""
        pixels, sums, squares = statistic
        shift = sums / pixels
        spread = (squares / pixels - shift[:, None] * shift) / target["energy"]
        root = target["root"]
        overlap = ops.matmul(ops.matmul(root, spread), root)
        return _distance(shift, ops.trace(spread), overlap, target)

    def between(self, features: Tensor, target: Any) -> Tensor:
        """The same distance from the features of the whole picture.

        With fewer pixels than channels, the smaller (pixels, pixels) matrix X B X' replaces
        R A R; X holds the centred, scaled features, so A = X'X, and both matrices have the same
        non-zero eigenvalues.
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
    """One layer of `Moments.prepared`, computed in float64, returned in float32.

    moments: (1 + channels, channels), as of `Moments.remembered`.
    """
    mean, products = moments[0].astype(np.float64), moments[1:].astype(np.float64)
    covariance = products - np.outer(mean, mean)
    energy = max(np.mean(mean**2) + np.mean(np.diag(covariance)), 1e-12)
    spread = covariance / energy + _RIDGE * np.eye(len(mean))
    values, vectors = np.linalg.eigh(spread)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    found = {"mean": mean, "energy": energy, "spread": spread, "root": root}
    return {name: np.asarray(value, np.float32) for name, value in found.items()}


def _distance(shift: Tensor, trace: Tensor, overlap: Tensor, target: Any) -> Tensor:
    """Evaluate the formula of `Moments`.

    shift: m - m', (channels,). trace: tr A. overlap: a symmetric matrix with the non-zero
    eigenvalues of R A R. target: a layer of `Moments.prepared`.
    """
    both = trace + ops.trace(target["spread"]) - 2 * root_trace(overlap)
    return ops.mean(ops.square(shift)) / target["energy"] + both / ops.cast(
        ops.shape(shift)[0], shift.dtype
    )


def root_trace(matrix: Tensor) -> Tensor:
    """The trace of the square root of a symmetric positive semidefinite matrix.

    Computed as the sum of the square roots of the eigenvalues w. Those below 3e-8 of the greatest
    count as 0: rounding leaves small values of either sign in place of zeros. The gradient is
    V diag(1 / (2 sqrt w)) V', V being the eigenvectors, with w at least 1e-7 of the greatest. It is
    given explicitly, since no backend differentiates `eigh` where eigenvalues are equal.
    """
    # `eigh` fails on values that are not finite; they still reach the caller through `change`
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
_FLOOR = 1e-7  # least eigenvalue used in the gradient, relative to the greatest
_NOISE = 3e-8  # eigenvalues below are float32 rounding, relative to the greatest
