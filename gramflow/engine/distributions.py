"""Style losses by the features' distribution channel by channel: deviation and histogram."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Tensor
from gramflow.base.errors import GramflowError
from gramflow.engine import backend, ops
from gramflow.engine.losses import Layered, Tensors, total


class Deviation(Layered):
    """Distance of the channels' means and standard deviations from the style's.

    The statistics of batch normalisation (Li et al. 2017, arXiv:1701.01036, section 4.2). Over c
    channels, with mean m and deviation s of the picture, m' and s' of the style:

        (|m - m'|^2 + |s - s'|^2) / (c e)

    where e = (|m'|^2 + |s'|^2) / c is the style's energy, and to the squares of both deviations
    1e-4 e is added, which keeps the gradient finite. That is `Moments` without what the channels
    have in common: it follows tints and the strength of textures, and lets shapes go their way.
    """

    source = "style"
    regional = True

    def statistic(self, features: Tensor, target: Any, share: Any = None) -> Any:
        """Number of pixels, sums and sums of squares by channel.

        Features are centred at the style's mean, or computed in float64 where it is not known yet,
        as in `Moments`.
        """
        flat = ops.reshape(features, (-1, features.shape[-1]))
        flat = ops.cast(flat, backend.most_exact()) if target is None else flat - target["mean"]
        if share is None:
            pixels = ops.cast(ops.shape(flat)[0], flat.dtype)
            return pixels, ops.sum(flat, axis=0), ops.sum(ops.square(flat), axis=0)
        weights = ops.cast(ops.reshape(share, (-1, 1)), flat.dtype)
        squares = ops.sum(weights * ops.square(flat), axis=0)
        return total(weights), ops.sum(weights * flat, axis=0), squares

    def remembered(self, statistic: Any) -> Tensor:
        """The means, and below them the means of the squares, (2, channels)."""
        pixels, sums, squares = statistic
        return ops.stack([sums, squares]) / pixels

    def prepared(self, target: Tensors) -> Tensors:
        """Compute per layer: mean m', energy e, and the deviation in units of the energy's root."""
        return {
            layer: _prepared_deviation(ops.convert_to_numpy(target[layer])) for layer in self.layers
        }

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """The distance of the class's formula."""
        pixels, sums, squares = statistic
        shift = sums / pixels
        variance = ops.maximum(squares / pixels - ops.square(shift), 0) / target["energy"]
        change = ops.sqrt(variance + _RIDGE) - target["deviation"]
        return ops.mean(ops.square(shift)) / target["energy"] + ops.mean(ops.square(change))


