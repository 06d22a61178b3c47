"""Where a video comes from: a film, a picture sequence, or what `capture` recorded."""

import glob
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from gramflow.errors import GramflowError


@dataclass(frozen=True)
class Source:
    """One video of the config.

    entry: how errors name it, such as "videos.room.path".
    path: the film, or the pattern of a picture sequence.
    files: the pictures in their natural order; None for a film.
    fps: pictures per second of a sequence; None for a film.
    start, end: the part to use, in seconds from the film's start; None is from or to its end.
    width, height, scale: the reduced size to store, in pixels or as a factor; None keeps it.
    """

    entry: str
    path: Path
    files: tuple[Path, ...] | None = None
    fps: Fraction | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    width: int | None = None
    height: int | None = None
    scale: Fraction | None = None

    @classmethod
    def from_config(
        cls, name: str, video: Mapping[str, Any], recorded: Path | None = None
    ) -> "Source":
        """The source of the config's video `name`; `recorded` is the file made by `capture`.

        `fps` makes the path a picture sequence; a path that `is_live` needs `recorded`.
        Raises GramflowError when the sequence has no pictures or `end` is not after `start`.
        """
        given = {key: value for key, value in video.items() if value is not None}
        path, entry = Path(recorded or given["path"]), f"videos.{name}.path"
        fps = _exact(given["fps"]) if "fps" in given and recorded is None else None
        source = cls(
            entry=entry,
            path=path,
            files=_pictures(entry, path) if fps else None,
            fps=fps,
            width=given.get("width"),
            height=given.get("height"),
            **{key: _exact(given[key]) for key in ("start", "end", "scale") if key in given},
        )
        if source.end is not None and source.end <= (source.start or 0):
            raise GramflowError(
                f"videos.{name}.end: {float(source.end):g} is not after the start; "
                "give seconds from the film's start"
            )
        return source

    @property
    def name(self) -> str:
        """The config entry of the whole video, such as "videos.room"."""
        return self.entry.removesuffix(".path")

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The size to store for an upright film of `width` x `height` pixels.

        A side that follows from the aspect is rounded to an even number, as encoders want.
        Raises GramflowError when the config asks for more pixels than there are.
        """
        if self.scale and self.scale != 1:
            wanted = _even(width * self.scale), _even(height * self.scale)
        elif self.width and self.height:
            wanted = self.width, self.height
        elif self.width and self.width != width:
            wanted = self.width, _even(Fraction(height * self.width, width))
        elif self.height and self.height != height:
            wanted = _even(Fraction(width * self.height, height)), self.height
        else:
            wanted = width, height
        if wanted[0] > width or wanted[1] > height:
            raise GramflowError(
                f"{self.name}: width, height or scale ask for {wanted[0]}x{wanted[1]}, but the "
                f"film has {width}x{height}; they only reduce, so give less or leave them out"
            )
        return wanted


def is_live(path: str) -> bool:
    """Whether a config's path is a camera or a stream, which `capture` records first."""
    return path.startswith("/dev/video") or re.match(r"[a-z][a-z0-9+.-]*://", path) is not None


def _pictures(entry: str, pattern: Path) -> tuple[Path, ...]:
    """The files of a pattern, 2 before 10."""
    # not Path.glob, which takes no absolute pattern
    found = [str(pattern)] if pattern.is_file() else glob.glob(str(pattern))  # noqa: PTH207
    files = [Path(name) for name in sorted(found, key=_natural) if Path(name).is_file()]
    if not files:
        raise GramflowError(
            f"{entry}: {pattern} matches no picture; give a pattern such as frames/*.png "
            "(fps is for picture sequences: leave it out for a film)"
        )
    return tuple(files)


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """A sort key by which numbers inside names count as numbers."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


def _exact(value: Any) -> Fraction:
    """A config's number, or "30000/1001", as people wrote it: 0.1 is one tenth."""
    return Fraction(str(value))


def _even(value: Fraction) -> int:
    """The nearest even number, at least 2."""
    return max(2, 2 * round(value / 2))
