"""Progress lines for the terminal and the logs."""

import time
from collections.abc import Callable

Say = Callable[[str], None]
"""Callback that prints one line on the terminal and in the job's log."""


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