def _prepared_deviation(moments: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """One layer of `Deviation.prepared`, computed in float64, returned in float32."""
    mean, squares = moments.astype(np.float64)
    energy = max(np.mean(squares), 1e-12)
    deviation = np.sqrt(np.maximum(squares - mean**2, 0) / energy + _RIDGE)
    found = {"mean": mean, "energy": energy, "deviation": deviation}
    return {name: np.asarray(value, np.float32) for name, value in found.items()}


class Histogram(Layered):
    """Distance of the channels' histograms from the style's (Risser et al. 2017, arXiv:1701.08893).

    There a layer's distance is |f - R(f)|^2, R being the monotonous map that gives each channel of
    the features f the style's histogram, and held fixed while the gradient is taken. That is the
    squared Wasserstein-2 distance of the two distributions, with its exact gradient, and is
    computed as such here, from histograms that add up over tiles. It is divided by the style's
    mean square. Whole distributions are compared, not only their first moments, but each channel
    by itself; so the term goes together with `moments` or `gram`.
    """

    source = "style"
    regional = True

    def statistic(self, features: Tensor, target: Any, share: Any = None) -> Any:
        """Histograms, (channels, BINS), in pixels; one is shared by the two bins that it is
        between."""
        channels = features.shape[-1]
        values = ops.clip(features, -_RANGE, _RANGE)
        place = ops.reshape(ops.arcsinh(values / _UNIT) / _STEP + BINS // 2, (-1, channels))
        lower = ops.stop_gradient(ops.floor(place))
        above = place - lower
        index = ops.cast(lower, "int32") + BINS * ops.arange(channels, dtype="int32")
        weights = 1.0 if share is None else ops.reshape(share, (-1, 1))
        parts = [(weights * (1 - above), index), (weights * above, index + 1)]
        sums = [
            ops.segment_sum(ops.reshape(part, (-1,)), ops.reshape(at, (-1,)), BINS * channels)
            for part, at in parts
        ]
        return ops.reshape(sums[0] + sums[1], (channels, BINS))

    def remembered(self, statistic: Any) -> Tensor:
        """The histograms, each with sum 1."""
        return statistic / ops.maximum(ops.sum(statistic, axis=1, keepdims=True), 1e-6)

    def prepared(self, target: Tensors) -> Tensors:
        """Compute per layer, in float64: cumulative histograms `levels`, the integrals `areas` of
        the quantile functions up to them, mean squares and the mean of these, the energy.

        Raises GramflowError for other backends than TensorFlow, which get a wrong loss: PyTorch and
        JAX take float64 targets in float32, too few digits beside values of up to 1e5.
        """
        if backend.chosen().package != "tensorflow":
            raise GramflowError(
                "losses.histogram: TensorFlow alone computes it exactly enough; unset "
                "KERAS_BACKEND, or give deviation in its place"
            )
        return {
            layer: _prepared_histogram(ops.convert_to_numpy(target[layer])) for layer in self.layers
        }

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """The mean of the channels' squared Wasserstein-2 distances, over the style's energy.

        Of distributions with cumulative histograms P and G on values t it is the integral over q
        from 0 to 1 of (P^-1(q) - G^-1(q))^2. Its three products are sums over the bins: of the
        share of each bin, and of the quantile function G^-1 over that share, by the bin's value.
        Written without differences of large numbers, since JAX computes in float32.
        """
        exact = ops.cast(statistic, backend.most_exact())
        parts = exact / ops.maximum(ops.sum(exact, axis=1, keepdims=True), 1e-6)
        inner = _areas(ops.cumsum(parts, axis=1)[:, :-1], target)
        ends = ops.concatenate([inner, ops.cast(target["areas"][:, -1:], inner.dtype)], axis=1)
        starts = ops.concatenate([ops.zeros_like(inner[:, :1]), inner], axis=1)
        # tensors of the backend: PyTorch's cannot be multiplied by NumPy's arrays
        values = ops.convert_to_tensor(_VALUES, parts.dtype)
        own = ops.sum(parts * values**2, axis=1)
        shared = ops.sum((ends - starts) * values, axis=1)
        distances = own - 2 * shared + target["squares"]
        return ops.cast(ops.mean(distances) / target["energy"], statistic.dtype)


def _prepared_histogram(histograms: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """One layer of `Histogram.prepared`. histograms: (channels, BINS), each with sum 1."""
    sums = np.cumsum(histograms.astype(np.float64), axis=1)
    levels = sums / sums[:, -1:]
    parts = np.diff(levels, axis=1, prepend=0)
    squares = parts @ _VALUES**2
    found = {
        "levels": levels,
        "areas": np.cumsum(parts * _VALUES, axis=1),
        "squares": squares,
        "energy": np.maximum(np.mean(squares), 1e-12),
    }
    return {name: np.asarray(value, backend.most_exact()) for name, value in found.items()}


def _areas(levels: Tensor, target: Tensors) -> Tensor:
    """The integral of the style's quantile function from 0 to these levels, (channels, n).

    The function is constant between two levels of the style, so the integral is linear there.
    """
    channels = levels.shape[0]
    rows = np.arange(channels)[:, None]
    # rows lie one behind the other, so that one search finds the places of all
    known = ops.reshape(target["levels"] + 2.0 * rows, (-1,))
    wanted = ops.reshape(ops.stop_gradient(levels) + 2.0 * rows, (-1,))
    found = ops.cast(ops.searchsorted(known, wanted), "int32")
    found = ops.clip(ops.reshape(found, levels.shape) - BINS * rows, 0, BINS - 1)

    def at(name: str, places: Tensor) -> Tensor:
        return ops.take_along_axis(target[name], places, axis=1)

    before, first = ops.maximum(found - 1, 0), found == 0
    level = ops.where(first, 0.0, at("levels", before))
    area = ops.where(first, 0.0, at("areas", before))
    return area + (levels - level) * ops.take(ops.convert_to_tensor(_VALUES), found)


_RIDGE = 1e-4  # added to variances, in units of the style's energy

BINS = 513
"""Bins of a channel's histogram. They grow with the distance from 0, since layers and networks
differ in the size of their features: by 6 % each, from 0.003 at 0."""
_STEP, _UNIT = 0.06, 0.05
_VALUES = _UNIT * np.sinh(_STEP * (np.arange(BINS) - BINS // 2))
_RANGE = float(_VALUES[-2])  # features beyond it, above 1e5, count as this
