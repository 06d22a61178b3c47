"""Frames of a video, read from the store, and painted ones on their way into it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gramflow.base.arrays import Picture, Pixels
from gramflow.media.pictures import from_pixels
from gramflow.store.frames import Store, Writer


class SourceFrames(Mapping[int, Picture]):
    """A video's frames by their numbers, read from the store whenever one is asked for.

    keys: of the frames, in order. change: what is done to each. Raises GramflowError like
    `Store.read`.
    """

    def __init__(
        self,
        store: Store,
        keys: Sequence[str],
        change: Callable[[Picture], Picture] = lambda frame: frame,
    ) -> None:
        self._store = store
        self._keys = keys
        self._change = change

    def __getitem__(self, number: int) -> Picture:
        return self._change(from_pixels(self._store.read(self._keys[number])))

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._keys)))

    def __len__(self) -> int:
        return len(self._keys)


class PaintedFrames:
    """Reads painted frames from the store, and writes them behind the painting.

    The newest frame is kept in memory, since it may not be on the disk yet when the next one needs
    it. It is kept as stored, with 16 bits, so that a film resumed from the disk has the same bytes.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._writer = Writer(store)
        self._newest: tuple[str, Pixels] = "", np.empty((0, 0, 3))

    def picture(self, key: str) -> Picture:
        """Return a painted frame."""
        newest, pixels = self._newest
        return from_pixels(pixels if key == newest else self.store.read(key))

    def keep(
        self, key: str, pixels: Pixels, note: Mapping[str, Any], done: Callable[[], None]
    ) -> None:
        """Write a painted frame on another thread, then call `done` there.

        Waits for the frame before. Raises what went wrong with that one.
        """
        self._newest = key, pixels
        self._writer.write(key, pixels, note, done)

    def settle(self) -> None:
        """Wait until every frame is in the store. Raises GramflowError when the disk is full."""
        self._writer.settle()
