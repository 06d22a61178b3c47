"""A GPU for each job of a machine that has several, whichever run of Snakemake it belongs to."""

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
"""Where the machine's lock files are: not TMPDIR, which a user or a scheduler may set per job."""


@contextmanager
def lent(say: Say, folder: Path = FOLDER) -> Iterator[None]:
    """Show this process one GPU of the machine that no other process has, waiting for one.

    Chooses from CUDA_VISIBLE_DEVICES, else from all GPUs, and sets it; to be entered before
    TensorFlow is imported. Leaves it alone where there is no choice: without a GPU, and where the
    user or SLURM has chosen one. The GPU goes back when the block or the process ends.
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
    """The GPUs that a process may use, as CUDA_VISIBLE_DEVICES names them."""
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
    """The first device that nobody has."""
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
    """Whether this process now has the lock, until it closes the file or ends in whatever way."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(path: Path) -> BinaryIO:
    """Another user's file may be opened in /tmp, but not by a call that would create it."""
    with suppress(FileExistsError):
        path.touch(exist_ok=False)
    return path.open("rb")
