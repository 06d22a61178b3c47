"""Colour transfer: a painting in the colours of the film (Gatys et al. 2016, arXiv:1606.05897).

The style's pictures get the colours of the film, and the film is painted in that style. One map of
colours belongs to all frames of a shot or of the film, so that colours do not flicker.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, luminance
from gramflow.engine.cielab import from_lab, to_lab
from gramflow.engine.colours import Colours

Values = NDArray[Any]
"""Colours in any space: (..., channels)."""


class FilmColours(Colours):
    """The film's colours in place of the style's, which is matched to each shot.

    - luminance: light and dark are painted, with the mean and contrast of the film's; hue and
      saturation are the film's own, pixel by pixel (Gatys et al. 2016).
    - covariance: the style gets the mean and covariance of the film's red, green and blue (the
      same).
    - histogram: the style gets the distribution of each of the three channels of CIELAB.
    - transport: the style gets the film's mean and covariance in CIELAB, by the linear map that
      changes its colours least (Pitie and Kokaram 2007).
    """

    name = "content"

    @dataclass(frozen=True)
    class Settings(Colours.Settings):
        """What is matched to the film's colours, and how far."""

        by: Literal["luminance", "covariance", "histogram", "transport"] = field(
            default="luminance", metadata={"doc": "how colours are matched"}
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
                "doc": "what the style is matched to: each shot by itself, or the whole film, so "
                "that shots are painted alike"
            },
        )

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._own = settings.strength if settings.by == "luminance" else 0.0

    @classmethod
    def sampled(cls, settings: Settings) -> Literal["none", "shot", "film"]:
        """Frames of the shot or of the film, unless the colours stay the style's."""
        return settings.over if settings.strength else "none"

    def style(
        self, pictures: Sequence[Picture], mixture: Sequence[float], frames: Sequence[Picture]
    ) -> list[Picture]:
        """Give the frames' colours to the style's pictures."""
        space, match = _WAYS[self.settings.by]
        faded = [self.prepare(picture) for picture in pictures]
        values = [space.of(picture) for picture in faded]
        film = Sample.of([space.of(frame) for frame in frames], [1 / len(frames)] * len(frames))
        change = match(film, Sample.of(values, mixture)).blended(self.settings.strength)
        return [
            space.back(change(each), picture) for each, picture in zip(values, faded, strict=True)
        ]

    def prepare(self, frame: Picture) -> Picture:
        """Take away the share of saturation that `finish` brings back."""
        if not self._own:
            return frame
        grey, chroma = _parted(frame)
        return _shown(grey, (1 - self._own) * chroma)

    def finish(self, painted: Picture, frame: Picture) -> Picture:
        """Give the frame's hue and saturation to a picture that is painted without."""
        if not self._own:
            return painted
        grey, chroma = _parted(painted)
        return _shown(grey, self._left(chroma) + self._own * _parted(frame)[1])

    def reopen(self, finished: Picture, frame: Picture) -> Picture:
        """Take the frame's hue and saturation away again."""
        if not self._own:
            return finished
        grey, chroma = _parted(finished)
        return _shown(grey, self._left(chroma - self._own * _parted(frame)[1]))

    def _left(self, chroma: Picture) -> Picture:
        """Chrominance of a painting: none at full strength, where the network's may not be 0."""
        return chroma if self._own < 1 else np.zeros_like(chroma)


def _parted(picture: Picture) -> tuple[Picture, Picture]:
    """Luminance, (height, width, 1), and chrominance (colour less luminance), (height, width, 3).

    Chrominance is a linear function of the Cb and Cr of any YCbCr.
    """
    grey = luminance(picture)[..., None]
    return grey, picture - grey


def _shown(grey: Values, chroma: Values) -> Picture:
    """Add luminance and chrominance. Where the sum exceeds 0..1, the luminance gives way.

    So the chrominance is kept, unless no luminance can show it.
    """
    least, most = chroma.min(-1, keepdims=True), chroma.max(-1, keepdims=True)
    share = 1 / np.maximum(most - least, 1)
    grey = np.clip(grey, -share * least, 1 - share * most)
    return _displayable(grey + share * chroma)


# -- spaces --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Space:
    """A colour space.

    of: from a picture to the space. back: from the space to a picture; also gets the picture that
    the values came from, since a space may leave something out.
    """

    of: Callable[[Picture], Values]
    back: Callable[[Values, Picture], Picture]


