"""Gives each job of a machine with several GPUs one of its own, across runs of Snakemake."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO

from gramflow.base.progress import Say

FOLDER = Path("/tmp")
"""Folder of the machine's lock files; not TMPDIR, which may differ from job to job."""


@contextmanager
def lent(say: Say, folder: Path = FOLDER) -> Iterator[None]:
    """Reserve one GPU for this process, and hide the others; wait until one is free.

    The candidates are those of CUDA_VISIBLE_DEVICES, else all GPUs. The variable is set to the
    chosen one, so enter the block before TensorFlow is imported. With fewer than two candidates
    nothing is done: there is no GPU, or the user or SLURM has chosen one. The GPU is free again
    when the block or the process ends.

    folder: folder of the lock files.
    """
    devices = visible()
    if len(devices) < 2:
        yield
        return
    with _free(devices, folder, say) as device:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
        say(f"GPU {device} of {len(devices)} is this job's")
        yield


def visible() -> list[str]:
    """GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    If the variable is not set, the numbers of those that nvidia-smi lists; none without nvidia-smi.
    """
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [device.strip() for device in chosen.split(",") if device.strip()]
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    listed = subprocess.run([tool, "--list-gpus"], capture_output=True, text=True, check=False)
    lines = listed.stdout.splitlines()
    return [str(number) for number, _ in enumerate(line for line in lines if line[:3] == "GPU")]


@contextmanager
def _free(devices: Sequence[str], folder: Path, say: Say) -> Iterator[str]:
    """Lock and yield the first device that no process has; wait until there is one."""
    for attempt in count():
        for device in devices:
            with _lock_file(folder / f"gramflow-gpu-{device}.lock") as file:
                if _locked(file):
                    yield device
                    return
        if attempt == 0:
            say(f"all {len(devices)} GPUs are in use; waiting for one")
        time.sleep(1)


def _locked(file: BinaryIO) -> bool:
    """Try to lock a file. The lock lasts until the file is closed or the process ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(path: Path) -> BinaryIO:
    """Open a lock file, which is created if missing.

    In /tmp, another user's file may be opened, but not by a call that would create it.
    """
    with suppress(FileExistsError):
        path.touch(exist_ok=False)
    return path.open("rb")
