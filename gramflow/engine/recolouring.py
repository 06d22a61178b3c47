"""A frame in the colours of what is painted already."""

import numpy as np

from gramflow.arrays import Picture, resized
from gramflow.engine.interpolation import spread
from gramflow.engine.steadiness import Neighbour


def recoloured(frame: Picture, neighbour: Neighbour) -> Picture:
    """The frame in the colours that paint gave to the areas around.

    What came into sight is not known from the neighbour, but often belongs to an area that is: a
    wall goes on behind a hand. The farther from what is known, the more it stays the frame.
    """
    height, width = frame.shape[:2]
    limit = min(width, _WIDTH)
    size = limit, max(round(height * limit / width), 1)
    known = neighbour.start[..., None]
    parts = np.concatenate([known * (neighbour.picture - frame), known], axis=-1)
    everywhere = np.ones(size[::-1], np.float32)
    found = spread(resized(parts, *size), everywhere, resized(frame, *size), _AREA)
    around = np.maximum(found[..., 3:], 0) + np.float32(_NEAR)
    change = np.divide(found[..., :3], around)
    return np.clip(frame + resized(change, width, height), 0, 1)


_WIDTH = 1280  # pixels at most, for the time and memory that 4K would take
_AREA = 0.05  # of a frame: a difference that divides areas
_NEAR = 0.02  # of what is known around: where it is less, there is little to go by
