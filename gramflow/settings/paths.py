"""Checks paths that the config names."""

import os
import re
import stat
from pathlib import Path

from gramflow.settings.schema import Entry, refused


def mode_of(path: Path) -> int:
    """The `st_mode` of a path; 0 if it does not exist or cannot be reached."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # or the name is too long, or a parent folder may not be read
        return 0


def check_braces(path: str, entry: Entry) -> None:
    """Raise GramflowError for a path that Snakemake would take for a pattern."""
    if re.search(r"{.*}", path):
        raise refused(entry, f"{path}: Snakemake takes braces for a wildcard; rename it")


PLUGIN_FOLDERS = "GRAMFLOW_PLUGIN_FOLDERS"
"""Environment variable with folders, separated as in PATH, whose plugin files may be run."""


def check_trusted(path: Path, folder: Path, entry: Entry) -> None:
    """Raise GramflowError for a plugin file outside of a project's folder, unless it is allowed to.

    A plugin is code, and a config may come from anyone: it shall not run what lies around on a
    machine. Folders that are allowed, too, stand in PLUGIN_FOLDERS, which no config can set.
    """
    given = os.environ.get(PLUGIN_FOLDERS, "").split(os.pathsep)
    allowed = [folder, *map(Path, filter(None, given))]
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError):  # which reading it tells
        return
    if not any(real.is_relative_to(each.resolve()) for each in allowed):
        text = f"{path} is code outside of the project's folder; copy it into that, or trust its "
        raise refused(entry, f"{text}folder: {PLUGIN_FOLDERS}={real.parent}")


def check_readable(path: Path, entry: Entry) -> None:
    """Raise GramflowError unless a path is that of a file which may be read."""
    check_braces(str(path), entry)
    mode = mode_of(path)
    if stat.S_ISDIR(mode):
        raise refused(entry, f"{path} is a folder; for a picture sequence give '{path}/*.png'")
    if not stat.S_ISREG(mode):
        raise refused(entry, f"{path}: no such file; correct the path")
    if not os.access(path, os.R_OK):
        raise refused(entry, f"{path} may not be read; allow it with chmod")
