"""Temporal consistency: warped neighbours, correction of drifting tones, and measures."""

from dataclasses import dataclass

import numpy as np

from gramflow.base.arrays import Picture, blurred, luminance
from gramflow.engine.flows import Map

OWN = 0
"""Key in a frame's neighbours, by steps back, of the frame's own picture from the pass before."""


@dataclass(frozen=True)
class Neighbour:
    """Another painted frame, warped to the frame that is being painted.

    picture: the painted frame, warped. frame: the video's frame of that time, warped likewise.
    trust: reliability of the warp, (height, width), 0..1.
    kept: where the picture is a good start for painting, (height, width), 0..1; None: as `trust`.
    """

    picture: Picture
    frame: Picture
    trust: Map
    kept: Map | None = None

    @property
    def start(self) -> Map:
        """`kept`, or `trust` if `kept` is None."""
        return self.trust if self.kept is None else self.kept


def led(neighbour: Neighbour, lead: Neighbour, share: float) -> Neighbour:
    """Blend the next keyframe, the lead, into a neighbour.

    Both are warped to the frame that is being painted. share: weight of the lead, 0..1, where both
    are trusted. Where only the lead is trusted, it replaces the neighbour, so that disoccluded
    areas are painted as in the next keyframe.
    """
    ahead = lead.trust * (1 - neighbour.trust * (1 - share))
    behind = neighbour.trust * (1 - share * lead.trust)
    trust = behind + ahead
    part = (ahead / np.maximum(trust, 1e-6))[..., None]
    return Neighbour(
        neighbour.picture + part * (lead.picture - neighbour.picture),
        neighbour.frame + part * (lead.frame - neighbour.frame),
        trust,
        np.maximum(trust, neighbour.start),
    )


@dataclass(frozen=True)
class Tones:
    """Mean brightness (0..1) and saturation (mean distance from grey) of a part of a picture."""

    brightness: float
    saturation: float


class _View:
    """Statistics of pictures weighted by one `trust` map, (height, width), whose blurred copy is
    computed once."""

    def __init__(self, trust: Map) -> None:
        self.trust = trust
        self._seen = np.maximum(blurred(trust, _BLUR), 1e-6)[..., None]

    def tones(self, picture: Picture) -> Tones:
        """Tones of a picture's trusted part; see the function `tones`."""
        grey, colours = self.broad(picture)
        return Tones(self.mean(grey), self.mean(_distance(colours)))

    def broad(self, picture: Picture) -> tuple[Map, Picture]:
        """Luminance, (height, width), and chrominance (colour minus luminance), (height, width, 3),
        of a picture blurred with trust as weights."""
        broad: Picture = np.divide(blurred(self.trust[..., None] * picture, _BLUR), self._seen)
        grey = luminance(broad)
        return grey, broad - grey[..., None]

    def mean(self, values: Map) -> float:
        """Mean of a map, (height, width), weighted by trust."""
        total = (self.trust * values).sum(dtype=np.float64)
        return float(total / max(self.trust.sum(dtype=np.float64), 1e-6))


def tones(picture: Picture, trust: Map) -> Tones:
    """Mean brightness and saturation of a picture, weighted by `trust`, (height, width), 0..1.

    The picture is blurred first: saturation is not linear, so that the slight smoothing of a warp
    would otherwise seem to reduce it.
    """
    return _View(trust).tones(picture)


