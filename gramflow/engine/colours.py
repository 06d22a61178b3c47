"""Colour plugins: transform a frame before it is painted, and the painted picture after."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gramflow.base.arrays import Picture


class Colours:
    """The base of every colour plugin."""

    kind: ClassVar[str] = "colours"

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def prepare(self, frame: Picture) -> Picture:
        """Transform a frame before it is painted: (height, width, 3), RGB, 0..1.

        The result is what the stylizer paints, and what it compares with painted neighbours.
        """
        return frame

    def finish(self, painted: Picture, frame: Picture) -> Picture:
        """Transform a painted picture before it is stored. The next frame starts from the result.

        painted: the stylizer's result for the prepared frame. frame: the source frame, not
        prepared, of the same size.
        """
        return painted


class StyleColours(Colours):
    """The style's colours, as the loss terms bring them about."""

    name = "style"
