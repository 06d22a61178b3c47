"""A thread that decodes a source at its own rate and keeps the newest frame."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

from gramflow.base.errors import GramflowError
from gramflow.base.progress import Say
from gramflow.live.reasons import one_line
from gramflow.live.sources import Frame, Source

_AHEAD = 4  # frames decoded in advance where every one is kept
_WAIT = 0.1  # seconds to wait at once, so that a stop is seen soon
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0  # seconds before a source is opened again
_LATE, _EARLY = 1.0, 10.0  # seconds: how far a live frame may be off before the times have jumped
_LEAVE = 2.0  # seconds to wait for a thread that may be in a call to a device


def offer(queue: "Queue[Any]", item: Any) -> bool:
    """Put an item into a queue; a full one loses its oldest. Returns whether one was lost.

    Only one thread may put items into the queue.
    """
    lost = False
    while True:
        try:
            queue.put_nowait(item)
            return lost
        except Full:
            try:
                queue.get_nowait()
                lost = True
            except Empty:  # taken just now
                continue


def _fault(name: str, error: Exception) -> GramflowError:
    """An error of a source as one line. name: of the source."""
    if isinstance(error, GramflowError):
        return error
    return GramflowError(f"{name}: cannot be read ({one_line(error)}); give another SOURCE")


class Reader:
    """Decodes a source in a thread of its own.

    live: whether the source has no end; see Source.
    dropped: number of frames that were replaced by a newer one before anyone took them.
    finished: whether no more frames will come, once `take` gives none.
    fault: why the source delivers nothing at the moment, or has ended early; None if all is well.
    """

    def __init__(self, source: Source, every: bool, say: Say) -> None:
        """Start reading.

        every: keep all frames, and read them as fast as they are taken. Else frames come at the
            source's own rate, only the newest is kept, and a live source is opened again when it
            ends.
        """
        self.live = source.live
        self.dropped = 0
        self.finished = False
        self.fault: GramflowError | None = None
        self._source = source
        self._every = every
        self._say = say
        self._queue: Queue[Frame] = Queue(_AHEAD if every else 1)
        self._stop = Event()
        self._begun: float | None = None  # when the first frame was due, by time.monotonic()
        self._received = 0
        self._thread = Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def take(self) -> Frame | None:
        """The next frame; None if there is none within a tenth of a second."""
        try:
            return self._queue.get(timeout=_WAIT)
        except Empty:
            return None

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(_LEAVE)

    def _run(self) -> None:
        try:
            self._play()
            pause = _FIRST_PAUSE
            while self.live and self._received and not self._stop.wait(pause):
                received = self._received
                self._play()
                pause = (
                    _FIRST_PAUSE if self._received > received else min(2 * pause, _LONGEST_PAUSE)
                )
        finally:
            self.finished = True

    def _play(self) -> None:
        """Open the source, and hand over its frames until it ends. Sets `fault`."""
        received = self._received
        try:
            with closing(self._source.frames()) as frames:
                for frame in self._timed(frames):
                    self._received += 1
                    if self.fault and self.live:
                        self._say(f"{self._source.name}: is back")
                    self.fault = None
                    self._hand_over(frame)
                    if self._stop.is_set():
                        return
            if self.live:
                raise GramflowError(f"{self._source.name}: has ended")
        except Exception as error:  # of any library: nobody else would see it
            self.fault = _fault(self._source.name, error)
            if self.live and self._received > received:
                self._say(f"{self.fault}; opening it again")

    def _timed(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Wait until each frame is due. Its time then counts from this reader's first frame."""
        opened: float | None = None
        for frame in frames:
            if self._every:
                yield frame
                continue
            due = self._due(frame, opened)
            opened = due - frame.time
            self._begun = due if self._begun is None else self._begun
            self._stop.wait(max(0.0, due - time.monotonic()))
            yield replace(frame, time=due - self._begun, decoded=max(frame.decoded, due))

    def _due(self, frame: Frame, opened: float | None) -> float:
        """When to show a frame, by time.monotonic(). opened: when its time was 0, if known.

        The times of a stream can jump, either way, where its sender starts again, and all of them
        are late after a break. Such frames are due at once, and those after them count from there.
        """
        if opened is None or not self._source.paced:
            return frame.decoded
        due = opened + frame.time
        early = due - frame.decoded
        return frame.decoded if self.live and not -_LATE < early < _EARLY else due

    def _hand_over(self, frame: Frame) -> None:
        if not self._every:
            self.dropped += offer(self._queue, frame)
            return
        while not self._stop.is_set():
            try:
                self._queue.put(frame, timeout=_WAIT)
                return
            except Full:
                continue