def held(picture: Picture, frame: Picture, neighbour: Neighbour) -> Picture:
    """Correct the brightness and saturation of a painted picture so that they do not drift.

    picture: painted from `frame`. Frames that are each painted on top of the last one slowly drift.
    So the trusted part's tones are brought back to the neighbour's, plus the change that the
    video's own frames have. Where the video's tones change by `_CHANGE` or more, nothing is
    corrected.
    """
    view = _View(neighbour.trust)
    film = _film_change(view, frame, neighbour)
    strength = min(2 * float(view.trust.mean()), 1) * _slowness(film)
    before = view.tones(neighbour.picture)
    then = Tones(before.brightness + film.brightness, before.saturation + film.saturation)
    picture = np.clip(picture, 0, 1)
    for _ in range(_ROUNDS):
        grey, colours = view.broad(picture)
        distance = _distance(colours)
        brighter = strength * (then.brightness - view.mean(grey))
        # Scale low-frequency colours only: scaled fine detail would grow from frame to frame.
        # `gain` is the derivative of the saturation by that scale.
        gain = view.mean((colours * view.broad(colours)[1]).mean(-1) / (distance + 1e-6))
        more = strength * (then.saturation - view.mean(distance)) / max(gain, 1e-4)
        picture = np.clip(picture + brighter + np.clip(more, -0.2, 0.2) * colours, 0, 1)
    return picture.astype(np.float32)


def _distance(colours: Picture) -> Map:
    return np.sqrt(np.square(colours).mean(-1))


def _film_change(view: _View, frame: Picture, neighbour: Neighbour) -> Tones:
    """Change of the video's own tones from the neighbour to this frame."""
    now, then = view.tones(frame), view.tones(neighbour.frame)
    return Tones(now.brightness - then.brightness, now.saturation - then.saturation)


def _slowness(change: Tones) -> float:
    """1 up to a change of half of `_CHANGE`, then falling linearly to 0 at `_CHANGE` (a fade)."""
    fastest = max(abs(change.brightness), abs(change.saturation))
    return min(max(2 - 2 * fastest / _CHANGE, 0.0), 1.0)


@dataclass(frozen=True)
class Steadiness:
    """How a painted frame differs from the warped one before it.

    error: mean squared difference of values in 0..1, weighted by trust (Ruder et al. 2016, section
        6.1).
    trusted: mean trust, the fraction of pixels that both frames show.
    dragged: fraction of pixels where forward and backward flow agree but the video's frames do not
        match along the flow.
    followed: how far the paint was dragged along at those pixels: 1 if it does not change along the
        flow at all, 0 if it changes as much as the video.
    brightness, saturation: relative change of the trusted pixels beyond the video's own; 0 where
        the video's tones change fast.
    """

    error: float
    trusted: float
    dragged: float
    followed: float
    brightness: float
    saturation: float


def steadiness(picture: Picture, frame: Picture, neighbour: Neighbour, wrong: Map) -> Steadiness:
    """Measure a picture, painted from `frame`, against its warped neighbour.

    wrong: `Match.wrong` of `gramflow.engine.trust`, (height, width), 0..1.
    """
    view = _View(neighbour.trust)
    difference = np.square(picture - neighbour.picture).mean(-1)
    now, then = view.tones(picture), view.tones(neighbour.picture)
    film = _film_change(view, frame, neighbour)
    slow = _slowness(film) > 0
    return Steadiness(
        view.mean(difference),
        float(view.trust.mean()),
        float(wrong.mean()),
        _followed(picture - neighbour.picture, frame - neighbour.frame, wrong),
        slow * (now.brightness - then.brightness - film.brightness) / max(then.brightness, 1e-3),
        slow * (now.saturation - then.saturation - film.saturation) / max(then.saturation, 1e-3),
    )


def _followed(painted: Picture, film: Picture, wrong: Map) -> float:
    """1 minus the ratio of the paint's change to the video's, weighted by `wrong`; at least 0."""
    changes = [
        float((wrong * np.abs(change).mean(-1)).sum(dtype=np.float64)) for change in (painted, film)
    ]
    return max(1 - changes[0] / changes[1], 0.0) if changes[1] > 0 else 0.0


_ROUNDS = 3  # iterations of the correction, which clipping to black and white makes inexact
_BLUR = 4.0  # sigma of the blur before tones are measured, in pixels
_CHANGE = 0.002  # change of the video's tones (0..1) between frames from which it counts as a fade
