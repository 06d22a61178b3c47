"""Files that exist whole or not at all."""

import errno
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gramflow.base.errors import GramflowError


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, with its suffix, renamed to `path` when the block succeeds.

    The file is on the disk (fsync) before it gets its name. When the block fails nothing is left.
    Raises GramflowError when the disk is full, or the folder may not be written.
    """
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(path.parent) from error
        if error.errno in (errno.EACCES, errno.EROFS):
            raise GramflowError(
                f"{path.parent}: may not be written; allow it and run again"
            ) from error
        raise
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def disk_full(folder: Path) -> GramflowError:
    """The error for a disk without space, naming the folder."""
    return GramflowError(
        f"{folder}: no space left on this disk; free some and run again, "
        "everything finished so far is kept"
    )


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` so that `path` is never seen half-written."""
    with appearing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as compact JSON with sorted keys, so that equal values are equal bytes."""
    write_bytes(path, (canonical(value) + "\n").encode())


def read_json(path: Path) -> Any:
    """The value of a JSON file."""
    return json.loads(path.read_text())


def canonical(value: Any) -> str:
    """The one spelling of a JSON value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def natural_sorted(names: Iterable[str]) -> list[str]:
    """File names as people count: 2.png before 10.png."""

    def key(name: str) -> list[tuple[int, str]]:
        # the split leaves digits at odd places, so a number is never compared with a text
        parts = re.split(r"(\d+)", name)
        return [(int(part), part) if i % 2 else (0, part) for i, part in enumerate(parts)]

    return sorted(names, key=key)
