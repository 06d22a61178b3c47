"""Temporal smoothing of painted frames where the source stands still.

A feed-forward network paints each frame on its own, and turns a camera's noise into flicker.
"""

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred

_STILL = 2 / 255  # change of the source up to which a pixel stands still; at twice that it moves
_NOISE = 1.0  # pixels, sigma: what averages out a camera's noise before the change is measured
_AROUND = 2.0  # pixels, sigma: how far around a moving edge counts as moving


class Calm:
    """A recursive mean of painted frames, weighted by how still each pixel's source is.

    The source is averaged with the same weights as the paint, and each frame is compared with that
    mean instead of with the last frame. So slow changes, such as a fade, add up until they count
    as motion, and no paint stays that is older than a change.
    """

    def __init__(self, strength: float) -> None:
        """strength: weight of the past where nothing moves, 0..1; 0 changes nothing."""
        self.strength = strength
        self._mean: tuple[Picture, Picture] | None = None

    def mixed(self, source: Picture, painted: Picture) -> Picture:
        """Return the painted frame, mixed with the past where the source stands still.

        A frame of another size than the last one begins anew.
        """
        if not self.strength:
            return painted
        if self._mean and self._mean[0].shape == source.shape:
            past_source, past_paint = self._mean
            weight = self.strength * stillness(source, past_source)[..., None]
            source = source + weight * (past_source - source)
            painted = painted + weight * (past_paint - painted)
        self._mean = source, painted
        return painted


def stillness(frame: Picture, other: Picture) -> NDArray[np.float32]:
    """How still each pixel is between two frames: (height, width), 1 is still, 0 moves."""
    change = np.abs(blurred(frame - other, _NOISE)).mean(2)
    return np.clip(2 - blurred(change, _AROUND) / np.float32(_STILL), 0, 1)