def _displayable(values: Values) -> Picture:
    return np.clip(values, 0, 1).astype(np.float32)


_RGB = Space(lambda picture: picture, lambda values, _: _displayable(values))
_LAB = Space(to_lab, lambda values, _: from_lab(values))
_LUMA = Space(
    lambda picture: _parted(picture)[0],
    lambda values, picture: _shown(values, _parted(picture)[1]),
)


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
    """A map of colours."""

    def __call__(self, values: Values) -> Values:
        """Map colours, (..., channels)."""

    def blended(self, share: float) -> "Change":
        """The map that goes only so much of the way, 0..1."""


@dataclass(frozen=True)
class Affine:
    """A linear map, with no difference of colours increased by more than `_MOST`.

    matrix: (channels, channels). centre, moved: a colour and what becomes of it, (channels,).
    """

    matrix: Values
    centre: Values
    moved: Values

    @classmethod
    def limited(cls, matrix: Values, style: Sample, film: Sample) -> Self:
        """The map of this matrix, within the limit, from the style's mean to the film's."""
        left, values, right = np.linalg.svd(matrix)
        return cls((left * np.minimum(values, _MOST)) @ right, style.mean, film.mean)

    def __call__(self, values: Values) -> Values:
        """Map colours, (..., channels)."""
        return (values - self.centre) @ self.matrix.T + self.moved

    def blended(self, share: float) -> "Affine":
        """The map that goes only so much of the way, 0..1."""
        matrix = (1 - share) * np.eye(len(self.matrix)) + share * self.matrix
        return Affine(matrix, self.centre, self.centre + share * (self.moved - self.centre))


@dataclass(frozen=True)
class Curves:
    """A rising curve for each channel, nowhere steeper than `_MOST`.

    before, after: its points, (points, channels).
    """

    before: Values
    after: Values

    @classmethod
    def limited(cls, before: Values, after: Values) -> Self:
        """The curves through these points; steep parts are flattened, the mean height stays."""
        rise = np.minimum(np.diff(after, axis=0), _MOST * np.diff(before, axis=0))
        points = np.concatenate([np.zeros((1, rise.shape[1])), np.cumsum(rise, axis=0)])
        return cls(before, points + (after - points).mean(0))

    def __call__(self, values: Values) -> Values:
        """Map colours, (..., channels)."""
        channels = np.moveaxis(values, -1, 0)
        curves = zip(channels, self.before.T, self.after.T, strict=True)
        return np.stack([np.interp(*curve) for curve in curves], axis=-1)

    def blended(self, share: float) -> "Curves":
        """The map that goes only so much of the way, 0..1."""
        return Curves(self.before, self.before + share * (self.after - self.before))


def _by_covariance(film: Sample, style: Sample) -> Affine:
    """Square root of the film's covariance, times that of the inverse of the style's."""
    matrix = _power(film.covariance, 0.5) @ _power(style.covariance, -0.5)
    return Affine.limited(matrix, style, film)


def _by_transport(film: Sample, style: Sample) -> Affine:
    """The linear Monge-Kantorovich map (Pitie and Kokaram 2007)."""
    root, back = _power(style.covariance, 0.5), _power(style.covariance, -0.5)
    matrix = back @ _power(root @ film.covariance @ root, 0.5) @ back
    return Affine.limited(matrix, style, film)


def _by_histogram(film: Sample, style: Sample) -> Curves:
    """From the quantiles of the style's channels to those of the film's."""
    shares = np.linspace(0, 1, _QUANTILES)
    return Curves.limited(style.quantiles(shares), film.quantiles(shares))


def _power(matrix: Values, exponent: float) -> Values:
    """Power of a symmetric matrix, whose eigenvalues count as `_NONE` at least."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, _NONE) ** exponent) @ vectors.T


_WAYS: dict[str, tuple[Space, Callable[[Sample, Sample], Change]]] = {
    "luminance": (_LUMA, _by_covariance),
    "covariance": (_RGB, _by_covariance),
    "histogram": (_LAB, _by_histogram),
    "transport": (_LAB, _by_transport),
}

# Greatest factor by which differences of colours grow: those of a style with hardly any would
# become noise.
_MOST = 4.0
_NONE = 1e-12  # eigenvalue of a covariance in place of 0, which has no inverse
_QUANTILES = 65  # points of a curve; more follow the noise of a histogram
