"""Progress lines for the terminal and the logs."""

import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

Say = Callable[[str], None]
"""Callback that prints one line on the terminal and in the job's log."""

ERROR = "ERROR: "
"""Start of the line that says why a job failed. `WARNING` likewise; programs look for both."""

WARNING = "WARNING: "


def failure(lines: Sequence[str]) -> str | None:
    """Why a job failed, in a sentence, by the lines of its log; None if they do not say.

    That is the last error, or else how the traceback ends.
    """
    said = [line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)]
    if not said and any(line.startswith("Traceback ") for line in lines):
        said = [line for line in lines if line.strip()]
    return said[-1] if said else None


def clock(seconds: float) -> str:
    """Format a duration for people: 8 s, 2:05 min, 1:01:40 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d} h"


class Every:
    """Rate limiter: true at most once per `seconds`, so that progress does not flood a log."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.last = time.monotonic()

    def __bool__(self) -> bool:
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True


@dataclass(frozen=True)
class Progress:
    """How far a painting job is, as a line of its log. `from_line` reads what `str` wrote.

    title: of the job, the names of its render and of its part.
    frame, frames: the number of the frame in the job, from 1, and the job's number of frames.
    evaluations: how many evaluations of the loss the frame has had.
    loss: the lowest so far; None without one.
    seconds: that the frame took; None while it is being painted.
    left: seconds until the job ends; None while the frame is being painted.
    """

    title: str
    frame: int
    frames: int
    evaluations: int
    loss: float | None = None
    seconds: float | None = None
    left: float | None = None

    def __str__(self) -> str:
        entries = [f"frame {self.frame}/{self.frames}"]
        if self.seconds is None:
            entries.append(f"evaluation {self.evaluations}")
        else:
            entries.append(f"{self.evaluations} evaluations")
        if self.loss is not None:
            entries.append(f"loss {self.loss:.4g}")
        if self.seconds is not None:
            entries.append(f"{self.seconds:.1f} s")
        if self.left is not None:
            entries.append(f"{clock(self.left)} left")
        return f"{self.title}: {', '.join(entries)}"

    @classmethod
    def from_line(cls, line: str) -> Self | None:
        """Read a line of a log; None for another kind of line. `left` is not read back."""
        found = _PROGRESS.fullmatch(line)
        if found is None:
            return None
        return cls(
            title=found["title"],
            frame=int(found["frame"]),
            frames=int(found["frames"]),
            evaluations=int(found["begun"] or found["done"]),
            loss=None if found["loss"] is None else _finite(found["loss"]),
            seconds=None if found["seconds"] is None else float(found["seconds"]),
        )


_PROGRESS = re.compile(
    r"(?P<title>.*): frame (?P<frame>\d+)/(?P<frames>\d+), "
    r"(evaluation (?P<begun>\d+)|(?P<done>\d+) evaluations)"
    r"(, loss (?P<loss>[^,\s]+))?(, (?P<seconds>[\d.]+) s)?(, [^,]* left)?"
)


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
