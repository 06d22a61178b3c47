"""Atomic file writes, canonical JSON, and natural sorting of file names."""

import errno
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from gramflow.base.errors import DamagedError, GramflowError


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path, and rename it to `path` on success.

    The temporary file lies beside `path`, has its suffix, and is fsynced before the rename. If the
    block fails it is deleted. Errors as of `writing`.
    """
    temporary = _beside(path)
    try:
        with writing(path.parent):
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


@contextmanager
def appearing_folder(path: Path) -> Iterator[Path]:
    """Write a folder as a whole: yield a temporary one beside it, and rename it on success.

    A former folder of that name is replaced. If the block fails, it stays as it was.
    """
    temporary = _beside(path)
    former = temporary.with_name(f"{temporary.name}.former")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if path.exists():
            path.replace(former)
        temporary.replace(path)
    finally:
        for left in (temporary, former):
            shutil.rmtree(left, ignore_errors=True)


def _beside(path: Path) -> Path:
    """A hidden name beside a path, with its suffix, that nothing else has."""
    return path.with_name(f".{path.stem}.{uuid.uuid4().hex}{path.suffix}")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Make a folder, for a block that writes to it.

    Raises GramflowError when the disk is full or the folder is not writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(folder) from error
        if error.errno in (errno.EACCES, errno.EROFS):
            raise GramflowError(f"{folder}: may not be written; allow it and run again") from error
        raise


def disk_full(folder: Path) -> GramflowError:
    """The error for a full disk; names the folder."""
    return GramflowError(
        f"{folder}: no space left on this disk; free some and run again, "
        "everything finished so far is kept"
    )


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` atomically: no reader ever sees a partial file."""
    with appearing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as canonical JSON, so that equal values give equal bytes."""
    write_bytes(path, (canonical(value) + "\n").encode())


def read_json(path: Path) -> Any:
    """The value of a JSON file."""
    return json.loads(path.read_text())


class Document:
    """Base of the dataclasses that are kept as JSON files.

    Equal values under one name give equal bytes. The file has an entry more, `seal`, a digest of
    its name and its values: a changed number is still JSON, and so is the file of another video.
    """

    def to_values(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """Return the object of the values that `to_values` gave."""
        return cls(**values)

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        values = json.loads(canonical(self.to_values()))  # as it will be read
        write_json(path, values | {"seal": _seal(path, values)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; older versions wrote no seal.

        Raises FileNotFoundError, and DamagedError when the file cannot be read, is damaged, or was
        written under another name.
        """
        try:
            values = read_json(path)
            if values.pop("seal", None) not in (None, _seal(path, values)):
                raise ValueError("another seal")
            return cls.from_values(values)
        except FileNotFoundError:
            raise
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            text = f"does not hold the {cls.__name__.lower()} that was written"
            raise DamagedError(f"{path}: {text}; delete it and run again") from error


def _seal(path: Path, values: dict[str, Any]) -> str:
    """Digest of a document's name and values."""
    return hashlib.sha256(f"{path.name} {canonical(values)}".encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal digits.

    Of a folder, it is that of its files' names and digests.
    """
    if path.is_dir():
        listed = {file.name: file_digest(file) for file in files_of(path)}
        return hashlib.sha256(canonical(listed).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_size(path: Path) -> int:
    """Size in bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in files_of(path))


def remove(path: Path) -> None:
    """Delete a file, or a folder with all that is in it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def files_of(path: Path) -> list[Path]:
    """The files in a folder, without hidden ones, sorted; of a file, the file itself."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if not file.name.startswith("."))


def canonical(value: Any) -> str:
    """The value as JSON text with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def workflow_folder() -> Path:
    """Folder with the workflow's Snakefile, rules, scripts, profiles and demo.

    In an installed package they lie within it; in a checkout, beside it.
    """
    package = Path(__file__).parent.parent
    inside = package / "_workflow"
    return inside if inside.is_dir() else package.parent


def natural_sorted(names: Iterable[str]) -> list[str]:
    """Sort file names with embedded numbers compared by value: 2.png before 10.png."""

    def key(name: str) -> list[tuple[int, str]]:
        # the split puts digits at odd indices, so a number is never compared with a text
        parts = re.split(r"(\d+)", name)
        return [(int(part), part) if i % 2 else (0, part) for i, part in enumerate(parts)]

    return sorted(names, key=key)
