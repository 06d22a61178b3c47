"""Check this machine and project: ffmpeg, the Keras backend, GPU, weights, memory, disk, config."""

import argparse
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from gramflow.commands import options
from gramflow.view.health import BAD, checks


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)
    options.add_json(parser)


def run(configfile: Path, json: bool) -> int:
    """Print every check; returns 1 if something keeps films from being painted."""
    found = list(checks(configfile))
    if json:
        options.print_json({"checks": [asdict(check) for check in found]})
    else:
        console = Console(highlight=False, soft_wrap=True)
        for check in found:
            advice = f"; {check.remedy}" if check.remedy else ""
            console.print(f"{_MARKS[check.state]} {check.name}: {check.text}{advice}", markup=False)
    return int(any(check.state == BAD for check in found))


_MARKS = {"good": "ok     ", "warning": "warning", "bad": "WRONG  "}
