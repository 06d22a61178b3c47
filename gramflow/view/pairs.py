"""Source frames beside their paintings, for films and pictures that compare them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gramflow.base.arrays import Pixels
from gramflow.media.pictures import from_pixels, resize, to_pixels
from gramflow.store.frames import Store, extracted_store, painted_store


class SideBySide(Store):
    """A store whose pictures are a source frame, left, and its painting, right; read only.

    frames: keys of the source frames. painted: keys of their paintings, likewise in order, by which
    the pictures are read.
    """

    def __init__(self, root: str | Path, frames: Sequence[str], painted: Sequence[str]) -> None:
        super().__init__(painted_store(root).root)
        self._frames = extracted_store(root)
        self._sources = dict(zip(painted, frames, strict=True))

    def read(self, key: str) -> Pixels:
        """Read both: (height, 2 * width, 3), RGB, 16 bits. Errors as of `Store.read`."""
        painting = super().read(key)
        height, width = painting.shape[:2]
        source = from_pixels(self._frames.read(self._sources[key]))
        return np.hstack([to_pixels(resize(source, width, height)), painting])
