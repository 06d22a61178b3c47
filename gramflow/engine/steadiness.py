"""What keeps a film steady, and how steady it is."""

from dataclasses import dataclass

import numpy as np

from gramflow.base.arrays import Picture, blurred, luminance
from gramflow.engine.flows import Map

OWN = 0
"""Among a frame's neighbours, by steps back: itself, as the pass before painted it."""


@dataclass(frozen=True)
class Neighbour:
    """A painted frame of another time, warped to the frame that is being painted.

    frame: the film's own frame of that time, warped likewise. trust: (height, width), 0..1: where
    the warp can be relied on.
    kept: (height, width), 0..1: where its picture is worth going on from; None: as trust.
    """

    picture: Picture
    frame: Picture
    trust: Map
    kept: Map | None = None

    @property
    def start(self) -> Map:
        """`kept`, or `trust` where that is all that is known."""
        return self.trust if self.kept is None else self.kept


def led(neighbour: Neighbour, lead: Neighbour, share: float) -> Neighbour:
    """The neighbour, with `share` of the lead blended in where both can be trusted.

    Where only the lead can, it takes the neighbour's place: what comes into sight here is painted
    as it will be there.
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
    """Pictures of a frame, seen where `trust` (height, width) is high; it is blurred only once."""

    def __init__(self, trust: Map) -> None:
        self.trust = trust
        self._seen = np.maximum(blurred(trust, _BLUR), 1e-6)[..., None]

    def tones(self, picture: Picture) -> Tones:
        """See `tones`."""
        grey, colours = self.broad(picture)
        return Tones(self.mean(grey), self.mean(_distance(colours)))

    def broad(self, picture: Picture) -> tuple[Map, Picture]:
        """The brightness and the colours of a picture, blurred within its trusted part."""
        broad: Picture = np.divide(blurred(self.trust[..., None] * picture, _BLUR), self._seen)
        grey = luminance(broad)
        return grey, broad - grey[..., None]

    def mean(self, values: Map) -> float:
        """Of one value per pixel."""
        total = (self.trust * values).sum(dtype=np.float64)
        return float(total / max(self.trust.sum(dtype=np.float64), 1e-6))


def tones(picture: Picture, trust: Map) -> Tones:
    """The tones where `trust` is high.

    These pixels are blurred before: saturation is not linear, and a warp that smoothes a little
    would seem to take some away.
    """
    return _View(trust).tones(picture)


def held(picture: Picture, frame: Picture, neighbour: Neighbour) -> Picture:
    """A painted picture with its tones brought back to its neighbour's.

    picture: painted from `frame`. A chain of frames, each painted on top of the last, slowly
    drifts; what both frames show must not change its brightness and saturation by more than the
    film itself does. Where the film changes faster than by `_CHANGE`, nothing is corrected.
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
        # broad colours only, since fine ones would grow from frame to frame; what the saturation
        # gains by them, to first order
        gain = view.mean((colours * view.broad(colours)[1]).mean(-1) / (distance + 1e-6))
        more = strength * (then.saturation - view.mean(distance)) / max(gain, 1e-4)
        picture = np.clip(picture + brighter + np.clip(more, -0.2, 0.2) * colours, 0, 1)
    return picture.astype(np.float32)


def _distance(colours: Picture) -> Map:
    return np.sqrt(np.square(colours).mean(-1))


def _film_change(view: _View, frame: Picture, neighbour: Neighbour) -> Tones:
    """How the film's own tones change from the neighbour to this frame."""
    now, then = view.tones(frame), view.tones(neighbour.frame)
    return Tones(now.brightness - then.brightness, now.saturation - then.saturation)


def _slowness(change: Tones) -> float:
    """1 for a film that keeps its tones or changes them slowly, 0 for a fade."""
    fastest = max(abs(change.brightness), abs(change.saturation))
    return min(max(2 - 2 * fastest / _CHANGE, 0.0), 1.0)


@dataclass(frozen=True)
class Steadiness:
    """How a painted frame differs from the one before it.

    error: mean squared difference of values in 0..1 over the pixels that both show (Ruder et al.
    2016, section 6.1). trusted: the share of such pixels. dragged: the share along whose flow the
    film does not match, though flow and reverse flow agree. followed: how far the paint went along
    with the flow there, 0..1: 1 if the paint does not change at all, 0 if as much as the film.
    brightness, saturation: relative change, over the trusted pixels, beyond the film's own; 0 where
    the film changes fast.
    """

    error: float
    trusted: float
    dragged: float
    followed: float
    brightness: float
    saturation: float


def steadiness(picture: Picture, frame: Picture, neighbour: Neighbour, wrong: Map) -> Steadiness:
    """Of a picture painted from `frame`, against its neighbour.

    wrong: as of `gramflow.engine.trust.Match`.
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
    """How much less the paint changes than the film, along a flow that is wrong there."""
    changes = [
        float((wrong * np.abs(change).mean(-1)).sum(dtype=np.float64)) for change in (painted, film)
    ]
    return max(1 - changes[0] / changes[1], 0.0) if changes[1] > 0 else 0.0


_ROUNDS = 3  # of the correction: values beyond black and white are cut off
_BLUR = 4.0  # pixels
_CHANGE = 0.002  # of the film's tones (0..1) from frame to frame
