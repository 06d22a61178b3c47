"""Read every frame, film and report, and tell which are not as they were made."""

import argparse
import sys
from pathlib import Path

from gramflow.base.files import remove
from gramflow.base.progress import Every
from gramflow.commands import options
from gramflow.view.verify import checked_files


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)
    parser.add_argument(
        "--delete", action="store_true", help="what is wrong; the next run makes it again"
    )


def run(configfile: Path, delete: bool) -> int:
    """Print the wrong files; returns 1 if there are any."""
    config = options.load_config(configfile)
    count, wrong, due = 0, 0, Every(2)
    for checked in checked_files(config):
        count += 1
        if checked.wrong:
            wrong += 1
            print(f"{checked.path}: {checked.wrong}{', deleted' if delete else ''}", flush=True)
            if delete:
                remove(checked.path)
        if due:
            print(f"{count} files read", file=sys.stderr, flush=True)
    if not count:
        print("nothing is there yet")
        return 0
    if not wrong:
        print(f"{count} files, all of them are as they were made")
        return 0
    first = "" if delete else "gramflow verify --delete and "
    print(f"{wrong} of {count} files are wrong; make them again by {first}gramflow run")
    return 1
