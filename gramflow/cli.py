"""The command `gramflow`: what a person wants to know beside the workflow."""

import argparse
import inspect
import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from gramflow.base.errors import GramflowError
from gramflow.base.progress import Every, clock
from gramflow.engine.backend import prepare
from gramflow.settings.config import Config, load
from gramflow.settings.plugins import KINDS
from gramflow.store.frames import Listing, painted_store
from gramflow.store.layout import Layout
from gramflow.store.plans import current_plan
from gramflow.view.forecasts import calibrate, duration, forecast, guessed_plan, probe_of
from gramflow.view.status import RenderStatus, render_status
from gramflow.view.verify import checked_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        given = vars(chosen)
        function, config = given.pop("function"), _load(given.pop("configfile"))
        return function(config, **given) or 0
    except GramflowError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gramflow", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--configfile", type=Path, default=Path("config.yaml"), help="default: %(default)s"
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, function in (
        ("status", show_status),
        ("plan", show_plan),
        ("verify", verify),
        ("plugins", show_plugins),
    ):
        command = commands.add_parser(name, help=inspect.getdoc(function))
        command.set_defaults(function=function)
        if function is show_plan:
            command.add_argument(
                "--gpus",
                type=_positive,
                default=1,
                help="that will paint at once; default: %(default)s",
            )
        if function is verify:
            command.add_argument(
                "--delete", action="store_true", help="what is wrong; the next run makes it again"
            )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _load(path: Path) -> Config:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise GramflowError(
            f"{path}: no such file; run this beside it, or give --configfile"
        ) from error
    except OSError as error:
        raise GramflowError(
            f"{path}: cannot be read ({error.strerror}); give a file as --configfile"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise GramflowError(f"{path}: not YAML ({reason}); correct it") from error
    if not isinstance(values, dict):
        raise GramflowError(f"{path}: holds no entries; see docs/config.md")
    return load(values)


def show_status(config: Config) -> None:
    """frames done and to do per render, speed and time left"""
    table = Table("render", "frames", "speed", "left", "film")
    layout = Layout(config)
    for render in config.painted.values():
        table.add_row(*_cells(render_status(config, render, layout)))
    Console().print(table)


def _cells(status: RenderStatus) -> tuple[str, ...]:
    return (
        status.name,
        "not extracted yet" if status.frames is None else f"{status.done}/{status.frames}",
        "" if status.seconds is None else f"{status.seconds:.1f} s a frame",
        "" if status.left is None else clock(status.left),
        "there" if status.film else "",
    )


def show_plan(config: Config, gpus: int) -> None:
    """what a run will take: frames, jobs, time, memory and disk"""
    table = Table("render", "frames to paint", "jobs", "time", "memory of a job", "disk")
    device = prepare(os.cpu_count() or 1)
    planned: set[str] = set()
    layout = Layout(config)
    probed = cache(lambda video: probe_of(config, video, layout))
    forecasts, speeds, painted = [], [], Listing(painted_store(config.store))
    for render in config.painted.values():
        speeds.append(calibrate(config, config.looks[render.look], device))
        plan = current_plan(config, render, layout)
        if plan is None:
            plan = guessed_plan(config, render, probed(render.video))
        found = forecast(config, plan, painted, planned)
        forecasts.append(found)
        table.add_row(
            found.name,
            f"{found.made} of {found.frames}",
            str(found.jobs),
            clock(found.seconds(speeds[-1])),
            _gigabytes(found.memory_mb),
            _gigabytes(found.disk_mb),
        )
    table.add_section()
    table.add_row(
        f"on {device}, {gpus} at once",
        str(sum(each.made for each in forecasts)),
        str(sum(each.jobs for each in forecasts)),
        clock(duration(forecasts, speeds, gpus)),
        "",
        _gigabytes(sum(each.disk_mb for each in forecasts)),
    )
    Console().print(table)


def _gigabytes(megabytes: float) -> str:
    return f"{megabytes / 1000:.1f} GB"


def verify(config: Config, delete: bool) -> int:
    """read every frame, film and report, and tell which are not as they were made"""
    count, wrong, due = 0, 0, Every(2)
    for checked in checked_files(config):
        count += 1
        if checked.wrong:
            wrong += 1
            print(f"{checked.path}: {checked.wrong}{', deleted' if delete else ''}", flush=True)
            if delete:
                checked.path.unlink()
        if due:
            print(f"{count} files read", file=sys.stderr, flush=True)
    if not count:
        print("nothing is there yet")
        return 0
    if not wrong:
        print(f"{count} files, all of them are as they were made")
        return 0
    remedy = "run snakemake" if delete else "run gramflow verify --delete, and snakemake"
    print(f"{wrong} of {count} files are wrong; {remedy}, which makes them again")
    return 1


def show_plugins(config: Config) -> None:
    """every plugin the config can name, with its settings"""
    console = Console()
    for kind in KINDS:
        table = Table("name", "setting", "default", "meaning", title=kind, title_justify="left")
        for plugin in config.registry.all(kind):
            table.add_row(plugin.name, "", "", _summary(plugin.cls))
            for name, schema in plugin.schema["properties"].items():
                table.add_row(
                    "", name, str(schema.get("default", "")), schema.get("description", "")
                )
        console.print(table)


def _summary(cls: type[Any]) -> str:
    return (inspect.getdoc(cls) or "").splitlines()[0]
