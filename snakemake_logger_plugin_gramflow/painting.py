"""How far a render is painted, from what its jobs tell. Reads and writes nothing.

Times are in seconds, of any clock that only rises.
"""

from collections import deque

from gramflow.base.progress import Progress, clock

_RECENT = 20  # number of latest frames over which the speed is averaged
_OFTEN, _SELDOM, _STEP = 30.0, 600.0, 0.1  # see `Due`


class Due:
    """Whether a line of progress is due where lines stay: half a minute after the last one, once
    there was a tenth of the way or ten minutes passed. So a short and a long run have few lines.
    """

    def __init__(self, now: float) -> None:
        self.time, self.share = now, 0.0

    def at(self, now: float, share: float) -> bool:
        """Whether it is due; the next one is due after this."""
        passed = now - self.time
        if passed < _OFTEN or (passed < _SELDOM and share - self.share < _STEP):
            return False
        self.time, self.share = now, share
        return True


class Painting:
    """The painting of a render.

    there: frames that were painted before the run. planned: those to paint; None until it is known.
    """

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.there = 0
        self.planned: int | None = None
        self.seconds: deque[float] = deque(maxlen=_RECENT)
        self.latest: Progress | None = None
        self.due = Due(now)
        self.told = False
        self._running: dict[int, tuple[int, int]] = {}  # frames painted, and all, by job
        self._ended = 0  # frames of the jobs that have ended
        self._busy, self._since = 0.0, now

    @property
    def done(self) -> int:
        """How many frames this run has painted."""
        return self._ended + sum(done for done, _ in self._running.values())

    @property
    def total(self) -> int:
        """How many frames this run paints, as far as known."""
        begun = self._ended + sum(frames for _, frames in self._running.values())
        return begun if self.planned is None else max(self.planned, self.done)

    @property
    def running(self) -> bool:
        """Whether a job is painting."""
        return bool(self._running)

    @property
    def finished(self) -> bool:
        """Whether all is painted."""
        return self.planned is not None and self.done >= self.planned and not self.running

    def busy(self, now: float) -> float:
        """Seconds in which at least one job was painting."""
        return self._busy + (now - self._since if self._running else 0.0)

    def started(self, number: int, frames: int, now: float) -> None:
        """A job begins to paint so many frames."""
        if not self._running:
            self._since = now
        self._running[number] = 0, frames

    def said(self, number: int, progress: Progress) -> None:
        """A job tells how far it is."""
        self.latest = progress
        done, frames = self._running[number]
        if progress.seconds is not None:
            self.seconds.append(progress.seconds)
            self._running[number] = min(done + 1, frames), frames

    def ended(self, number: int, now: float, well: bool) -> None:
        """A job ends. If well, what it did not paint is there, painted for another render."""
        self._busy = self.busy(now)
        self._since = now
        done, frames = self._running.pop(number)
        self._ended += frames if well else done

    @property
    def share(self) -> float:
        """How much of the film is painted."""
        return (self.there + self.done) / max(self.there + self.total, 1)

    def counted(self) -> str:
        """How many of the film's frames are painted."""
        return f"{self.there + self.done} of {self.there + self.total} frames"

    def words(self, now: float) -> str:
        """How far the painting is."""
        parts = [self.counted()]
        # first what must not be cut on a narrow terminal
        if self.done:
            left = self.busy(now) / self.done * (self.total - self.done)
            parts.append(f"{clock(left)} left")
        if self.seconds:
            parts.append(self.speed())
        if self.latest is not None:
            count, at_work = self.latest.evaluations, self.latest.seconds is None
            parts.append(f"evaluation {count}" if at_work else f"{count} evaluations")
            if self.latest.loss is not None:
                parts.append(f"loss {self.latest.loss:.4g}")
        return ", ".join(parts)

    def speed(self) -> str:
        """Mean time of the latest frames."""
        return f"{sum(self.seconds) / len(self.seconds):.1f} s a frame"

    def result(self, now: float) -> str:
        """What was painted."""
        there = f" ({self.there} were there)" if self.there else ""
        speed = f", {self.speed()}" if self.seconds else ""
        return f"{self.done} frame{'s' * (self.done != 1)} painted{there}{speed}"
