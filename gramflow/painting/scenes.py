"""The areas of each frame: what a look's scene says, on the frame's own masks."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from gramflow.base.arrays import resized
from gramflow.engine.areas import Area
from gramflow.engine.flows import Map
from gramflow.engine.steadiness import OWN, Neighbour
from gramflow.film.scenes import ANEW, Scene


class Scenes:
    """The areas of a film's frames, and where painted neighbours still show the right paint.

    scene: gives a frame's scene by its number. mask: reads a mask by its name and the frame's
    number, (h, w), 0..1, of any size. size: width and height to work at, in pixels.
    """

    def __init__(
        self,
        scene: Callable[[int], Scene],
        mask: Callable[[str, int], Map],
        size: tuple[int, int],
    ) -> None:
        self.scene = scene
        self._mask = mask
        self._size = size
        self._shares = lru_cache(maxsize=4)(self._shares_of)

    def areas(self, number: int) -> list[Area]:
        """The areas of a frame: the ground, then the regions. Empty if its scene is plain."""
        scene = self.scene(number)
        if scene.plain:
            return []
        paints = scene.ground, *scene.regions.values()
        return [
            Area(share, paint.styles, paint.intensity)
            for share, paint in zip(self._shares(number), paints, strict=True)
        ]

    def faded(
        self, number: int, others: Mapping[int, int], neighbours: Mapping[int, Neighbour]
    ) -> tuple[dict[int, Neighbour], bool]:
        """Trust painted neighbours less where the paint has changed since.

        others: the neighbours' numbers, by distance in steps back. Returns the neighbours, and
        whether anything has changed. A small change, as in a slow dissolve, still starts from the
        neighbour; a great one starts anew.
        """
        found, turning = dict(neighbours), False
        for back, other in others.items():
            change = self._change(number, other)
            if change is not None and back != OWN:
                turning = True
                anew = np.clip((change - _SLOW) / (ANEW - _SLOW), 0, 1)
                before = neighbours[back]
                found[back] = replace(
                    before, trust=before.trust * (1 - change), kept=before.start * (1 - anew)
                )
        return found, turning

    def _change(self, number: int, other: int) -> Map | None:
        """How much the paint of each place differs from another frame's, 0..1; None if nowhere."""
        now, then = self.scene(number), self.scene(other)
        if now == then:
            return None
        changes, shares = now.change(then), self._shares(number)
        found = sum(change * share for change, share in zip(changes, shares, strict=True))
        return np.asarray(found, np.float32)

    def _shares_of(self, number: int) -> list[Map]:
        """The shares of a frame's areas, which sum to 1. Masks that overlap are scaled down."""
        names = self.scene(number).regions
        masks = [np.clip(resized(self._mask(name, number), *self._size), 0, 1) for name in names]
        total = np.sum([*masks, np.zeros(self._size[::-1], np.float32)], axis=0)
        shares = [mask / np.maximum(total, 1) for mask in masks]
        return [np.maximum(1 - total, 0), *shares]


_SLOW = 0.1  # change of the paint up to which a neighbour is as good a start as ever
