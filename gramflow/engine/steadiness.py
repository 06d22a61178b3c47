"""What keeps a film steady, and how steady it is."""

from dataclasses import dataclass

import numpy as np

from gramflow.arrays import Picture
from gramflow.engine.flows import Map

OWN = 0
"""Among a frame's neighbours, by steps back: itself, as the pass before painted it."""


@dataclass(frozen=True)
class Neighbour:
    """A painted frame of another time, warped to the frame that is being painted.

    frame: the film's own frame of that time, warped likewise. trust: (height, width), 0..1: where
    the warp can be relied on.
    """

    picture: Picture
    frame: Picture
    trust: Map


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
    )


@dataclass(frozen=True)
class Tones:
    """Mean brightness (0..1) and saturation (mean distance from grey) of a part of a picture."""

    brightness: float
    saturation: float


def tones(picture: Picture, trust: Map) -> Tones:
    """The tones where `trust` is high.

    These pixels are blurred before: saturation is not linear, and a warp that smoothes a little
    would seem to take some away.
    """
    grey, colours = _broad(picture, trust)
    return Tones(_mean(grey, trust), _mean(_distance(colours), trust))


def held(picture: Picture, frame: Picture, neighbour: Neighbour) -> Picture:
    """A painted picture with its tones brought back to its neighbour's.

    picture: painted from `frame`. A chain of frames, each painted on top of the last, slowly
    drifts; what both frames show must not change its brightness and saturation by more than the
    film itself does. Where the film changes faster than by `_CHANGE`, nothing is corrected.
    """
    trust = neighbour.trust
    film = _film_change(frame, neighbour)
    strength = min(2 * float(trust.mean()), 1) * _slowness(film)
    before = tones(neighbour.picture, trust)
    then = Tones(before.brightness + film.brightness, before.saturation + film.saturation)
    picture = np.clip(picture, 0, 1)
    for _ in range(_ROUNDS):
        grey, colours = _broad(picture, trust)
        distance = _distance(colours)
        brighter = strength * (then.brightness - _mean(grey, trust))
        # broad colours only, since fine ones would grow from frame to frame; what the saturation
        # gains by them, to first order
        gain = _mean((colours * _broad(colours, trust)[1]).mean(-1) / (distance + 1e-6), trust)
        more = strength * (then.saturation - _mean(distance, trust)) / max(gain, 1e-4)
        picture = np.clip(picture + brighter + np.clip(more, -0.2, 0.2) * colours, 0, 1)
    return picture.astype(np.float32)


def _broad(picture: Picture, trust: Map) -> tuple[Map, Picture]:
    """The brightness and the colours of a picture, blurred within its trusted part."""
    import cv2

    seen = np.maximum(cv2.GaussianBlur(trust, (0, 0), _BLUR), 1e-6)[..., None]
    blurred = cv2.GaussianBlur(trust[..., None] * picture, (0, 0), _BLUR) / seen
    grey = blurred @ _LUMA
    return grey, blurred - grey[..., None]


def _distance(colours: Picture) -> Map:
    return np.sqrt(np.square(colours).mean(-1))


def _mean(values: Map, trust: Map) -> float:
    return float((trust * values).sum(dtype=np.float64) / max(trust.sum(dtype=np.float64), 1e-6))


def _film_change(frame: Picture, neighbour: Neighbour) -> Tones:
    """How the film's own tones change from the neighbour to this frame."""
    now, then = tones(frame, neighbour.trust), tones(neighbour.frame, neighbour.trust)
    return Tones(now.brightness - then.brightness, now.saturation - then.saturation)


def _slowness(change: Tones) -> float:
    """1 for a film that keeps its tones or changes them slowly, 0 for a fade."""
    fastest = max(abs(change.brightness), abs(change.saturation))
    return min(max(2 - 2 * fastest / _CHANGE, 0.0), 1.0)


@dataclass(frozen=True)
class Steadiness:
    """How a painted frame differs from the one before it, over the pixels that both show.

    error: mean squared difference of values in 0..1 (Ruder et al. 2016, section 6.1). trusted: the
    share of such pixels. brightness, saturation: their relative change beyond the film's own; 0
    where the film changes fast.
    """

    error: float
    trusted: float
    brightness: float
    saturation: float


def steadiness(picture: Picture, frame: Picture, neighbour: Neighbour) -> Steadiness:
    """Of a picture painted from `frame`, against its neighbour."""
    trust = neighbour.trust
    difference = np.square(picture - neighbour.picture).mean(-1)
    error = _mean(difference, trust)
    now, then = tones(picture, trust), tones(neighbour.picture, trust)
    film = _film_change(frame, neighbour)
    slow = _slowness(film) > 0
    return Steadiness(
        error,
        float(trust.mean()),
        slow * (now.brightness - then.brightness - film.brightness) / max(then.brightness, 1e-3),
        slow * (now.saturation - then.saturation - film.saturation) / max(then.saturation, 1e-3),
    )


_ROUNDS = 3  # of the correction: values beyond black and white are cut off
_BLUR = 4.0  # pixels
_CHANGE = 0.002  # of the film's tones (0..1) from frame to frame
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
