"""Colour plugins: transform a frame before it is painted, and the painted picture after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gramflow.base.arrays import Picture


class Colours:
    """The base of every colour plugin."""

    kind: ClassVar[str] = "colours"

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @classmethod
    def sampled(cls, settings: Any) -> Literal["none", "shot", "film"]:
        """Return from where `style` gets frames; with "none" it is not called.

        settings: the plugin's. These frames are part of the key of each frame that is painted.
        """
        return "none"

    def style(
        self, pictures: Sequence[Picture], mixture: Sequence[float], frames: Sequence[Picture]
    ) -> list[Picture]:
        """Transform the pictures of a style before its targets are computed.

        pictures: each (height, width, 3), RGB, 0..1, at the size of its targets. mixture: their
        weights, with sum 1. frames: some of the shot's frames or of the film's (see `sampled`),
        reduced.
        """
        return list(pictures)

    def prepare(self, frame: Picture) -> Picture:
        """Transform a frame before it is painted: (height, width, 3), RGB, 0..1.

        The result is what the stylizer paints, and what it compares with painted neighbours.
        """
        return frame

    def finish(self, painted: Picture, frame: Picture) -> Picture:
        """Transform a painted picture before it is stored.

        painted: the stylizer's result for the prepared frame. frame: the source frame, not
        prepared, of the same size.
        """
        return painted

    def reopen(self, finished: Picture, frame: Picture) -> Picture:
        """Transform a stored picture, from which the next frame is to start: undo `finish`.

        frame: the source frame of the picture, not prepared, of the same size.
        """
        return finished


class StyleColours(Colours):
    """The style's colours, as the loss terms bring them about."""

    name = "style"
