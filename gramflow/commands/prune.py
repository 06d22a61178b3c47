"""Free the disk of what the config does not refer to any more.

Shows what can go, and deletes it with --yes. Frames of a former look or style, or of a video that
was taken out, are lost then, and would have to be painted again.
"""

import argparse
from contextlib import suppress
from pathlib import Path

from gramflow.base.errors import GramflowError
from gramflow.commands import options
from gramflow.view.health import is_locked
from gramflow.view.unused import (
    EXTRACTED,
    MASKS,
    PAINTED,
    RESULTS,
    WORK,
    Unused,
    unused_files,
)

_KINDS = {
    "extracted": EXTRACTED,
    "painted": PAINTED,
    "masks": MASKS,
    "work": WORK,
    "results": RESULTS,
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    parser.add_argument(
        "--configfile",
        type=Path,
        nargs="+",
        default=[Path("config.yaml")],
        metavar="FILE",
        help="all configs of this folder; default: config.yaml",
    )
    parser.add_argument(
        "--only", nargs="+", choices=list(_KINDS), default=list(_KINDS), help="default: all"
    )
    parser.add_argument("--yes", action="store_true", help="delete it")
    options.add_json(parser)


def run(configfile: list[Path], only: list[str], yes: bool, json: bool) -> None:
    """Print, and with `yes` delete, what no config refers to."""
    configs = [options.load_config(path) for path in configfile]
    if yes and is_locked(Path()):
        raise GramflowError(
            "a run is going on in this folder, or was killed; let it end, or gramflow run --unlock"
        )
    wanted = {_KINDS[name] for name in only}
    found = [unused for unused in unused_files(configs) if unused.kind in wanted]
    if json:
        options.print_json({"unused": [_values(unused) for unused in found], "deleted": yes})
    else:
        for unused in found:
            print(_in_words(unused))
    if yes:
        _delete(found)
        if not json:
            print("deleted")
    elif not json and any(unused.files for unused in found):
        print("nothing is deleted yet; do it by: gramflow prune --yes")


def _values(unused: Unused) -> dict[str, object]:
    files = [str(file) for file in unused.files]
    return {"kind": unused.kind, "kept": unused.kept, "bytes": unused.size, "files": files}


def _in_words(unused: Unused) -> str:
    if unused.kept:
        return f"{unused.kind}: all are kept, since {unused.kept}"
    return f"{unused.kind}: {len(unused.files)} files, {unused.size / 1e6:.1f} MB"


def _delete(found: list[Unused]) -> None:
    """Delete files, and folders that are empty then."""
    for unused in found:
        for file in unused.files:
            file.unlink(missing_ok=True)
        for folder in sorted({file.parent for file in unused.files}, reverse=True):
            with suppress(OSError):  # not empty, or a link
                folder.rmdir()
