"""What every script of the workflow does around its one call."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gramflow.base.errors import GramflowError
from gramflow.base.progress import Say


@contextmanager
def job(log: str) -> Iterator[Say]:
    """Gives a function that says a line on the terminal and in the job's log.

    A GramflowError ends the process with its line and status 1, without a traceback.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)
        # the disk may be full: the line on the terminal says so
        with suppress(OSError), path.open("a", encoding="utf-8") as file:
            print(line, file=file)

    try:
        yield say
    except GramflowError as error:
        say(f"ERROR: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("interrupted; everything finished so far is kept")
        sys.exit(130)
