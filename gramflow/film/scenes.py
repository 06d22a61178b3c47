"""What is painted where in each frame: a look's regions, and its values that change over time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

from gramflow.film.manifest import Manifest
from gramflow.film.order import Step
from gramflow.settings.looks import Look
from gramflow.settings.scenes import OWN
from gramflow.settings.schema import refused

Shares = dict[str, float]
"""Shares of styles, by name, with sum 1."""


@dataclass(frozen=True)
class Paint:
    """In what a part of a frame is painted. intensity: 0..1; None for the content term's weight."""

    styles: Shares
    intensity: float | None

    def distance(self, other: "Paint") -> float:
        """How different two paints are, 0..1: the greater of the changes of styles and intensity.

        An intensity is 1 away from None. Styles do not matter where nothing is painted.
        """
        if 0 in (self.intensity, other.intensity):
            return abs((self.intensity or 0) - (other.intensity or 0))
        names = self.styles.keys() | other.styles.keys()
        moved = (abs(self.styles.get(name, 0) - other.styles.get(name, 0)) for name in names)
        if self.intensity is None or other.intensity is None:
            stronger = float(self.intensity is not other.intensity)
        else:
            stronger = abs(self.intensity - other.intensity)
        return max(sum(moved) / 2, stronger)


@dataclass(frozen=True)
class Scene:
    """What is painted where in a frame.

    regions: by the mask's name; ground: all the rest. plain: whether all of it is painted in the
    render's style, by the look's loss terms as they are.
    """

    ground: Paint
    regions: dict[str, Paint]
    plain: bool = field(default=False, compare=False)

    def change(self, other: "Scene") -> list[float]:
        """How far the paint is from another frame's, 0..1: of the ground, then the regions."""
        regions = (paint.distance(other.regions[name]) for name, paint in self.regions.items())
        return [self.ground.distance(other.ground), *regions]


def led(step: Step, scene: Callable[[int], Scene]) -> Step:
    """Leave out the keyframe ahead that a step is blended into, if its paint is another one.

    scene: gives a frame's scene by its number.
    """
    if step.lead is None or max(scene(step.number).change(scene(step.lead))) < ANEW:
        return step
    return replace(step, lead=None, left=0)


ANEW = 0.5
"""Change of the paint from which a place is painted anew."""


def scenes(look: Look, style: str, manifest: Manifest) -> Callable[[int], Scene]:
    """Return a function that gives the scene of a frame by its number.

    style: the render's. Raises GramflowError, naming the timeline's entry, for a shot
    that the film does not have, and for entries that are out of order.
    """
    marks = _marks(look, manifest)
    ground = _Curves(marks, {"style": {OWN: 1.0}, "intensity": look.intensity})
    regions = {
        name: _Curves(_of_region(marks, name), values) for name, values in look.regions.items()
    }
    plain = Paint({style: 1.0}, None)

    def at(seconds: float) -> Scene:
        rest = ground.at(seconds)
        scene = Scene(
            _paint(rest, {}, style),
            {name: _paint(region.at(seconds), rest, style) for name, region in regions.items()},
        )
        return replace(scene, plain=scene == Scene(plain, {}))

    found = cache(at) if marks else cache(lambda _: at(0))
    return lambda number: found(manifest.shown(number) if marks else 0)


def _paint(values: Mapping[str, Any], rest: Mapping[str, Any], style: str) -> Paint:
    """The paint of values; what is None is as the rest. The render's style gets its name."""
    shares, intensity = values["style"], values["intensity"]
    shares = rest["style"] if shares is None else shares
    styles: Shares = {}
    for name, share in shares.items():
        named = style if name == OWN else name
        styles[named] = styles.get(named, 0) + share
    return Paint(styles, rest.get("intensity") if intensity is None else intensity)


@dataclass(frozen=True)
class _Mark:
    """An entry of a timeline. seconds: its time; ease: how values go on to the next one."""

    seconds: float
    ease: str
    values: Mapping[str, Any]


def _marks(look: Look, manifest: Manifest) -> list[_Mark]:
    """The look's timeline, in this film's seconds."""
    marks: list[_Mark] = []
    for number, values in enumerate(look.timeline):
        entry = ("looks", look.name, "timeline", number)
        if "shot" in values and values["shot"] > len(manifest.shots):
            text = f"the film has {len(manifest.shots)} shots; give one of them, or at or frame"
            raise refused((*entry, "shot"), text)
        seconds = _place(values, manifest)
        if marks and seconds < marks[-1].seconds:
            raise refused(entry, "is before the entry above in this film; sort them")
        marks.append(_Mark(seconds, values["ease"], values))
    return marks


def _place(values: Mapping[str, Any], manifest: Manifest) -> float:
    if "at" in values:
        return float(values["at"])
    number = manifest.shots[int(values["shot"]) - 1] if "shot" in values else int(values["frame"])
    # frames beyond the end follow each other as long as the last one lasts
    beyond = max(number - len(manifest.times) + 1, 0)
    units = manifest.times[number - beyond] + beyond * manifest.duration - manifest.origin
    return float(manifest.seconds(units))


def _of_region(marks: Iterable[_Mark], name: str) -> list[_Mark]:
    """The marks that set something of a region, with what they set of it."""
    return [
        _Mark(mark.seconds, mark.ease, mark.values["regions"][name])
        for mark in marks
        if name in mark.values.get("regions", {})
    ]


class _Curves:
    """Values over time. before: what holds before the first mark that sets a value."""

    def __init__(self, marks: Iterable[_Mark], before: Mapping[str, Any]) -> None:
        self._before = before
        self._marks = {
            name: [mark for mark in marks if name in mark.values] for name in ("style", "intensity")
        }

    def at(self, seconds: float) -> dict[str, Any]:
        """The values at a time."""
        return {name: self._value(name, seconds) for name in self._marks}

    def _value(self, name: str, seconds: float) -> Any:
        marks = self._marks[name]
        if not marks or seconds < marks[0].seconds:
            return self._before[name]
        for mark, following in pairwise(marks):
            if mark.seconds <= seconds < following.seconds:
                part = (seconds - mark.seconds) / (following.seconds - mark.seconds)
                return _between(mark.values[name], following.values[name], _EASES[mark.ease](part))
        return marks[-1].values[name]


def _between(first: Any, last: Any, part: float) -> Any:
    """Interpolate two numbers, or two mixtures of styles."""
    if not isinstance(first, Mapping):
        return first + part * (last - first)
    names = dict.fromkeys([*first, *last])
    shares = {name: _between(first.get(name, 0.0), last.get(name, 0.0), part) for name in names}
    return {name: share for name, share in shares.items() if share > 0}


_EASES: dict[str, Callable[[float], float]] = {
    "linear": lambda part: part,
    "smooth": lambda part: part * part * (3 - 2 * part),
    "hold": lambda part: 0.0,
}
