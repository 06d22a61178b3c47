"""Colour transfer: a painting in the colours of the film (Gatys et al. 2016, arXiv:1606.05897).

Gatys et al. give the colours of the content to the style's picture, and paint in that style. Here
the style stays as it is, so that all shots and films share its targets: the film's frames get the
style's colours, are painted, and the painting gets the film's colours by the inverse map. One map
belongs to all frames of a shot, so that colours do not flicker.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, luminance
from gramflow.engine.colours import Colours

Values = NDArray[Any]
"""Colours in any space: (..., channels)."""


class FilmColours(Colours):
    """The film's colours: those of the painting are matched to the film's, shot by shot.

    luminance: light and dark are the painting's, with the mean and deviation of the film's; hue and
        saturation are the film's own, pixel by pixel (Gatys et al. 2016, section 4.2).
    covariance: mean and covariance of red, green and blue (Gatys et al. 2016, section 4.1).
    histogram: the distribution of each channel of CIELAB.
    transport: mean and covariance in CIELAB, by the map that moves colours least: optimal transport
        between normal distributions (Pitie and Kokaram 2007).
    """

    name = "content"

    @dataclass(frozen=True)
    class Settings(Colours.Settings):
        """What is matched to the film's colours, and how far."""

        by: Literal["luminance", "covariance", "histogram", "transport"] = field(
            default="luminance", metadata={"doc": "what is taken from the film"}
        )
        strength: float = field(
            default=1.0,
            metadata={
                "doc": "from the style's colours, 0, to the film's, 1",
                "minimum": 0,
                "maximum": 1,
            },
        )
        over: Literal["shot", "film"] = field(
            default="shot",
            metadata={
                "doc": "whose colours are measured: those of each shot, or of all the film, so "
                "that shots are treated alike"
            },
        )

    @classmethod
    def sampled(cls, settings: Settings) -> Literal["none", "shot", "film"]:
        """Frames of the shot or of the film, unless the colours stay the style's."""
        return settings.over if settings.strength else "none"

    @classmethod
    def restyles(cls, settings: Settings) -> bool:
        """Only for luminance, which is painted from pictures without colours."""
        return settings.by == "luminance" and settings.strength > 0

    def style(self, picture: Picture) -> Picture:
        """Take away as much of the picture's saturation as the film is to give."""
        if not self.restyles(self.settings):
            return picture
        grey, chroma = _parted(picture)
        return _shown(grey, (1 - self.settings.strength) * chroma)

    def matched(
        self, frames: Sequence[Picture], styles: Sequence[Picture], mixture: Sequence[float]
    ) -> Colours:
        """Measure the film's and the style's colours, and return the plugin that matches them."""
        way = self.settings.by
        space = _SPACES[way]
        film = Sample.of([space.of(frame) for frame in frames], [1 / len(frames)] * len(frames))
        style = Sample.of([space.of(picture) for picture in styles], mixture)
        change = _CHANGES[way](film, style).limited(_MOST).blended(self.settings.strength)
        after = change.limited(_MOST)  # what is blended may have no inverse
        kind = _Luminance if way == "luminance" else _Distribution
        return kind(self.settings, space, after.inverse.limited(_MOST), after)


class _Matched(Colours):
    """Colours of a shot whose statistics are known.

    before: from the film's colours to the style's. after: from the style's to the film's, as far as
    the strength says. Both are maps in `space`.
    """

    def __init__(self, settings: Any, space: "_Space", before: "Change", after: "Change") -> None:
        super().__init__(settings)
        self.space = space
        self.before = before
        self.after = after


class _Distribution(_Matched):
    """All channels are mapped."""

    def prepare(self, frame: Picture) -> Picture:
        """Give the style's colours to a frame."""
        return self._mapped(self.before, frame)

    def finish(self, painted: Picture, frame: Picture) -> Picture:
        """Give the film's colours to a painted picture."""
        return self._mapped(self.after, painted)

    def reopen(self, finished: Picture, frame: Picture) -> Picture:
        """Give the style's colours back to a finished picture."""
        return self._mapped(self.after.inverse, finished)

    def _mapped(self, change: "Change", picture: Picture) -> Picture:
        return self.space.back(change(self.space.of(np.clip(picture, 0, 1))))


