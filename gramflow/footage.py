"""A video's frames at the working size, and the painted neighbours they are held to."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from gramflow import store
from gramflow.arrays import Picture
from gramflow.engine.flows import Flow, FlowMethod, Map, reliability, warp
from gramflow.engine.stylizers import Neighbour
from gramflow.media.pictures import from_pixels, resize

Motion = tuple[Flow, Map]
"""The flow from a frame into a neighbour, and how far it is to be trusted."""


class Footage:
    """What the frames of a video are painted from, by their number.

    root: the store's folder. frames, keys: its keys of the extracted and of the painted frames.
    size: working width and height. backs: how many frames back the neighbours are.
    first: the first frame of the shot, beyond which no neighbour is looked for.
    """

    def __init__(
        self,
        root: str | Path,
        frames: Sequence[str],
        keys: Sequence[str],
        size: tuple[int, int],
        backs: Sequence[int],
        flow: FlowMethod,
        first: int = 0,
    ) -> None:
        self.frames = frames
        self.keys = keys
        self.size = size
        self.backs = backs
        self.flow = flow
        self.first = first
        self.extracted = store.frames(root)
        self.painted = store.painted(root)
        self.frame = lru_cache(maxsize=max(backs, default=0) + 2)(self._read)
        self._pool = ThreadPoolExecutor(1)
        self._ahead: tuple[int, Future[dict[int, Motion]]] | None = None

    def look_ahead(self, index: int) -> None:
        """Begin with the motion of a frame on another core, while one before it is painted."""
        if self.backs:
            self._ahead = index, self._pool.submit(self._motions, index)

    def neighbours(self, index: int) -> dict[int, Neighbour]:
        """The painted neighbours of a frame, warped to it, by how many frames they are back."""
        motions = self._motions_in_time(index)
        return {
            back: Neighbour(warp(self._painted(index - back), flow), trust)
            for back, (flow, trust) in motions.items()
        }

    def _motions_in_time(self, index: int) -> dict[int, Motion]:
        """From the other core, if it was asked for this frame."""
        ahead = self._ahead
        return ahead[1].result() if ahead and ahead[0] == index else self._motions(index)

    def _motions(self, index: int) -> dict[int, Motion]:
        reach = index - self.first
        return {back: self._motion(index, back) for back in self.backs if back <= reach}

    def _motion(self, index: int, back: int) -> Motion:
        frame, other = self.frame(index), self.frame(index - back)
        flow = self.flow.between(frame, other)
        return flow, reliability(flow, self.flow.between(other, frame))

    def _painted(self, index: int) -> Picture:
        return from_pixels(self.painted.read(self.keys[index]))

    def _read(self, index: int) -> Picture:
        return resize(from_pixels(self.extracted.read(self.frames[index])), *self.size)
