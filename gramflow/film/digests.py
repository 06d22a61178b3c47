"""Digests of values and of files."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical, file_digest


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, hexadecimal; independent of the order of its keys."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def short_digest(value: Any) -> str:
    """The start of a JSON value's digest, as it stands in file names."""
    return digest(value)[:DIGITS]


DIGITS = 16
"""Hexadecimal digits of a digest in a file name."""


def content_digest(path: str) -> str:
    """The SHA-256 of a file, which is read once as long as its size and time stay the same."""
    file = Path(path).absolute()
    status = file.stat()
    return _digest_of(file, status.st_size, status.st_mtime_ns)


@cache
def _digest_of(file: Path, size: int, time: int) -> str:
    """The SHA-256 of a file that has this size and modification time."""
    return file_digest(file)


def replaced(entry: str) -> GramflowError:
    """The error for an input file of `entry` that has changed since the run began."""
    return GramflowError(f"{entry}: a file was replaced during the run; run again")
