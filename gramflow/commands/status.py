"""Tell how far each render is: frames done and to do, speed and time left.

Reads files only, so it can be asked while a run goes on.
"""

import argparse
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from gramflow.base.errors import GramflowError
from gramflow.base.progress import clock
from gramflow.commands import options
from gramflow.settings.config import Config
from gramflow.store.layout import Layout
from gramflow.view.status import RenderStatus, render_status

_SECONDS = 2.0  # between two looks at the files with --watch


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)
    options.add_json(parser)
    parser.add_argument("--watch", action="store_true", help="until all films are there")


def run(configfile: Path, json: bool, watch: bool) -> None:
    """Print the state of every render."""
    config = options.load_config(configfile)
    if watch and json:
        raise GramflowError("--watch: prints no JSON; give one of them")
    if watch:
        _watch(config)
        return
    found = _statuses(config)
    if json:
        values = [asdict(status) | {"left": status.left} for status in found]
        options.print_json({"renders": values})
    else:
        options.print_table(_table(found))


def _statuses(config: Config) -> list[RenderStatus]:
    layout = Layout(config)
    return [render_status(config, render, layout) for render in config.painted.values()]


def _table(statuses: list[RenderStatus]) -> Table:
    table = Table("render", "frames", "speed", "left", "film")
    for status in statuses:
        table.add_row(
            status.name,
            "not extracted yet" if status.frames is None else f"{status.done}/{status.frames}",
            _speed(status),
            "" if status.left is None else clock(status.left),
            "there" if status.film else "",
        )
    return table


def _speed(status: RenderStatus) -> str:
    if status.untrained:
        return "is trained first"
    return "" if status.seconds is None else f"{status.seconds:.1f} s a frame"


def _watch(config: Config) -> None:
    """Show the table, and show it anew until every film is there."""
    console = Console()
    if not console.is_terminal:
        _print_changes(config)
        return
    with Live(console=console, auto_refresh=False) as live:
        while True:
            found = _statuses(config)
            live.update(_table(found), refresh=True)
            if _finished(config, found):
                return
            time.sleep(_SECONDS)


def _finished(config: Config, statuses: list[RenderStatus]) -> bool:
    """Whether every film is there, and is painted as the config says."""
    films = [status.film for status in statuses if status.name in config.renders]
    return all(films) and all(status.done == status.frames for status in statuses)


def _print_changes(config: Config) -> None:
    """Print a line for every render that has got on, until every film is there."""
    before: dict[str, RenderStatus] = {}
    while True:
        found = _statuses(config)
        for status in found:
            if before.get(status.name) != status:
                frames = "?" if status.frames is None else status.frames
                film = ", film there" if status.film else ""
                print(f"{status.name}: {status.done}/{frames} frames{film}", flush=True)
            before[status.name] = status
        if _finished(config, found):
            return
        time.sleep(_SECONDS)
