"""Masks that are drawn for some frames, and carried along by the flow to the others."""

import zlib
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, resized
from gramflow.base.progress import Every
from gramflow.engine.flows import DIS, Flow, Map, mismatch, warp
from gramflow.engine.interpolation import spread
from gramflow.engine.masks import Footage, Pictured, resized_mask
from gramflow.engine.trust import Match, match


class Drawn(Pictured):
    """Masks drawn for single frames, and carried by the flow to the other frames of their shots.

    A frame between two drawn ones is the mean of what both give, by how near they are. A shot
    without a drawn frame is outside of the region.
    """

    @dataclass(frozen=True)
    class Settings(Pictured.Settings):
        """What is drawn, and for which frames."""

        at: dict[str, str] = field(
            metadata={
                "doc": "pictures of the mask, by the frame they are drawn for: its number, from 0, "
                "or its time as seconds with an s, both from the start of the video's used part.",
                "file": True,
                "picture": True,
                "minProperties": 1,
                "propertyNames": {
                    "pattern": r"\d+|\d+(\.\d+)?s",
                    "description": "a frame's number such as 40, or a time such as 2.5s",
                },
                "examples": [{"0": "first.png", "2.5s": "later.png"}],
            }
        )
        width: int = field(
            default=1024,
            metadata={
                "doc": "pixels: masks are carried at the film's own size, or at this width where "
                "that is greater",
                "minimum": 64,
                "maximum": 16384,
            },
        )

    def __init__(self, settings: Any, footage: Footage) -> None:
        super().__init__(settings, footage)
        self._flow = DIS(DIS.Settings())
        self._frame = lru_cache(maxsize=2)(self._frame_of)
        self._due = Every(2)

    def every(self) -> Iterator[Map]:
        """Carry what is drawn through each shot."""
        drawn = self._drawn()
        ends = [*self.footage.shots[1:], len(self.footage.frames)]
        for first, end in zip(self.footage.shots, ends, strict=True):
            yield from self._shot(first, end, [n for n in sorted(drawn) if first <= n < end], drawn)

    def _drawn(self) -> dict[int, Map]:
        """The drawn masks, at the size they are carried at, by the frames' numbers.

        Raises GramflowError for a frame that the video has not, and for one that is drawn twice.
        """
        height, width = self._frame(0).shape[:2]
        found: dict[int, Map] = {}
        for when, path in self.settings.at.items():
            number = self._number(when)
            if number in found:
                raise self.footage.refused("at", f"{when} is frame {number}, which is there twice")
            region = self.region(self.footage.pictures[path], path, "at")
            found[number] = resized_mask(region, width, height)
        return found

    def _number(self, when: str) -> int:
        """Number of the frame that is shown at a time, or has this number.

        Raises GramflowError when the video has no such frame.
        """
        seconds, last = self.footage.seconds, len(self.footage.frames) - 1
        if when.endswith("s"):
            time = float(when[:-1])
            end = 2 * seconds[-1] - seconds[-2] if last else time
            number = bisect(seconds, time + _ROUNDED) - 1 if time <= end else last + 1
        else:
            number = int(when)
        if number > last:
            text = f"{when} is past the end; the last frame is {last}, at {seconds[last]:.6g}s"
            raise self.footage.refused("at", text)
        return number

    def _shot(
        self, first: int, end: int, numbers: list[int], drawn: dict[int, Map]
    ) -> Iterator[Map]:
        """Yield the masks of a shot, frames `first` to `end` - 1. numbers: its drawn frames."""
        if not numbers:
            self.footage.say(
                f"{self.footage.entry}: nothing is drawn for the shot of frames {first} to "
                f"{end - 1}, which is outside of the region"
            )
            yield from (np.zeros_like(drawn[min(drawn)]) for _ in range(first, end))
            return
        start, last = numbers[0], numbers[-1]
        yield from self._backwards(drawn[start], start, first)
        for number, following in pairwise(numbers):
            yield drawn[number]
            yield from self._between(drawn, number, following)
        yield drawn[last]
        yield from self._carried(drawn[last], range(last, end))

    def _between(self, drawn: dict[int, Map], before: int, after: int) -> Iterator[Map]:
        """Yield the masks of the frames between two drawn ones: means of what both give."""
        backwards = self._backwards(drawn[after], after, before + 1)
        forwards = self._carried(drawn[before], range(before, after))
        for number, (ahead, back) in enumerate(zip(forwards, backwards, strict=True), before + 1):
            share = np.float32((number - before) / (after - before))
            yield (1 - share) * ahead + share * back

    def _backwards(self, mask: Map, start: int, first: int) -> Iterator[Map]:
        """Yield, in the film's order, what a mask becomes on the way from its frame to `first`."""
        kept: list[bytes] = []
        for found in self._carried(mask, range(start, first - 1, -1)):
            kept.append(_packed(found))
            if self._due:
                self.footage.say(
                    f"{self.footage.entry}: carried back from frame {start} to "
                    f"{start - len(kept)}, until {first}"
                )
        while kept:
            yield _unpacked(kept.pop(), mask.shape)

    def _carried(self, mask: Map, path: range) -> Iterator[Map]:
        """Yield what a mask of the path's first frame becomes in each of the others."""
        for other, number in pairwise(path):
            frame, before = self._frame(number), self._frame(other)
            if not np.array_equal(frame, before):
                mask = carried(mask, frame, before, match(self._flow, frame, before))
            yield mask

    def _frame_of(self, number: int) -> Picture:
        """A frame at the size that masks are carried at."""
        frame = self.footage.frames[number]
        height, width = frame.shape[:2]
        wanted = min(width, self.settings.width)
        return resized(frame, wanted, max(round(height * wanted / width), 1))


