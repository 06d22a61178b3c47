"""GramflowError: the only error whose message is written for users."""

from collections.abc import Iterator
from contextlib import contextmanager


class GramflowError(Exception):
    """An error that the user can fix.

    The message is one line: the config entry first ("videos.room.path: ..."), then what is wrong,
    then what to do.
    """


def printable(text: str) -> str:
    """The text without control characters, which a terminal would obey; they are shown instead.

    A file's name, and what a film tells of itself, may hold any.
    """
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


@contextmanager
def concerning(entry: str) -> Iterator[None]:
    """Prefix the message of a GramflowError raised in the block with a config entry."""
    try:
        yield
    except GramflowError as error:
        raise GramflowError(f"{entry}: {error}") from error
