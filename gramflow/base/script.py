"""Logging and error handling that all scripts of the workflow share."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gramflow.base.errors import GramflowError, printable
from gramflow.base.progress import ERROR, Say

INTERRUPTED = "interrupted; everything finished so far is kept"
"""Last line of the log of a job that was ended by Ctrl-C."""


@contextmanager
def job(log: str) -> Iterator[Say]:
    """Yield a function that prints a line on the terminal and appends it to the job's log.

    log: path of the log file, which is emptied first. A line that cannot be written, as on a full
    disk, is lost: that must not end a job whose frames can still be written elsewhere.
    A GramflowError ends the process with its message and status 1, without a traceback; an
    interrupt (SIGINT) ends it with status 130. Any other exception is raised again; its traceback
    is in the log, too.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")

    def note(line: str) -> None:
        with suppress(OSError), path.open("a", encoding="utf-8") as file:
            print(line, file=file)

    def say(line: str) -> None:
        line = printable(line)
        with suppress(OSError):
            print(line, file=sys.stderr, flush=True)
        note(line)

    try:
        yield say
    except GramflowError as error:
        say(f"{ERROR}{error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say(INTERRUPTED)
        sys.exit(130)
    except Exception:
        note(traceback.format_exc())
        raise