def carried(mask: Map, frame: Picture, other: Picture, found: Match) -> Map:
    """Carry a mask of the frame `other` to `frame`.

    found: the flow from `frame` into `other`.

    Warped along the flow alone, a mask loses its shape within some frames, as the flow is wrong
    beside the borders of what moves. So region and ground are two layers (as in Wang and Adelson
    1994): the flow of each is continued beyond its border, and a pixel belongs to the layer that it
    resembles along the layer's flow, unless it was of the other layer there. What neither had is
    new, and belongs to the layer behind: the one that loses where both claim a pixel. Such evidence
    is weak in flat areas, so it is spread within the edges of the frame. Where both layers move
    alike, the mask simply moves with them. What is left of grey is made crisp.
    """
    moved = np.clip(warp(mask, found.flow), 0, 1)
    flows = [_layer(found.flow, found.trust, share) for share in (moved, 1 - moved)]
    region, ground = (np.clip(warp(mask, flow), 0, 1) for flow in flows)
    alike = _shrunk(np.clip(1 - _APART * np.abs(region - ground), 0, 1))
    judged = _judged(region, ground, flows, frame, other)
    result = alike * (region + ground) / 2 + (1 - alike) * judged
    return np.clip((result - np.float32(0.5)) * _CRISPER + np.float32(0.5), 0, 1)


def _judged(region: Map, ground: Map, flows: list[Flow], frame: Picture, other: Picture) -> Map:
    """Mask of a frame by which layer each pixel resembles in the other frame.

    region, ground: the other frame's mask, warped along the flow of each layer.
    """
    costs = [np.minimum(mismatch(frame, other, flow), _WORST) for flow in flows]
    better = costs[1] + _WORST * ground - costs[0] - _WORST * (1 - region)
    likely = 1 / (1 + np.exp(-better / _CLEAR))
    sure, claim = 2 * likely - 1, np.maximum(region, 1 - ground)
    is_front = (sure * region * (1 - ground)).sum() >= 0
    new = (1 - region) * ground
    values = np.where(claim > 0.5, likely, np.float32(not is_front))
    weights = np.square(sure) * claim + _NEW * new
    mask: Map = spread(values[..., None], weights, frame, _edges(frame))[..., 0]
    return mask


def _shrunk(share: Map) -> Map:
    """The least value of the pixels around, in a square of 5x5."""
    import cv2

    least: Map = cv2.erode(share, np.ones((5, 5), np.uint8))
    return least


def _layer(flow: Flow, trust: Map, share: Map) -> Flow:
    """The flow of a layer, continued beyond its border.

    share: how far a pixel belongs to the layer, 0..1. A local mean of its trusted flow, and a wider
    one where it is far away.
    """
    weights = ((trust + _DOUBTED) * np.square(share))[..., None]
    parts = np.concatenate([flow * weights, weights], axis=-1)
    near, wide = (blurred(parts, sigma, repeat_edge=True) for sigma in (_NEAR, 4 * _NEAR))
    total = near + _LITTLE * wide
    return (total[..., :2] / np.maximum(total[..., 2:], _LEAST)).astype(np.float32, copy=False)


def _edges(frame: Picture) -> Map:
    """The colour difference that counts as an edge at each pixel; greater in textured areas."""
    slopes = np.zeros(frame.shape[:2], np.float32)
    slopes[1:] += np.abs(np.diff(frame, axis=0)).max(-1) / 2
    slopes[:, 1:] += np.abs(np.diff(frame, axis=1)).max(-1) / 2
    usual = blurred(slopes, 2 * _NEAR, repeat_edge=True)
    return np.maximum(np.float32(0.01), np.float32(0.3) * usual)


def _packed(mask: Map) -> bytes:
    """A mask in 8 bits, compressed, since a shot may have thousands of frames."""
    return zlib.compress(np.rint(mask * 255).astype(np.uint8).tobytes(), 1)


def _unpacked(data: bytes, shape: tuple[int, ...]) -> NDArray[np.float32]:
    pixels = np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)
    return pixels.astype(np.float32) / np.float32(255)


_ROUNDED = 1e-6  # seconds by which a time may miss a frame's start
_NEAR = 4.0  # pixels: sigma of the local mean of a layer's flow
_LITTLE = np.float32(0.01)  # weight of the wider mean
_DOUBTED = np.float32(0.02)  # weight of a flow vector without any trust
_LEAST = np.float32(1e-9)
_WORST = np.float32(0.1)  # cap of the photometric error (0..1), and cost of being another layer's
_CLEAR = np.float32(0.01)  # difference of photometric errors that decides: more than noise makes
_NEW = np.float32(0.1)  # weight of a pixel that is new
_APART = np.float32(8)  # the layers do not agree on a pixel from a difference of 1/8 on
_CRISPER = np.float32(1.5)  # factor on a mask's slope in every frame, against the blur of warping
