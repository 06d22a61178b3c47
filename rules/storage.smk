# Where the machines share no folder, what rules make travels through Snakemake's default storage,
# and what the main process reads of it is fetched. Without one, files are where they are.
import errno
from pathlib import Path

APART = workflow.storage_settings.default_storage_provider is not None


def mounted(files):
    """Input files that the config names; of machines apart, on a volume that all of them have."""
    if not APART:
        return list(files)
    return [storage.fs(file, retrieve=False) for file in files]


def object_of(path):
    """A file's object in the storage, or None without a storage."""
    return workflow.inputfile(path).storage_object


def exists(path):
    """Whether a file that rules make is there."""
    stored = object_of(path)
    return stored.exists() if stored else Path(path).is_file()


def size_of(path):
    """The bytes of a file that is there."""
    stored = object_of(path)
    return stored.size() if stored else Path(path).stat().st_size


def copy_of(path):
    """Where a file that rules make can be read, once it was fetched."""
    return Path(workflow.inputfile(path))


def read(kind, path):
    """What `kind.load` reads of a file; one that is damaged is as good as not there.

    By the path in the error Snakemake knows which input is still to be made.
    """
    try:
        return kind.load(Path(path))
    except ValueError as error:
        raise FileNotFoundError(errno.ENOENT, "damaged", str(path)) from error


def fetch(path):
    """Where a file can be read, as it is in the storage now, if it is there."""
    copy = copy_of(path)
    if APART and exists(path):
        copy.parent.mkdir(parents=True, exist_ok=True)
        object_of(path).retrieve_object()
    return copy
