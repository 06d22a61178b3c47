"""Lines that tell a person how far a job is."""

import time
from collections.abc import Callable

Say = Callable[[str], None]
"""Takes one line for the terminal and the job's log."""


def clock(seconds: float) -> str:
    """Seconds as people read them: 8 s, 2:05 min, 1:01:40 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d} h"


class Every:
    """True at most once in `seconds`, for progress that must not flood a log."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.last = time.monotonic()

    def __bool__(self) -> bool:
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True
