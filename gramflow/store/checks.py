"""Checks before a run whether existing files can be used. Read-only.

Small files are read. Of frames and films only existence and size are checked, from a listing of
their folder; pixels are verified when a frame is read, and by `gramflow verify`.
"""

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from gramflow.film.manifest import Manifest
from gramflow.film.masks import Mask
from gramflow.film.plan import Job
from gramflow.store.frames import Listing
from gramflow.store.records import Certificate, Record

DAMAGED = (BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
"""What `zipfile` and NumPy raise for damaged archives, whichever byte it is."""


def is_readable(load: Callable[[Path], object], path: Path) -> bool:
    """Whether `load`, such as a `Document`'s, reads the file without an error about it."""
    try:
        load(path)
    except ValueError:
        return False
    return True


def is_whole_archive(path: Path) -> bool:
    """Whether an .npz file is complete, its checksums are right, and it was written as `path`."""
    try:
        with ZipFile(path) as file:
            return file.comment == path.name.encode() and file.testzip() is None
    except DAMAGED:
        return False


def has_all_frames(path: Path, frames: Listing, kind: type[Manifest | Mask] = Manifest) -> bool:
    """Whether a manifest is valid and all its frames are in the store with the right sizes.

    kind: Manifest, or Mask for the document of a mask.
    """
    try:
        listed = kind.load(path)
        return not lost(dict(zip(listed.frames, listed.sizes, strict=True)), frames)
    except (ValueError, TypeError, AttributeError):
        return False


def has_all_painted(path: Path, job: Job, painted: Listing) -> bool:
    """Whether a record belongs to the job and all its frames are in the store with right sizes."""
    try:
        record = Record.load(path)
        told = [frame["key"] for frame in record.frames]
        return record.claim == job.claim and told == job.told and not lost(record.sizes, painted)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def lost(sizes: Mapping[str, int], store: Listing) -> list[str]:
    """Keys whose files are missing from the store or have another size than expected.

    sizes: expected bytes, by key.
    """
    found = store.sizes(sizes)
    return [key for key, size in sizes.items() if found.get(key) != size]


def holds(path: Path, claim: str, sizes: Mapping[str, int]) -> bool:
    """Whether the certificate in a file is valid and matches a claim and its files' sizes.

    sizes: bytes of each file, by its path in the project.
    """
    try:
        return Certificate.load(path).holds(claim, sizes)
    except (FileNotFoundError, ValueError):
        return False