class _Luminance(_Matched):
    """Luminance is mapped, and chrominance (colour minus luminance) is exchanged for the film's.

    Paintings have only the share of the style's saturation that the film does not give.
    """

    def prepare(self, frame: Picture) -> Picture:
        """Give the style's mean luminance and contrast to a frame, and take its colours away."""
        grey, chroma = _parted(frame)
        return _shown(self.before(grey), (1 - self.settings.strength) * chroma)

    def finish(self, painted: Picture, frame: Picture) -> Picture:
        """Give the frame's colours to a painted picture."""
        grey, chroma = _parted(painted)
        return _shown(self.after(grey), self._painted(chroma) + self._own(frame))

    def reopen(self, finished: Picture, frame: Picture) -> Picture:
        """Take the frame's colours away from a finished picture."""
        grey, chroma = _parted(finished)
        return _shown(self.after.inverse(grey), self._painted(chroma - self._own(frame)))

    def _painted(self, chroma: Picture) -> Picture:
        """Chrominance of a painting: at full strength even what the network left over is dropped.

        That of a painting in grey is not exactly 0.
        """
        return chroma if self.settings.strength < 1 else np.zeros_like(chroma)

    def _own(self, frame: Picture) -> Picture:
        return self.settings.strength * _parted(frame)[1]


def _parted(picture: Picture) -> tuple[Picture, Picture]:
    """Luminance, (height, width, 1), and chrominance, (height, width, 3)."""
    grey = luminance(picture)[..., None]
    return grey, picture - grey


def _shown(grey: Values, chroma: Values) -> Picture:
    """Add luminance and chrominance. Where that exceeds 0..1, the luminance gives way.

    So the chrominance is kept, unless no luminance can show it.
    """
    least, most = chroma.min(-1, keepdims=True), chroma.max(-1, keepdims=True)
    share = 1 / np.maximum(most - least, 1)
    grey = np.clip(grey, -share * least, 1 - share * most)
    return np.clip(grey + share * chroma, 0, 1).astype(np.float32)


# -- spaces --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Space:
    """A colour space. of: from RGB, 0..1, to the space. back: from the space to RGB, clipped."""

    of: Callable[[Picture], Values]
    back: Callable[[Values], Picture]


def _from_rgb(picture: Picture) -> Values:
    return picture


def _to_rgb(values: Values) -> Picture:
    return np.clip(values, 0, 1).astype(np.float32)


def _to_lab(picture: Picture) -> Values:
    import cv2

    return cv2.cvtColor(np.asarray(picture, np.float32), cv2.COLOR_RGB2Lab)


def _from_lab(values: Values) -> Picture:
    import cv2

    return _to_rgb(cv2.cvtColor(values.astype(np.float32), cv2.COLOR_Lab2RGB))


_RGB = _Space(_from_rgb, _to_rgb)
_LAB = _Space(_to_lab, _from_lab)
_LUMA = _Space(lambda picture: _parted(picture)[0], _to_rgb)


# -- maps ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """Colours with weights, which sum to 1. values: (colours, channels). weights: (colours,)."""

    values: Values
    weights: Values

    @classmethod
    def of(cls, pictures: Sequence[Values], mixture: Sequence[float]) -> Self:
        """The colours of pictures, whatever their sizes are. mixture: the pictures' weights."""
        flat = [np.asarray(each, np.float64).reshape(-1, each.shape[-1]) for each in pictures]
        weights = [
            np.full(len(each), share / len(each)) for each, share in zip(flat, mixture, strict=True)
        ]
        return cls(np.concatenate(flat), np.concatenate(weights))

    @property
    def mean(self) -> Values:
        """The mean colour, (channels,)."""
        return self.weights @ self.values

    @property
    def covariance(self) -> Values:
        """The covariance of the channels, (channels, channels)."""
        apart = self.values - self.mean
        return (apart * self.weights[:, None]).T @ apart

    def quantiles(self, shares: Values) -> Values:
        """Values below which so much of the weight is, (shares, channels)."""
        return np.stack([_quantiles(each, self.weights, shares) for each in self.values.T], axis=-1)


def _quantiles(values: Values, weights: Values, shares: Values) -> Values:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) - weights[order] / 2
    return np.interp(shares, reached, values[order])


class Change(Protocol):
    """An invertible map of colours."""

    def __call__(self, values: Values) -> Values:
        """Map colours, (..., channels)."""

    @property
    def inverse(self) -> Self:
        """The map back."""

    def blended(self, share: float) -> Self:
        """The map that goes only so much of the way, 0..1."""

    def limited(self, most: float) -> Self:
        """The map with no differences of colours increased by more than this factor."""


