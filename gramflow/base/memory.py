"""How much memory painting may take."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

SHARE = 0.75
"""Of what there is, the part that is taken where the config names no limit.

Of what there is at all, not of what is free at the moment: a machine always cuts a picture in the
same tiles, and so paints the same bytes.
"""
_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def limit(setting: str | None) -> int:
    """Bytes that painting may take: of the GPU if there is one, else of the process.

    setting: the config's entry, such as 8GiB; None for most of what the machine has.
    """
    if setting is not None:
        return in_bytes(setting)
    return int(SHARE * (gpu_memory() or host_memory()))


def in_bytes(text: str) -> int:
    """A size as the config's schema allows it, such as 8GiB or 7.5 GB."""
    for unit, factor in (_UNITS | _BINARY).items():
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * factor)
    raise ValueError(text)


def gpu_memory() -> int | None:
    """Bytes of the GPU, the smallest one if there are several; None if there is none to compute on.

    Has to come after `gramflow.engine.device.prepare`.
    """
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        return None
    question = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(question, check=True, capture_output=True, text=True).stdout
        return min(int(line) for line in answer.split()) * 2**20
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def host_memory(root: Path = Path("/")) -> int:
    """Bytes of the machine, or less where a cgroup sets a limit (a container, a batch system)."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_cgroup_limits(root)])


def _cgroup_limits(root: Path) -> Iterator[int]:
    """The limits of the process's cgroups and of all above them, of version 1 and 2."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            top = root / "sys/fs/cgroup" / controllers
            name = "memory.limit_in_bytes" if controllers else "memory.max"
            group = top / path.lstrip("/")
            # a container may see its own group as the top, whatever the path says
            for folder in (group, *group.parents):
                if folder.is_relative_to(top):
                    yield from _number(folder / name)


def _number(file: Path) -> Iterator[int]:
    """What a file holds; nothing if it is missing, or says "max"."""
    try:
        yield int(file.read_text())
    except (OSError, ValueError):
        return
