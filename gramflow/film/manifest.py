"""The manifest of an extracted video: hash and time of every frame, and the shots."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from gramflow.base.files import Document, canonical

T = TypeVar("T")


@dataclass(frozen=True)
class Segment:
    """A run of frames within one shot, `first` to `last` inclusive; the unit of a painting job."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """The segment's part of file names, such as 000050-000099."""
        return f"{self.first:06d}-{self.last:06d}"

    @property
    def frames(self) -> range:
        """Numbers of the segment's frames."""
        return range(self.first, self.last + 1)

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """The segment's slice of a sequence that has one item per frame of the video."""
        return items[self.first : self.last + 1]


@dataclass(frozen=True)
class Manifest(Document):
    """The frames of one extracted video.

    width, height: pixels of the stored frames, after rotation.
    time_base: seconds per unit of `times`, as "numerator/denominator".
    origin: time, in units, at which the used part of the video and its sound start.
    frames: SHA-256 of every frame's pixels, its key in the store.
    times: presentation time of every frame, in units, strictly increasing.
    duration: how long the last frame is shown, in units.
    shots: number of the first frame of every shot; starts with 0.
    sizes: bytes of every frame's file in the store.
    """

    width: int
    height: int
    time_base: str
    origin: int
    frames: list[str]
    times: list[int]
    duration: int
    shots: list[int]
    sizes: list[int] = field(default_factory=list)

    def seconds(self, units: int) -> Fraction:
        """Convert a time in units of `time_base` to exact seconds."""
        return units * Fraction(self.time_base)

    def shown(self, number: int) -> float:
        """When a frame is shown, in seconds from the start of the video's used part."""
        return float(self.seconds(self.times[number] - self.origin))

    def segments(self, length: int) -> list[list[Segment]]:
        """For every shot, its segments in order; all but its last have `length` frames."""
        ends = [*self.shots[1:], len(self.frames)]
        return [
            [Segment(first, min(first + length, end) - 1) for first in range(start, end, length)]
            for start, end in zip(self.shots, ends, strict=True)
        ]

    def shot_of(self, frame: int) -> int:
        """Number of the shot that a frame is in; the first is 1."""
        return bisect_right(self.shots, frame)

    def shot(self, number: int) -> range:
        """The numbers of the frames of the shot that a frame is in."""
        place = self.shot_of(number)
        return range(self.shots[place - 1], [*self.shots, len(self.frames)][place])

    @property
    def digest(self) -> str:
        """SHA-256 of all but `sizes`, which depend on the program that wrote the files."""
        return hashlib.sha256(canonical(self.to_values() | {"sizes": []}).encode()).hexdigest()