@dataclass(frozen=True)
class Affine:
    """A linear map about a colour. matrix: (channels, channels).

    centre, moved: a colour and what becomes of it, (channels,).
    """

    matrix: Values
    centre: Values
    moved: Values

    def __call__(self, values: Values) -> Values:
        """Map colours, (..., channels)."""
        shift = self.moved - self.matrix @ self.centre
        return values @ self.matrix.T.astype(values.dtype) + shift.astype(values.dtype)

    @property
    def inverse(self) -> "Affine":
        """The map back."""
        return Affine(np.linalg.inv(self.matrix), self.moved, self.centre)

    def blended(self, share: float) -> "Affine":
        """The map that goes only so much of the way, 0..1."""
        matrix = (1 - share) * np.eye(len(self.matrix)) + share * self.matrix
        return Affine(matrix, self.centre, self.centre + share * (self.moved - self.centre))

    def limited(self, most: float) -> "Affine":
        """The map with no difference increased by more than this factor, and none made 0."""
        left, values, right = np.linalg.svd(self.matrix)
        return Affine((left * np.clip(values, _LEAST, most)) @ right, self.centre, self.moved)


@dataclass(frozen=True)
class Curves:
    """A rising curve for each channel. before, after: its points, (points, channels)."""

    before: Values
    after: Values

    def __call__(self, values: Values) -> Values:
        """Map colours, (..., channels). Beyond a curve's ends, it goes on with slope 1."""
        found = np.empty_like(values)
        for channel, (before, after) in enumerate(zip(self.before.T, self.after.T, strict=True)):
            ends = np.array([-_BEYOND, _BEYOND])
            found[..., channel] = np.interp(
                values[..., channel],
                np.insert(before[[0, -1]] + ends, 1, before),
                np.insert(after[[0, -1]] + ends, 1, after),
            )
        return found

    @property
    def inverse(self) -> "Curves":
        """The map back."""
        return Curves(self.after, self.before)

    def blended(self, share: float) -> "Curves":
        """The map that goes only so much of the way, 0..1."""
        return Curves(self.before, self.before + share * (self.after - self.before))

    def limited(self, most: float) -> "Curves":
        """The map with no slope greater than this, and none of 0; its mean height stays."""
        run = np.maximum(np.diff(self.before, axis=0), _FINEST)
        rise = np.clip(np.diff(self.after, axis=0), _LEAST * run, most * run)
        return Curves(_summed(run, self.before), _summed(rise, self.after))


def _summed(steps: Values, values: Values) -> Values:
    """Points with these steps between them, and the mean of `values`."""
    points = np.concatenate([np.zeros((1, steps.shape[1])), np.cumsum(steps, axis=0)])
    return points + (values - points).mean(0)


def _by_covariance(film: Sample, style: Sample) -> Affine:
    """Square root of the film's covariance, times that of the inverse of the style's."""
    matrix = _power(film.covariance, 0.5) @ _power(style.covariance, -0.5)
    return Affine(matrix, style.mean, film.mean)


def _by_transport(film: Sample, style: Sample) -> Affine:
    """The linear Monge-Kantorovich map (Pitie and Kokaram 2007, equation 13)."""
    root, back = _power(style.covariance, 0.5), _power(style.covariance, -0.5)
    matrix = back @ _power(root @ film.covariance @ root, 0.5) @ back
    return Affine(matrix, style.mean, film.mean)


def _by_histogram(film: Sample, style: Sample) -> Curves:
    """From the quantiles of the style's channels to those of the film's."""
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    return Curves(style.quantiles(shares), film.quantiles(shares))


def _power(matrix: Values, exponent: float) -> Values:
    """Power of a symmetric matrix, whose eigenvalues are raised to the least that has one."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, _NONE) ** exponent) @ vectors.T


_SPACES = {"luminance": _LUMA, "covariance": _RGB, "histogram": _LAB, "transport": _LAB}
_CHANGES: dict[str, Callable[[Sample, Sample], Any]] = {
    "luminance": _by_covariance,
    "covariance": _by_covariance,
    "histogram": _by_histogram,
    "transport": _by_transport,
}

# Greatest factor by which differences of colours grow, before painting and after it. A film or a
# style with hardly any colours would else be noise.
_MOST = 4.0
# Least factor, so that every map has an inverse: a grey film's painting differs from grey by less
# than a step of 8 bits, and stored with 16 bits it can be brought back.
_LEAST = 1 / 256
_NONE = 1e-12  # eigenvalue of a covariance in place of 0
_QUANTILES = 64  # points of a curve; more follow the noise of a histogram
_FINEST = 1e-3  # distance of a curve's points in place of 0, in units of CIELAB
_BEYOND = 1e3  # how far curves go on beyond their ends
