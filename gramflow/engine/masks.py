"""Masks: which part of each frame of a video belongs to a region.

Every way to masks is a plugin. It gets the video's frames and the pictures that its settings name
as arrays, and returns maps; it reads no files.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, luminance
from gramflow.base.errors import GramflowError
from gramflow.base.progress import Say
from gramflow.engine.flows import Map

Values = NDArray[np.float32]
"""(height, width, 3 or 4), RGB, and opacity where the file has it, 0..1."""

_COLOUR = "#[0-9a-fA-F]{6}"


@dataclass(frozen=True)
class Footage:
    """What a mask is made of.

    entry: the mask's entry of the config, such as "videos.room.masks.figure", for errors.
    frames: the video's frames by their numbers, of the size that they are stored in; read when they
        are asked for.
    shots: number of the first frame of every shot; starts with 0.
    seconds: time of every frame, in seconds from the start of the video's used part.
    pictures: the pictures of settings that are marked `picture`, by path.
    sequences: of settings that are marked `frames`, one picture for each frame, by path.
    say: prints a line of progress.
    """

    entry: str
    frames: Mapping[int, Picture]
    shots: Sequence[int]
    seconds: Sequence[float]
    pictures: Mapping[str, Values]
    sequences: Mapping[str, Iterable[Values]]
    say: Say

    def refused(self, setting: str, text: str) -> GramflowError:
        """The error for a setting of the mask. text: what is wrong and what to do."""
        return GramflowError(f"{self.entry}.{setting}: {text}")


class Masks:
    """The base of every way to masks. Derived classes have `of`, or `every` in its place."""

    kind: ClassVar[str] = "masks"

    @dataclass(frozen=True)
    class Settings:
        """What is done to every mask at last."""

        invert: bool = field(
            default=False,
            kw_only=True,  # so that a plugin may have settings that must be given
            metadata={"doc": "whether the region is what the mask leaves out"},
        )
        soft: float = field(
            default=0.0,
            kw_only=True,
            metadata={
                "doc": "pixels of the film: how far the region's border is blurred (standard "
                "deviation of a Gaussian)",
                "minimum": 0,
            },
        )

    def __init__(self, settings: Any, footage: Footage) -> None:
        self.settings = settings
        self.footage = footage

    def of(self, number: int) -> Map:
        """Return the mask of a frame, (height, width) of any size: 1 in the region, 0 outside."""
        raise NotImplementedError

    def every(self) -> Iterator[Map]:
        """Yield the masks of all frames in order."""
        yield from map(self.of, range(len(self.footage.frames)))


def resized_mask(mask: Map, width: int, height: int) -> Map:
    """Resize a mask: area averaging to shrink, linear to enlarge, which adds no rings."""
    import cv2

    if mask.shape == (height, width):
        return mask
    shrinks = width * height < mask.size
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    scaled: Map = cv2.resize(mask, (width, height), interpolation=method)
    return scaled


def finished(mask: Map, settings: Any, size: tuple[int, int]) -> Map:
    """Bring a mask to the film's size, and apply `invert` and `soft`.

    mask: (height, width). settings: `Masks.Settings`. size: width and height in pixels.
    """
    region = np.clip(resized_mask(np.asarray(mask, np.float32), *size), 0, 1)
    if settings.invert:
        region = 1 - region
    return blurred(region, settings.soft, repeat_edge=True) if settings.soft else region


class Pictured(Masks):
    """The base of masks that are read from pictures."""

    @dataclass(frozen=True)
    class Settings(Masks.Settings):
        """Which part of a picture is the region."""

        channel: Literal["luminance", "alpha", "red", "green", "blue"] = field(
            default="luminance",
            kw_only=True,
            metadata={"doc": "what is white in the region; transparent pixels are black"},
        )
        colour: str | None = field(
            default=None,
            kw_only=True,
            metadata={
                "doc": "in place of `channel`: the region is what has this colour in a picture "
                "whose regions are painted in one colour each.",
                "pattern": _COLOUR,
                "examples": ["#ff0000"],
            },
        )
        tolerance: int | None = field(
            default=None,
            kw_only=True,
            metadata={
                "doc": "levels of 0 to 255 by which each channel may differ from `colour`; if "
                "null, 0 for PNG, TIFF and BMP files, which are exact, and 24 for films and others",
                "minimum": 0,
                "maximum": 255,
            },
        )

    def region(self, picture: Values, path: str, setting: str) -> Map:
        """The mask that a picture stands for, of its size.

        path: of its file. setting: that names it. Raises GramflowError without an alpha channel
        where the settings want one.
        """
        if self.settings.colour is not None:
            return self._coloured(picture, path)
        if self.settings.channel == "alpha":
            if picture.shape[2] < 4:
                text = "has no alpha channel; give another file, or channel: luminance"
                raise self.footage.refused(setting, f"{path} {text}")
            return picture[..., 3]
        opacity = picture[..., 3] if picture.shape[2] == 4 else np.float32(1)
        place = {"red": 0, "green": 1, "blue": 2}.get(self.settings.channel)
        light = luminance(picture[..., :3]) if place is None else picture[..., place]
        mask: Map = light * opacity
        return mask

    def _coloured(self, picture: Values, path: str) -> Map:
        """1 where a picture has the colour, within the tolerance, and is not transparent."""
        tolerance = self.settings.tolerance
        if tolerance is None:
            tolerance = 0 if Path(path).suffix.lower() in _EXACT else _LOSSY
        different = np.rint(picture[..., :3] * 255) - _levels(self.settings.colour)
        found = np.abs(different).max(-1) <= tolerance
        if picture.shape[2] == 4:
            found &= picture[..., 3] > 0.5
        return found.astype(np.float32)


class Files(Pictured):
    """Masks from a film, a picture sequence, or one picture for all frames."""

    @dataclass(frozen=True)
    class Settings(Pictured.Settings):
        """Where the masks are."""

        path: str = field(
            metadata={
                "doc": "a film, a picture sequence as a glob, or one picture that holds for every "
                "frame; of the video's aspect, and as many pictures as the video has frames, "
                "either in its used part or in the whole of it.",
                "frames": True,
                "minLength": 1,
                "examples": ["masks/*.png", "masks.mov"],
            }
        )

    def every(self) -> Iterator[Map]:
        """Read the pictures one after the other."""
        path = self.settings.path
        for picture in self.footage.sequences[path]:
            yield self.region(picture, path, "path")


class Key(Masks):
    """What has nearly one colour, such as the ground of a green screen; `invert` keeps the rest."""

    @dataclass(frozen=True)
    class Settings(Masks.Settings):
        """The colour, and how much like it a pixel must be."""

        colour: str = field(
            metadata={
                "doc": "the colour; only its hue and saturation count, not how light it is.",
                "pattern": _COLOUR,
                "examples": ["#00c040"],
            }
        )
        within: float = field(
            default=15.0,
            metadata={
                "doc": "distance from the colour in the a-b plane of CIE Lab up to which a pixel "
                "is in the region; it is outside from 1.5 times as much on",
                "exclusiveMinimum": 0,
            },
        )

    def of(self, number: int) -> Map:
        """Compare the pixels' hue and saturation with the colour's."""
        import cv2

        colour = _levels(self.settings.colour)[None, None] / np.float32(255)
        wanted, found = (
            cv2.cvtColor(each, cv2.COLOR_RGB2Lab)[..., 1:]
            for each in (colour, self.footage.frames[number])
        )
        distance = np.linalg.norm(found - wanted, axis=-1) / self.settings.within
        mask: Map = np.clip(3 - 2 * distance, 0, 1)
        return mask


def _levels(colour: str) -> NDArray[np.float32]:
    """Red, green and blue, 0 to 255, of a text such as #ff8000."""
    return np.array(list(bytes.fromhex(colour[1:])), np.float32)


_EXACT = (".png", ".tif", ".tiff", ".bmp")  # files whose colours are those that were painted
_LOSSY = 24  # levels by which a compressed film changes a flat colour, and more
