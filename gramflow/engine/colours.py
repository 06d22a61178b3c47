"""What happens to the colours of a frame before and after it is painted."""

from dataclasses import dataclass
from typing import Any, ClassVar

from gramflow.base.arrays import Picture


class Colours:
    """The base of every way with colours."""

    kind: ClassVar[str] = "colours"

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def prepare(self, frame: Picture) -> Picture:
        """Return the frame as the stylizer shall see it, (height, width, 3) in 0..1.

        Painted neighbours are compared with prepared frames, too.
        """
        return frame

    def finish(self, painted: Picture, frame: Picture) -> Picture:
        """Return the picture to store.

        painted: the stylizer's, of the prepared frame. frame: the film's own, of the same size. The
        next frame starts from what is returned.
        """
        return painted


class StyleColours(Colours):
    """The style's colours, as the loss terms bring them about."""

    name = "style"
