"""Tell what a run will take: frames, jobs, time, memory and disk.

The time is measured on this machine, on a small picture, the first time that it is asked for.
"""

import argparse
from dataclasses import asdict
from functools import cache
from pathlib import Path

from rich.table import Table

from gramflow.base.machine import cores
from gramflow.base.progress import clock
from gramflow.commands import options
from gramflow.engine.backend import prepare
from gramflow.settings.config import Config
from gramflow.store.frames import Listing, extracted_store, painted_store
from gramflow.store.layout import Layout
from gramflow.store.plans import current_plan
from gramflow.view.forecasts import (
    Forecast,
    calibrate,
    duration,
    extraction_mb,
    forecast,
    guessed_plan,
    probe_of,
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)
    options.add_json(parser)
    parser.add_argument(
        "--gpus", type=options.positive, default=1, help="that will paint at once; default: 1"
    )


def run(configfile: Path, json: bool, gpus: int) -> None:
    """Print what each render will take, and all of them together."""
    config = options.load_config(configfile)
    device = prepare(cores())
    forecasts, extracted = _forecasts(config), _extracted_mb(config)
    speeds = [
        calibrate(config, config.looks[config.painted[each.name].look], device)
        for each in forecasts
    ]
    seconds = duration(forecasts, speeds, gpus)
    pairs = list(zip(forecasts, speeds, strict=True))
    if json:
        renders = [
            asdict(each)
            | {
                "seconds": each.seconds(speed),
                "memory_mb": each.memory_mb,
                "disk_mb": each.disk_mb,
            }
            for each, speed in pairs
        ]
        whole = {"device": device, "gpus": gpus, "seconds": seconds, "extracted_mb": extracted}
        options.print_json({"renders": renders, **whole})
    else:
        options.print_table(_table(pairs, f"on {device}, {gpus} at once", seconds, extracted))


def _forecasts(config: Config) -> list[Forecast]:
    planned: set[str] = set()
    layout = Layout(config)
    probed = cache(lambda video: probe_of(config, video, layout))
    found, painted = [], Listing(painted_store(config.store))
    for render in config.painted.values():
        plan = current_plan(config, render, layout)
        if plan is None:
            plan = guessed_plan(config, render, probed(render.video))
        found.append(forecast(config, plan, painted, planned))
    return found


def _extracted_mb(config: Config) -> int:
    """Megabytes of the source frames that are not in the store yet."""
    layout, frames = Layout(config), Listing(extracted_store(config.store))
    videos = {render.video for render in config.painted.values()}
    return sum(extraction_mb(config, video, layout, frames) for video in sorted(videos))


def _table(
    pairs: list[tuple[Forecast, float]], title: str, seconds: float, extracted_mb: int
) -> Table:
    table = Table("render", "frames to paint", "jobs", "time", "memory of a job", "disk")
    for each, speed in pairs:
        table.add_row(
            each.name,
            f"{each.made} of {each.frames}",
            str(each.jobs),
            clock(each.seconds(speed)),
            _bytes(each.memory_mb),
            _bytes(each.disk_mb),
        )
    table.add_section()
    if extracted_mb:
        table.add_row("frames to extract", "", "", "", "", _bytes(extracted_mb))
    forecasts = [each for each, _ in pairs]
    table.add_row(
        title,
        str(sum(each.made for each in forecasts)),
        str(sum(each.jobs for each in forecasts)),
        clock(seconds),
        "",
        _bytes(sum(each.disk_mb for each in forecasts) + extracted_mb),
    )
    return table


def _bytes(megabytes: float) -> str:
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"
