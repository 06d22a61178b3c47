"""The memory limit for painting, from the config or from the machine's total memory."""

import os
from collections.abc import Iterator
from pathlib import Path

from gramflow.engine.backend import gpu_memory

SHARE = 0.75
"""Fraction of the machine's memory that is used where the config names no limit.

It applies to the total memory, not to what is free at the moment: a machine then always splits a
picture into the same tiles, and so paints the same bytes.
"""
_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def limit(setting: str | None) -> int:
    """The memory limit for painting in bytes: of the GPU if there is one, else of the process.

    setting: the config's `memory`, such as 8GiB; None for the fraction SHARE of the machine's
        memory.
    """
    if setting is not None:
        return in_bytes(setting)
    return int(SHARE * (gpu_memory() or host_memory()))


def in_bytes(text: str) -> int:
    """Convert a size as the config's schema allows it, such as 8GiB or 7.5 GB, to bytes.

    Raises ValueError for an unknown unit.
    """
    for unit, factor in (_UNITS | _BINARY).items():
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * factor)
    raise ValueError(text)


def host_memory(root: Path = Path("/")) -> int:
    """Memory of the host in bytes, capped by cgroup limits (container, batch system).

    root: the folder that holds proc/ and sys/.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_cgroup_limits(root)])


def _cgroup_limits(root: Path) -> Iterator[int]:
    """Memory limits in bytes of this process's cgroups and their ancestors, version 1 and 2."""
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
            # in a container, its own group may be mounted as the top, whatever the path says
            for folder in (group, *group.parents):
                if folder.is_relative_to(top):
                    yield from _number(folder / name)


def _number(file: Path) -> Iterator[int]:
    """Yield the number in a file; nothing if the file is missing or holds "max" (no limit)."""
    try:
        yield int(file.read_text())
    except (OSError, ValueError):
        return
