"""The one error a user is meant to read."""

from collections.abc import Iterator
from contextlib import contextmanager


class GramflowError(Exception):
    """Something the user can put right.

    The message is one line: the config entry first ("videos.room.path: ..."), then what is
    wrong, then what to do.
    """


@contextmanager
def concerning(entry: str) -> Iterator[None]:
    """Put a config entry before the message of a GramflowError."""
    try:
        yield
    except GramflowError as error:
        raise GramflowError(f"{entry}: {error}") from error
