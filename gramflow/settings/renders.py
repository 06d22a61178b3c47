"""Renders of the config: the chosen combinations of videos, styles and looks, and their shots."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from gramflow.settings.looks import Look
from gramflow.settings.schema import Entry, Values, check_known, refused


@dataclass(frozen=True)
class Render:
    """One video in one style with one look.

    shots: the film's shots that have another style or look: number, from 1, style, look; sorted.
    film, only: of a render that paints only such shots of a film, that film's name and the numbers
        of the shots; "" and () for all others.
    """

    video: str
    style: str
    look: str
    shots: tuple[tuple[int, str, str], ...] = ()
    film: str = ""
    only: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The render's part of file names. It is unique, since names contain no dot and no plus."""
        look = "" if self.look == "default" else f".{self.look}"
        if not self.film:
            return f"{self.video}.{self.style}{look}"
        style = "" if self.style == self.film.split(".")[1] else f"{self.style}."
        return f"{self.film}+{style}{self.look}"

    @property
    def labels(self) -> dict[str, str]:
        """Names of the video, the style and the look."""
        return {"video": self.video, "style": self.style, "look": self.look}

    @property
    def others(self) -> list["Render"]:
        """The renders that paint the film's shots of another style or look."""
        numbers: dict[tuple[str, str], list[int]] = {}
        for number, style, look in self.shots:
            numbers.setdefault((style, look), []).append(number)
        return [
            Render(self.video, style, look, film=self.name, only=tuple(found))
            for (style, look), found in numbers.items()
        ]

    def paints(self, shot: int) -> bool:
        """Whether the render itself paints a shot, given its number from 1."""
        if self.film:
            return shot in self.only
        return shot not in {number for number, _, _ in self.shots}

    def look_of(self, shot: int) -> str:
        """The look of one of the film's shots, given its number from 1."""
        return next((look for number, _, look in self.shots if number == shot), self.look)


def resolved_renders(
    choices: list[Values] | None,
    videos: Iterable[str],
    styles: Collection[str],
    looks: Mapping[str, Look],
) -> dict[str, Render]:
    """All chosen combinations of video, style and look, by the render's name.

    choices: the `renders` entry; None for all videos and styles with the default look. Raises
    GramflowError for an unknown name, for shots that cannot be parts of a film, and for two films
    of one name with different shots.
    """
    known = {"video": list(videos), "style": list(styles), "look": list(looks)}
    everything: Values = {"video": None, "style": None, "look": "default", "shots": {}}
    renders: dict[str, Render] = {}
    for number, choice in enumerate([everything] if choices is None else choices):
        entry = ("renders", number)
        for video, style, look in product(
            *(_chosen(choice[key], known[key], (*entry, key)) for key in known)
        ):
            render = Render(video, style, look)
            shots = _shots(choice["shots"], render, styles, looks, (*entry, "shots"))
            render = replace(render, shots=tuple(sorted(shots)))
            if renders.setdefault(render.name, render) != render:
                text = f"{render.name} has other shots above; give a look of another name to one"
                raise refused((*entry, "shots"), text)
    return renders


def _shots(
    given: Values, render: Render, styles: Collection[str], looks: Mapping[str, Look], entry: Entry
) -> Iterator[tuple[int, str, str]]:
    """Yield number, style and look of the shots that are not painted as the rest of a film."""
    for key, choice in given.items():
        at = (*entry, key)
        if not re.fullmatch(r"[1-9]\d{0,8}", str(key)):
            raise refused(at, "is no shot; give its number, of which the first is 1")
        named = {"look": choice} if isinstance(choice, str) else choice
        style, look = (named.get(kind) or render.labels[kind] for kind in ("style", "look"))
        check_known("style", style, styles, at)
        check_known("look", look, looks, at)
        sizes = [(looks[name].width, looks[name].height) for name in (render.look, look)]
        if sizes[0] != sizes[1]:
            text = f"{look} paints another size than {render.look}; give both one width and height"
            raise refused(at, text)
        if (style, look) != (render.style, render.look):
            yield int(key), style, look


def _chosen(choice: str | list[str] | None, known: list[str], entry: Entry) -> list[str]:
    names = [choice] if isinstance(choice, str) else choice or known
    for name in names:
        check_known(str(entry[-1]), name, known, entry)
    return names
