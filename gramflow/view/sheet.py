"""Contact sheets: frames of a film above what was painted of them, on one picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gramflow.base.arrays import Picture, evenly
from gramflow.base.files import appearing
from gramflow.media.pictures import from_pixels, resize, to_jpeg
from gramflow.store.frames import Store

COLUMNS = 6
BANDS = 4
"""A sheet has at most so many rows of pairs."""
_CELL = 320  # most pixels of a picture's width,
_LEAST = 112  # and least, for which small ones are enlarged
_GAP, _LABEL, _MARGIN = 14, 40, 36  # pixels between columns, below each pair, around the sheet
_HEAD = 58  # pixels of the title above the pictures
_DPI = 100
_GROUND, _TEXT, _FAINT = "#161615", "#f2f0ea", "#99968d"


@dataclass(frozen=True)
class Frames:
    """A film's frames and what was painted of them.

    extracted, painted: the stores; sources, keys: the frames' keys in these, in the film's order.
    size: width and height, in pixels, at which both are shown; of a film whose pixels are not
    square, that of square ones.
    """

    extracted: Store
    painted: Store
    sources: Sequence[str]
    keys: Sequence[str]
    size: tuple[int, int]

    def pair(self, number: int, size: tuple[int, int]) -> tuple[Picture, Picture]:
        """A frame and its painting, at a size in pixels."""
        source = self.extracted.read(self.sources[number])
        painted = self.painted.read(self.keys[number])
        return resize(from_pixels(source), *size), resize(from_pixels(painted), *size)

    def shown(self, width: int) -> tuple[int, int]:
        """Width and height of a picture that is no wider than `width` pixels."""
        return within(self.size, width)


def within(size: tuple[int, int], width: int) -> tuple[int, int]:
    """A size of the same shape that is no wider than `width`."""
    scale = min(1.0, width / size[0])
    return round(size[0] * scale), max(round(size[1] * scale), 1)


def stacked(frames: Frames, number: int, width: int) -> bytes:
    """A JPEG file of a frame above its painting, without anything between them."""
    return to_jpeg(np.concatenate(frames.pair(number, frames.shown(width))))


def write_sheet(
    frames: Frames, path: Path, title: str, facts: str, time_of: Callable[[int], str]
) -> None:
    """Write a contact sheet as a JPEG file.

    title, facts: texts at the left and the right of the head. time_of: when a frame is shown, by
    its number.
    """
    from matplotlib.figure import Figure

    numbers = evenly(len(frames.keys), COLUMNS * BANDS)
    width, height = frames.shown(_CELL)
    if width < _LEAST:
        width, height = _LEAST, round(height * _LEAST / width)
    columns = min(len(numbers), COLUMNS)
    rows = -(-len(numbers) // columns)
    pitch = width + _GAP, 2 * height + 2 + _LABEL
    wide = max(2 * _MARGIN + columns * pitch[0] - _GAP, 560)
    high = _HEAD + rows * pitch[1] + _MARGIN // 3
    figure = Figure(figsize=(wide / _DPI, high / _DPI), dpi=_DPI, facecolor=_GROUND)

    def write(x: float, y: float, text: str, size: float, colour: str, side: str = "left") -> None:
        # parse_math: a name may contain $
        figure.text(
            x / wide, 1 - y / high, text, size=size, color=colour, ha=side, parse_math=False
        )

    write(_MARGIN, 40, title, 13, _TEXT)
    write(wide - _MARGIN, 40, facts, 9, _FAINT, "right")
    for place, number in enumerate(numbers):
        row, column = divmod(place, columns)
        left, top = _MARGIN + column * pitch[0], _HEAD + row * pitch[1]
        for below, picture in enumerate(frames.pair(number, (width, height))):
            bottom = high - top - height - below * (height + 2)
            figure.figimage(picture, left, bottom, origin="upper")
        beneath = top + 2 * height + 18
        write(left, beneath, str(number), 8, _TEXT)
        write(left + width, beneath, time_of(number), 8, _FAINT, "right")
    with appearing(path) as temporary:
        figure.savefig(temporary, dpi=_DPI, facecolor=_GROUND, pil_kwargs={"quality": 90})
