"""A video's frames at one size, and what each is painted from beside itself."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gramflow.base.arrays import Picture, Pixels, resized
from gramflow.engine.flows import Flow, FlowMethod, Map, scaled, warp
from gramflow.engine.steadiness import OWN, Neighbour, led
from gramflow.engine.trust import match
from gramflow.film.order import Step
from gramflow.media.pictures import from_pixels, resize
from gramflow.store.frames import Writer, extracted_store, painted_store


@dataclass(frozen=True)
class Motion:
    """The flow from a frame into another one, at the footage's size.

    trust, kept: as of `gramflow.engine.trust.Match`.
    """

    flow: Flow
    trust: Map
    kept: Map


class Footage:
    """What the frames of a video are painted from, by their number.

    root: the store's folder. frames: its keys of the extracted frames. size: width and height of
    all that is read. kept: about how many frames are read more than once.
    """

    def __init__(
        self,
        root: str | Path,
        frames: Sequence[str],
        size: tuple[int, int],
        flow: FlowMethod,
        kept: int,
    ) -> None:
        self.frames = frames
        self.size = size
        self.flow = flow
        self.extracted = extracted_store(root)
        self.painted = painted_store(root)
        self.frame = lru_cache(maxsize=kept)(self._read)
        self._view = lru_cache(maxsize=kept)(self._read_view)
        self._pixels = lru_cache(maxsize=kept)(self._read_pixels)
        self._pool = ThreadPoolExecutor(1)
        self._ahead: tuple[Step, Future[dict[int, Motion]]] | None = None
        self._writer = Writer(self.painted)
        self._newest: tuple[str, Pixels] = "", np.empty((0, 0, 3))

    def look_ahead(self, step: Step) -> None:
        """Begin with the motion of a step on another core, while one before it is painted."""
        if step.neighbours:
            self._ahead = step, self._pool.submit(self._motions, step)

    def neighbours(
        self, step: Step, painted: Mapping[int, str], before: Mapping[int, str]
    ) -> dict[int, Neighbour]:
        """What a frame goes on from, warped to it, by how many steps back it is.

        painted, before: the store's keys by frame, of this pass and of the one before; `OWN` is
        the frame's own picture of that.
        """
        motions = self._motions_in_time(step)
        found = {
            back: self.neighbour(other, painted[other], motions[other])
            for back, other in step.neighbours.items()
        }
        if step.lead is not None:
            lead = self.neighbour(step.lead, painted[step.lead], motions[step.lead])
            found[1] = led(found[1], lead, step.share)
        if step.number in before:
            own = self.painting(before[step.number])
            everywhere = np.ones(own.shape[:2], np.float32)
            found[OWN] = Neighbour(own, self.frame(step.number), everywhere)
        return found

    def motion(self, number: int, other: int) -> Motion:
        """The flow from a frame into another one.

        Found at the film's own size, where small motions are several pixels, and then made
        smaller, which averages what errors there are.
        """
        frame, target = self._view(number), self._view(other)
        found = match(self.flow, frame, target)
        maps = (np.clip(resized(each, *self.size), 0, 1) for each in (found.trust, found.kept))
        return Motion(scaled(found.flow, *self.size), *maps)

    def neighbour(self, number: int, key: str, motion: Motion) -> Neighbour:
        """A frame and its painted picture of this key, warped along the motion into the frame."""
        picture, frame = self.painting(key), self.frame(number)
        warped = warp(picture, motion.flow), warp(frame, motion.flow)
        return Neighbour(*warped, motion.trust, motion.kept)

    def painting(self, key: str) -> Picture:
        """A painted picture of the store, at the size of this footage."""
        newest, pixels = self._newest  # perhaps not in the store yet
        if key != newest:
            pixels = self.painted.read(key)
        return resize(from_pixels(pixels), *self.size)

    def keep(
        self, key: str, pixels: Pixels, note: Mapping[str, Any], done: Callable[[], None]
    ) -> None:
        """Write a painted picture on another core, while the next is painted; then call `done`.

        Waits for the one before, and raises what came in its way.
        """
        self._newest = key, pixels
        self._writer.write(key, pixels, note, done)

    def settle(self) -> None:
        """Wait until all that was kept is in the store. Raises GramflowError when the disk is
        full."""
        self._writer.settle()

    def _motions_in_time(self, step: Step) -> dict[int, Motion]:
        """From the thread that computes them all, which may have begun before."""
        if not self._ahead or self._ahead[0] != step:
            self._ahead = step, self._pool.submit(self._motions, step)
        return self._ahead[1].result()

    def _motions(self, step: Step) -> dict[int, Motion]:
        others = {*step.neighbours.values(), *([] if step.lead is None else [step.lead])}
        return {other: self.motion(step.number, other) for other in sorted(others)}

    def _read(self, number: int) -> Picture:
        return resize(from_pixels(self._pixels(number)), *self.size)

    def _read_view(self, number: int) -> Picture:
        """A frame as the flow sees it: of the film's own size, unless that is beyond the limit."""
        picture = from_pixels(self._pixels(number))
        height, width = picture.shape[:2]
        limit = max(self.flow.settings.width, self.size[0])
        if width <= limit:
            return picture
        return resize(picture, limit, max(round(height * limit / width), 1))

    def _read_pixels(self, number: int) -> Pixels:
        return self.extracted.read(self.frames[number])
