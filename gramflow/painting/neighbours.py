"""Warps painted frames onto the frame that is painted next.

Needs no store: pixels come from whoever asks, so films on the disk and live video are alike.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gramflow.base.arrays import Picture, Pixels, resized
from gramflow.engine.colours import Colours
from gramflow.engine.flows import Flow, FlowMethod, Map, scaled, warp
from gramflow.engine.steadiness import OWN, Neighbour, led
from gramflow.engine.trust import match
from gramflow.film.order import Step
from gramflow.media.pictures import from_pixels, resize


@dataclass(frozen=True)
class Motion:
    """The flow from one frame into another, at the working size.

    trust, kept: maps in 0..1, see `gramflow.engine.trust.Match`.
    """

    flow: Flow
    trust: Map
    kept: Map


class Neighbours:
    """Source frames at the working size, the flow between them, and painted neighbours.

    read: returns the pixels of a source frame by its number. size: width and height to work at, in
    pixels. kept: about how many frames are in use at once; so many stay in memory. colours:
    prepares frames of the working size before they are painted, and reopens painted ones.
    """

    def __init__(
        self,
        read: Callable[[int], Pixels],
        size: tuple[int, int],
        flow: FlowMethod,
        kept: int,
        colours: Colours | None = None,
    ) -> None:
        self._colours = colours or Colours(Colours.Settings())
        self.size = size
        self.flow = flow
        self.frame = lru_cache(maxsize=kept)(self._frame)
        self._pixels = lru_cache(maxsize=kept)(read)
        self._view = lru_cache(maxsize=kept)(self._view_of)
        self._pool = ThreadPoolExecutor(1)
        self._ahead: tuple[Step, Future[dict[int, Motion]]] | None = None

    def look_ahead(self, step: Step) -> None:
        """Start computing the flow of a step on another thread, while an earlier one is painted."""
        if step.neighbours:
            self._ahead = step, self._pool.submit(self._motions, step)

    def of(
        self, step: Step, painted: Callable[[int], Picture], own: Picture | None = None
    ) -> dict[int, Neighbour]:
        """Return the painted neighbours of a frame, warped onto it, by distance in frames.

        painted: returns a neighbour's painted picture by its number. own: the frame as the previous
        pass painted it, at distance 0 (`OWN`); None in the first pass.
        """
        motions = self._motions_of(step)
        found = {
            back: self._warped(other, painted(other), motions[other])
            for back, other in step.neighbours.items()
        }
        if step.lead is not None:
            lead = self._warped(step.lead, painted(step.lead), motions[step.lead])
            found[1] = led(found[1], lead, step.share)
        if own is not None:
            everywhere = np.ones(self.size[::-1], np.float32)
            picture = self._reopened(step.number, own)
            found[OWN] = Neighbour(picture, self.frame(step.number), everywhere)
        return found

    def motion(self, number: int, other: int) -> Motion:
        """Return the flow from one frame into another.

        It is found at the film's own size, where small motions are several pixels, and then reduced
        to the working size, which averages its errors.
        """
        found = match(self.flow, self._view(number), self._view(other))
        maps = (np.clip(resized(each, *self.size), 0, 1) for each in (found.trust, found.kept))
        return Motion(scaled(found.flow, *self.size), *maps)

    def _warped(self, number: int, painted: Picture, motion: Motion) -> Neighbour:
        """Warp a frame and its painted picture along the motion."""
        picture = warp(self._reopened(number, painted), motion.flow)
        frame = warp(self.frame(number), motion.flow)
        return Neighbour(picture, frame, motion.trust, motion.kept)

    def _reopened(self, number: int, painted: Picture) -> Picture:
        """A painted picture at the working size, in the colours that are painted in."""
        return self._colours.reopen(resize(painted, *self.size), self.source(number))

    def _motions_of(self, step: Step) -> dict[int, Motion]:
        """Wait for a step's flow; start it now if `look_ahead` has not."""
        if not self._ahead or self._ahead[0] != step:
            self._ahead = step, self._pool.submit(self._motions, step)
        return self._ahead[1].result()

    def _motions(self, step: Step) -> dict[int, Motion]:
        """Compute the flow from a step's frame into each frame it needs, by their numbers."""
        others = {*step.neighbours.values(), *([] if step.lead is None else [step.lead])}
        return {other: self.motion(step.number, other) for other in sorted(others)}

    def source(self, number: int) -> Picture:
        """Return a source frame at the working size, as the film has it."""
        return resize(from_pixels(self._pixels(number)), *self.size)

    def _frame(self, number: int) -> Picture:
        """A source frame at the working size, prepared for painting."""
        return self._colours.prepare(self.source(number))

    def _view_of(self, number: int) -> Picture:
        """A source frame at the size that flow is found at: its own, up to the flow's limit."""
        picture = from_pixels(self._pixels(number))
        height, width = picture.shape[:2]
        limit = max(self.flow.settings.width, self.size[0])
        if width <= limit:
            return picture
        return resize(picture, limit, max(round(height * limit / width), 1))
