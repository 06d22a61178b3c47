"""Whether files that are there can be used, asked before a run. Nothing is written here.

Contents are looked at where a file is small; of frames and films only what a listing tells, that
is existence and size. The rest is checked by whoever reads them, and by `gramflow verify`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from gramflow.film.manifest import Manifest
from gramflow.film.plan import Job
from gramflow.store.frames import Listing, Store
from gramflow.store.records import Certificate, Record


def is_readable(load: Callable[[Path], object], path: Path) -> bool:
    """Whether a file can be read by the `load` of its class."""
    try:
        load(path)
    except (ValueError, TypeError, KeyError):
        return False
    return True


def is_whole_archive(path: Path) -> bool:
    """Whether an .npz file has all its parts, undamaged."""
    try:
        with ZipFile(path) as file:
            return file.testzip() is None
    except (BadZipFile, EOFError, OSError):
        return False


def has_all_frames(path: Path, frames: Listing) -> bool:
    """Whether a manifest can be read, and its frames are in the store with their sizes."""
    try:
        manifest = Manifest.load(path)
    except ValueError:
        return False
    return not lost(dict(zip(manifest.frames, manifest.sizes, strict=True)), frames)


def has_all_painted(path: Path, job: Job, painted: Listing) -> bool:
    """Whether a record is that of the job, and its frames are in the store with their sizes."""
    try:
        record = Record.load(path)
        told = [frame["key"] for frame in record.frames]
        if record.claim != job.claim or told != job.told:
            return False
    except (ValueError, KeyError, TypeError):
        return False
    return not lost(record.sizes, painted)


def lost(sizes: Mapping[str, int], store: Listing | Store) -> list[str]:
    """The keys whose files are not in the store, or have other sizes than these."""
    found = store.sizes(sizes)
    return [key for key, size in sizes.items() if found.get(key) != size]


def holds(path: Path, claim: str, sizes: Mapping[str, int]) -> bool:
    """Whether a certificate says that files of these sizes, by path, are those of the claim."""
    try:
        return Certificate.load(path).holds(claim, sizes)
    except (FileNotFoundError, ValueError):
        return False
