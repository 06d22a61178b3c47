"""Paints one frame, and checks what came out. Films and single pictures share this code."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from gramflow.base.arrays import Picture
from gramflow.base.errors import GramflowError
from gramflow.engine.areas import covered
from gramflow.engine.colours import Colours
from gramflow.engine.optimizers import Curve
from gramflow.engine.steadiness import Neighbour
from gramflow.engine.stylizers import Painted, Stylizer
from gramflow.settings.looks import Look


def paint_frame(
    stylizer: Stylizer,
    colours: Colours,
    look: Look,
    source: Picture,
    neighbours: Mapping[int, Neighbour],
    key: str,
    on_epoch: Callable[[Curve], None],
    place: str,
) -> Painted:
    """Paint a frame, and finish its colours.

    source: the frame at the working size, (height, width, 3), RGB, 0..1. neighbours: warped painted
    frames, see `Stylizer.paint`. key: the frame's key in the store, from which the seed follows.
    place: names the frame in errors. Raises GramflowError for a loss or a picture that is not
    finite.
    """
    if stylizer.areas and not any(area.painted for area in stylizer.areas):
        return Painted(source)
    result = stylizer.paint(colours.prepare(source), neighbours, _seed(look.seed, key), on_epoch)
    lowest = result.losses[-1][1] if result.losses else 0.0
    if not (np.isfinite(lowest) and np.isfinite(result.picture).all()):
        raise GramflowError(
            f"looks.{look.name}: the loss of {place} is not finite; lower the weights of its loss "
            "terms"
        )
    finished = colours.finish(result.picture, source)
    if finished.shape != source.shape or not np.isfinite(finished).all():
        name = look.colours["name"]
        text = f"{name} gives no picture of the frame's size and finite values; correct it"
        raise GramflowError(f"looks.{look.name}.colours: {text}")
    picture = covered(finished, source, stylizer.areas)
    return replace(result, picture=picture, troubles=result.troubles + _blank(source, picture))


def _blank(source: Picture, painted: Picture) -> list[str]:
    """What is said of a frame without content, or of a painting that has lost it."""
    if _has_one_colour(source):
        return ["The frame has one colour."]
    return ["The painting has one colour, the frame has more."] if _has_one_colour(painted) else []


def _has_one_colour(picture: Picture) -> bool:
    return bool((np.ptp(picture, axis=(0, 1)) < _SAME).all())


_SAME = 1 / 255  # difference of values, RGB, 0..1, below which a picture has one colour


def _seed(seed: int, frame: str) -> int:
    """Derive a frame's seed from the look's seed and the frame's key.

    Equal source frames thus start from equal noise.
    """
    return int(hashlib.sha256(f"{seed} {frame}".encode()).hexdigest()[:16], 16)
