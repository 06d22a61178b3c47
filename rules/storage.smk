# Where the machines share no folder, what rules make travels through Snakemake's default storage,
# and what the main process reads of it has to be fetched. Without one, files are where they are.
from functools import cache
from pathlib import Path

APART = workflow.storage_settings.default_storage_provider is not None


def mounted(files):
    """Input files that the config names; of machines apart, on a volume that all of them have."""
    if not APART:
        return list(files)
    return [storage.fs(file, retrieve=False) for file in files]


def copy_of(path):
    """Where a work file can be read when it is there, and its object in the storage, or None."""
    file = workflow.inputfile(path)
    return Path(file), file.storage_object


def fetch(path):
    """Where a work file can be read, as it is in the storage now, if it is there at all."""
    copy, stored = copy_of(path)
    if stored is None:
        return copy
    if stored.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        stored.retrieve_object()
    else:
        copy.unlink(missing_ok=True)
    return copy


@cache
def fetched(path):
    """The same, once, of a file that this run does not make any more."""
    return fetch(path)


def check(path, set_aside_unless, *arguments):
    """Have a work file looked at; one that is set aside is removed from the storage, too.

    The main process decides that; a job's own has nothing to decide.
    """
    if not workflow.is_main_process:
        return
    copy = fetch(path)
    existed = copy.is_file()
    set_aside_unless(copy, *arguments)
    _, stored = copy_of(path)
    if stored is not None and existed and not copy.is_file():
        stored.remove()
        if hasattr(workflow, "iocache"):  # Snakemake may have listed the storage before
            workflow.iocache.exists_in_storage[str(copy)] = False
