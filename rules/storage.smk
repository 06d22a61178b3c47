# Access to files that rules make. Where the machines share no folder, such files are in Snakemake's
# default storage, and the main process fetches those that it reads. Without a default storage,
# files are used where they are.
import errno
import os
from functools import cache
from pathlib import Path

from gramflow.base.files import file_size

APART = workflow.storage_settings.default_storage_provider is not None


def mounted(files):
    """Input files that the config names. Their times or contents are in the names of what is made.

    Where the machines share no folder, they must be on a volume that all of them have.
    """
    if not APART:
        return [ancient(file) for file in files]
    return [storage.fs(file, retrieve=False) for file in files]


def object_of(path):
    """A file's object in the default storage; None without one."""
    return workflow.inputfile(path).storage_object


def exists(path):
    """Whether a file that rules make exists."""
    stored = object_of(path)
    return stored.exists() if stored else Path(path).exists()


def size_of(path):
    """Size in bytes of a file that exists, or of the files in a folder."""
    stored = object_of(path)
    return stored.size() if stored else file_size(Path(path))


def copy_of(path):
    """Local path of a file that rules make, readable once it was fetched."""
    return Path(workflow.inputfile(path))


@cache
def loaded(kind, path, modified):
    """What `kind.load` reads of a file, parsed once as long as its time stays the same."""
    return kind.load(Path(path))


def load_once(kind, path):
    """Read a file by `kind.load`, which raises ValueError for a damaged one."""
    # as a text, so that a FileNotFoundError has the path as Snakemake writes it
    return loaded(kind, str(path), os.stat(str(path)).st_mtime_ns)


def read(kind, path):
    """Read a file by `kind.load`; a damaged one counts as missing.

    The error is a FileNotFoundError with the path, from which Snakemake knows which input to make.
    """
    try:
        return load_once(kind, path)
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, "damaged", str(path)) from error


def fetch(path):
    """Fetch a file from the storage as it is now, if it exists there; return its local path."""
    copy = copy_of(path)
    if APART and exists(path):
        copy.parent.mkdir(parents=True, exist_ok=True)
        object_of(path).retrieve_object()
    return copy
