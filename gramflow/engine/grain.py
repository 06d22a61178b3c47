"""Film grain: measured in flat areas of a film's frames, and added to painted ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, luminance, resized

BANDS = 8
"""Bands of brightness, equally wide, in each of which grain is measured."""

_BLOCK = 16  # pixels of a side of the blocks that are measured
_WINDOW = 7  # pixels of a side of the mean that grain is told from
_FLAT = 0.25  # share of the blocks, those with the least structure, that are measured
_FEWEST = 4  # of them that a band is measured by at least
_CALM = 0.1  # share of these that have no texture for sure
_TEXTURE = 2.0  # times their deviation, beyond which a block has texture
_COLOUR = 0.25  # deviation of each channel's own grain, relative to that of all channels
_BLURS = np.linspace(0, 1.5, 31)
_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Grain:
    """Grain of a film: white noise, blurred, whose strength depends on the brightness.

    sigmas: standard deviation of luma, in units of 0..1, at the middle of each band of brightness.
    blur: standard deviation, in pixels, of the Gaussian that white noise is blurred by.
    """

    sigmas: tuple[float, ...]
    blur: float

    def at(self, luma: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standard deviation at each pixel; it falls to 0 at black and white, which clip noise."""
        middles = (np.arange(BANDS) + 0.5) / BANDS
        found = np.interp(luma, [0, *middles, 1], [0, *self.sigmas, 0])
        return found.astype(np.float32)


def measured(pictures: Iterable[Picture], step: float) -> Grain:
    """Measure the grain of frames by those of their blocks that show nothing else.

    A block's grain is what remains after the mean of 7x7 pixels is taken away. The flattest quarter
    of all blocks is taken, without those of more than twice the deviation of its calmest tenth,
    which have texture. The median variance of each band tells the strength, once what the mean took
    away is added, and what the rounding to `step` made is subtracted; a band of too few such blocks
    gets what its neighbours have. The covariance between adjacent pixels tells the blur.

    step: difference of two adjacent values that a pixel may have, in units of 0..1.
    """
    blocks = np.concatenate([_blocks(luminance(picture)) for picture in pictures])
    flat = blocks[blocks[:, 1].argsort()][: int(np.ceil(_FLAT * len(blocks)))]
    if not len(flat):
        return Grain((0.0,) * BANDS, 0.0)
    brightness, _, variance, covariance = flat[flat[:, 2] <= _most(flat[:, 2])].T
    bands = (brightness * BANDS).astype(int)
    known = [band for band in range(BANDS) if np.sum(bands == band) >= _FEWEST]
    rounding = step**2 / 12
    variances = np.array([np.median(variance[bands == band]) for band in known]) - rounding
    if not np.any(variances > 0):
        return Grain((0.0,) * BANDS, 0.0)
    energies, correlations = np.array([_remains(blur) for blur in _BLURS]).T
    correlation = covariance.mean() / max(variance.mean() - rounding, rounding)
    blur = float(np.interp(correlation, correlations, _BLURS))
    sigmas = np.sqrt(np.maximum(variances, 0) / np.interp(blur, _BLURS, energies))
    return Grain(tuple(np.interp(range(BANDS), known, sigmas).tolist()), blur)


def grained(
    picture: Picture, grain: Grain, strength: float, size: tuple[int, int], seed: Sequence[int]
) -> Picture:
    """Add grain to a picture; values may leave 0..1.

    The same grain lies on all channels, and a quarter as much on each alone. strength: factor on
    the measured deviation. size: width and height, in pixels, of the frames that the grain was
    measured in, at which it is made and then resized, as they would be. seed: of the noise; equal
    ones give equal grain.
    """
    noise = np.random.default_rng(seed).standard_normal((size[1], size[0], 4), np.float32)
    kernel = _kernel(grain.blur)
    noise = cv2.sepFilter2D(noise, -1, kernel, kernel)
    both = noise[..., :1] + np.float32(_COLOUR) * noise[..., 1:]
    # of the sum of all channels' grain, luma has the deviation 1
    share = float(np.sum(luminance(np.eye(3, dtype=np.float32)) ** 2))
    both = resized(both / np.float32(np.sqrt(1 + _COLOUR**2 * share)), *picture.shape[1::-1])
    deviation = np.float32(strength) * grain.at(luminance(picture))
    return picture + deviation[..., None] * both


def _blocks(luma: NDArray[np.float32]) -> _Array:
    """Brightness, structure, variance and covariance of each whole block that is not clipped.

    Structure is the squared gradient of the blurred picture, in which grain hardly counts.
    """
    rest = luma - cv2.blur(luma, (_WINDOW, _WINDOW))
    steps = np.gradient(blurred(luma, _WINDOW / 2))
    beside = rest * (np.roll(rest, 1, 0) + np.roll(rest, 1, 1)) / 2
    maps = np.stack([luma, steps[0] ** 2 + steps[1] ** 2, rest**2, beside])
    rows, columns = (side // _BLOCK for side in luma.shape)
    whole = maps[:, : rows * _BLOCK, : columns * _BLOCK].astype(np.float64)
    means = whole.reshape(4, rows, _BLOCK, columns, _BLOCK).mean((2, 4)).reshape(4, -1).T
    return means[(means[:, 0] > _CLIPPED) & (means[:, 0] < 1 - _CLIPPED)]


_CLIPPED = 0.03  # brightness beyond which noise is taken for clipped


def _most(variances: _Array) -> float:
    """Greatest variance of a block without texture, given those of flat ones."""
    return float(_TEXTURE**2 * np.quantile(variances, _CALM))


def _kernel(blur: float) -> _Array:
    """A Gaussian that leaves the variance of white noise as it is, along one axis."""
    places = np.arange(-_REACH, _REACH + 1)
    kernel = np.exp(-0.5 * (places / max(blur, 1e-3)) ** 2)
    whole: _Array = kernel / np.sqrt(np.sum(kernel**2))
    return whole


_REACH = 6  # pixels


def _remains(blur: float) -> tuple[float, float]:
    """Of blurred white noise of variance 1, minus its mean over the window: variance, correlation.

    The correlation is that of adjacent pixels.
    """
    own = np.pad(_kernel(blur), _WINDOW)
    mean = np.convolve(own, np.full(_WINDOW, 1 / _WINDOW), "same")
    pairs = ((own, own, 1), (own, mean, -2), (mean, mean, 1))
    energy = sum(sign * (one @ other) ** 2 for one, other, sign in pairs)
    shifted = sum(sign * (one @ other) * (one @ np.roll(other, 1)) for one, other, sign in pairs)
    return float(energy), float(shifted / energy)
