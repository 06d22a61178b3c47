"""What a video was decoded to: the hash and time of every frame, and the shots."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from gramflow.files import read_json, write_json

T = TypeVar("T")


@dataclass(frozen=True)
class Segment:
    """A run of frames within one shot, `first` to `last` inclusive; the unit of a GPU job."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """The segment's place in file names, such as 000050-000099."""
        return f"{self.first:06d}-{self.last:06d}"

    @classmethod
    def from_name(cls, name: str) -> "Segment":
        """The segment of a name."""
        first, last = name.split("-")
        return cls(int(first), int(last))

    @property
    def frames(self) -> range:
        """The numbers of its frames."""
        return range(self.first, self.last + 1)

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """Its part of something that the whole video has one of per frame."""
        return items[self.first : self.last + 1]


@dataclass(frozen=True)
class Manifest:
    """The frames of one extracted video.

    width, height: pixels of the stored frames, after rotation.
    time_base: seconds per unit of `times`, as "numerator/denominator".
    origin: the time, in units, at which the film and its sound start.
    frames: SHA-256 of every frame's pixels, the key of the frame store.
    times: presentation time of every frame, in units, rising.
    duration: how long the last frame stays, in units.
    shots: number of the first frame of every shot; starts with 0.
    settings: digest of the config and the files that it was extracted by.
    """

    width: int
    height: int
    time_base: str
    origin: int
    frames: list[str]
    times: list[int]
    duration: int
    shots: list[int]
    settings: str = ""

    def seconds(self, units: int) -> Fraction:
        """A time of this manifest in exact seconds."""
        return units * Fraction(self.time_base)

    def segments(self, length: int) -> list[list[Segment]]:
        """Of every shot, its frames in order, cut after every `length` frames."""
        ends = [*self.shots[1:], len(self.frames)]
        return [
            [Segment(first, min(first + length, end) - 1) for first in range(start, end, length)]
            for start, end in zip(self.shots, ends, strict=True)
        ]

    def save(self, path: Path) -> None:
        """Write it as JSON; the same manifest always gives the same bytes."""
        value: dict[str, Any] = asdict(self)
        write_json(path, value)

    @classmethod
    def load(cls, path: Path) -> "Manifest":
        """Read what `save` wrote."""
        return cls(**read_json(path))
