"""Takes the newest frame, paints it, and shows it, until the source ends or someone stops it."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from threading import Event

from gramflow.base.errors import GramflowError
from gramflow.base.progress import WARNING, Say
from gramflow.live.painter import Painter
from gramflow.live.reader import Reader
from gramflow.live.sinks import Closed, Painted, Sink
from gramflow.live.sources import Frame

_SPAN = 3.0  # seconds over which rate and latency are measured


class SourceLost(GramflowError):
    """The source has ended early, or delivers nothing any more."""


@dataclass
class Controls:
    """What people change while it runs; any thread may set it.

    network: name of the painter. intensity: how much of the paint is shown, 0..1.
    """

    network: str
    intensity: float = 1.0


class Meter:
    """Counts painted frames, and measures rate and latency over the last seconds."""

    def __init__(self) -> None:
        self.painted = 0
        self._ready: deque[tuple[float, float]] = deque()  # when, and how long after decoding

    def count(self, decoded: float) -> None:
        """Count a frame that is ready now. decoded: as of Frame."""
        now = time.monotonic()
        self.painted += 1
        self._ready.append((now, now - decoded))
        while self._ready[0][0] < now - _SPAN:
            self._ready.popleft()

    def measured(self) -> tuple[float, float]:
        """Frames per second, and the median of the seconds from decoding to ready."""
        now = time.monotonic()
        ready = [each for each in list(self._ready) if each[0] >= now - _SPAN]
        if len(ready) < 2:
            return 0.0, 0.0
        return (len(ready) - 1) / (now - ready[0][0]), median(delay for _, delay in ready)


class Loop:
    """Paints the newest frame again and again.

    sinks: where painted frames go. One that fails is left out from then on, with a warning.
    failed: whether one has, or a recording of the page.
    """

    def __init__(
        self,
        reader: Reader,
        painters: Mapping[str, Painter],
        controls: Controls,
        sinks: list[Sink],
        width: int,
        say: Say,
    ) -> None:
        """width: of the painted frames, in pixels; frames that are narrower keep theirs."""
        self.sinks = sinks
        self.failed = False
        self.painters = painters
        self.controls = controls
        self.reader = reader
        self.meter = Meter()
        self._width = width
        self._say = say

    def run(
        self, stop: Event, patience: float, ends: Callable[[float], bool], tell: Callable[[], None]
    ) -> None:
        """Paint until the source ends, no sink is left, `stop` is set, or `ends` says so.

        patience: seconds without a frame after which a live source is given up.
        ends: whether it is enough, by the seconds since the first frame.
        tell: called ten times a second or more, to show the progress.
        Raises SourceLost when the source ended early; GramflowError when it could not be read.
        """
        alive, first = time.monotonic(), None
        while not stop.is_set() and self.sinks:
            finished = self.reader.finished
            frame = self.reader.take()
            now = time.monotonic()
            if frame:
                self._paint(frame)
                alive, first = now, first or now
            elif finished:
                self._check_end()
                return
            elif self.reader.live and now - alive > patience:
                fault = self.reader.fault or "SOURCE: nothing received"
                raise SourceLost(f"{fault}; given up after {patience:g} s (--patience)")
            tell()
            if first and ends(now - first):
                return

    def line(self) -> str:
        """The progress in words."""
        rate, latency = self.meter.measured()
        return (
            f"{rate:.1f} frames/s, {1000 * latency:.0f} ms, "
            f"{self.meter.painted} painted, {self.reader.dropped} dropped"
        )

    def close(self) -> None:
        """Finish every sink, whatever becomes of the others."""
        for sink in self.sinks:
            self._close(sink)

    def warn(self, error: GramflowError) -> None:
        """Tell that an output has failed, or was closed by someone."""
        self.failed = self.failed or not isinstance(error, Closed)
        self._say(f"{WARNING}{error}")

    def _check_end(self) -> None:
        """Raise the fault of a source that has ended before its end."""
        fault = self.reader.fault
        if fault:
            raise SourceLost(str(fault)) if self.meter.painted else fault

    def _paint(self, frame: Frame) -> None:
        painter = self.painters[self.controls.network]
        source = frame.scaled(self._width)
        pixels = painter.paint(source, self.controls.intensity)
        self.meter.count(frame.decoded)
        painted = Painted(source, pixels, frame.time)
        for sink in list(self.sinks):
            try:
                sink.show(painted)
            except GramflowError as error:
                self.sinks.remove(sink)
                with suppress(GramflowError):  # which would tell the same again
                    sink.close()
                self.warn(error)

    def _close(self, sink: Sink) -> None:
        try:
            sink.close()
        except GramflowError as error:
            self.warn(error)
