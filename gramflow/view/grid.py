"""Pictures in rows and columns, with captions, as one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gramflow.base.arrays import Pixels
from gramflow.media.pictures import from_pixels, resize, to_bytes

_GAP = 8  # pixels between pictures, and at the edges
_TEXT = 16  # pixels of the captions' font
_PAPER, _INK = (250, 249, 246), (40, 40, 40)

Bytes = NDArray[np.uint8]
"""(height, width, 3), RGB, 8 bits."""


@dataclass(frozen=True)
class Row:
    """A row of a grid: its caption, and pictures of 8 or 16 bits; None leaves a place empty."""

    caption: str
    pictures: Sequence[Pixels | None]


def grid(rows: Sequence[Row], width: int, titles: Sequence[str] = ()) -> Bytes:
    """Draw a grid of pictures.

    width: of every picture, in pixels; heights follow. titles: of the columns. Captions are never
    cut: the grid is as wide as the longest.
    """
    columns = max(len(row.pictures) for row in rows)
    longest = max(_font().getlength(row.caption) for row in rows)
    across = max(_GAP + columns * (width + _GAP), ceil(longest) + 2 * _GAP)
    bands = [_titles(titles, width, across)] if titles else []
    for row in rows:
        bands += [_text([(_GAP, row.caption)], across), _pictures(row.pictures, width, across)]
    return np.vstack(bands)


def _titles(titles: Sequence[str], width: int, across: int) -> Bytes:
    places = [_GAP + column * (width + _GAP) for column in range(len(titles))]
    return _text(list(zip(places, titles, strict=True)), across)


def _text(words: Sequence[tuple[int, str]], across: int) -> Bytes:
    """A band with texts, each at its distance from the left, in pixels."""
    band = Image.new("RGB", (across, _TEXT + _GAP), _PAPER)
    draw = ImageDraw.Draw(band)
    for left, text in words:
        draw.text((left, _GAP // 2), text, fill=_INK, font=_font())
    return np.asarray(band)


@cache
def _font() -> Any:
    """The font of captions and titles, which comes with Pillow."""
    return ImageFont.load_default(_TEXT)


def _pictures(pictures: Sequence[Pixels | None], width: int, across: int) -> Bytes:
    """A band with pictures, scaled to one width, and a gap below."""
    scaled = [None if each is None else _scaled(each, width) for each in pictures]
    height = max((each.shape[0] for each in scaled if each is not None), default=1)
    band = np.full((height + _GAP, across, 3), _PAPER, np.uint8)
    for column, picture in enumerate(scaled):
        if picture is not None:
            left = _GAP + column * (width + _GAP)
            band[: picture.shape[0], left : left + width] = picture
    return band


def _scaled(pixels: Pixels, width: int) -> Bytes:
    height = max(round(pixels.shape[0] * width / pixels.shape[1]), 1)
    return to_bytes(resize(from_pixels(pixels), width, height))
