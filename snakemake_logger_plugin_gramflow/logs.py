"""Follows the logs of running jobs, wherever those run, as long as the files can be read here."""

from collections import deque
from pathlib import Path

from gramflow.base.progress import failure
from gramflow.base.script import INTERRUPTED

_KEPT = 200  # number of latest lines that are kept; a traceback fits in


class JobLog:
    """The log of a job that has been started but may not have begun.

    A log of an earlier run may still be there. The job empties it first, so it is only read once
    its time has changed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: deque[str] = deque(maxlen=_KEPT)
        self._old = self._modified()
        self._read = 0
        self._part = b""

    def news(self) -> list[str]:
        """The whole lines that were added since the last time."""
        modified = self._modified()
        if modified is None or modified == self._old:
            return []
        self._old = None
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except OSError:
            return []
        self._read += len(data)
        *whole, self._part = (self._part + data).split(b"\n")
        found = [part.decode(errors="replace") for part in whole]
        self.lines += found
        return found

    @property
    def interrupted(self) -> bool:
        """Whether the job was ended by Ctrl-C."""
        return bool(self.lines) and self.lines[-1] == INTERRUPTED

    @property
    def error(self) -> str | None:
        """Why the job failed, in a sentence; None if it does not say."""
        return failure(self.lines)

    def _modified(self) -> int | None:
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return None
