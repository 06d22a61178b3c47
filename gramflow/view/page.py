"""The page of a run: results/index.html, and what it tells of each render.

The page is opened as a file, without a server, where a browser loads scripts and pictures but no
other data. So what it tells is in scripts, each one call of a function of the page.
"""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION
from gramflow.base.errors import GramflowError
from gramflow.base.files import file_size, write_bytes
from gramflow.base.progress import Say
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan
from gramflow.media.colour import as_painted
from gramflow.media.encode import copy_for_browsers, encode_for_page, pixel_aspect
from gramflow.media.pictures import data_url, read_picture, resize, to_jpeg
from gramflow.media.probe import Probe
from gramflow.settings.config import Config
from gramflow.settings.encoding import holds_sound
from gramflow.settings.renders import Render
from gramflow.store.frames import Store, extracted_store, painted_store
from gramflow.store.layout import INDEX, PAGE_LIVE, film_pattern
from gramflow.store.products import plays_in_browsers
from gramflow.store.records import Record
from gramflow.view.sheet import Frames, stacked, within, write_sheet
from gramflow.view.temporal import TemporalReport

_POINTS = 600  # most points of a curve on the page
_CURVES = 40  # most frames whose falling loss is drawn
_PICTURE = 720  # most pixels of the width of a render's picture,
_THUMBNAIL = 320  # and of a style's


def call(function: str, value: Any) -> bytes:
    """A script that hands a JSON value to a function of the page."""
    return f"gramflow.{function}({json.dumps(value)});\n".encode("ascii")


def index(
    config: Config, waiting: Collection[str] = (), failed: Mapping[str, str] | None = None
) -> str:
    """The text of the page.

    waiting: names of the renders that are still to be made. failed: of those that were not made in
    a run that has failed, with the reasons; "" where none is known.
    """
    reasons = failed or {}
    renders: list[dict[str, Any]] = [
        render.labels | {"name": name, "waiting": name in waiting, "failed": reasons.get(name)}
        for name, render in config.renders.items()
    ]
    films = [_film(config, name) for name in config.renders]
    links = "".join(f'<li><a href="{escape(film)}">{escape(film)}</a></li>' for film in films)
    template = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
    # in a script element, < could begin its end
    values = json.dumps(renders).replace("<", "\\u003c")
    return template.replace("{{links}}", links).replace("{{renders}}", values)


def _film(config: Config, render: str) -> str:
    """Path of a render's film from the page's folder."""
    return film_pattern(config.encode).format(render=render).removeprefix("results/")


def begin(config: Config, waiting: Collection[str]) -> None:
    """Write the page at the start of a run; nothing where nothing can be written.

    waiting: names of the renders that are still to be made.
    """
    with suppress(OSError, GramflowError):
        for name in waiting:
            write_bytes(Path(PAGE_LIVE.format(render=name)), call("live", {"name": name}))
        write_bytes(Path(INDEX), index(config, waiting).encode())


def end(config: Config, failed: Mapping[str, str]) -> None:
    """Write the page at the end of a run that has failed; see `index`, and `begin`."""
    with suppress(OSError, GramflowError):
        write_bytes(Path(INDEX), index(config, failed, failed).encode())


@dataclass(frozen=True)
class Made:
    """A finished render: what it was made by, and what was found about it. film: its path."""

    manifest: Manifest
    probe: Probe
    plan: Plan
    records: Sequence[Record]
    report: TemporalReport
    film: Path


@dataclass(frozen=True)
class PageFiles:
    """Where the page's files of a render go; the film's copy only if browsers need one."""

    data: Path
    source: Path
    picture: Path
    sheet: Path
    copy: Path | None = None


def write_page(config: Config, render: Render, made: Made, files: PageFiles, say: Say) -> None:
    """Write all that the page shows of a finished render.

    Raises GramflowError when frames are missing, when ffmpeg fails, and when the disk is full.
    """
    manifest, plan, extracted = made.manifest, made.plan, extracted_store(config.store)
    width, height = plan.size
    shape = round(width * pixel_aspect(made.probe, width, height)), height
    frames = Frames(extracted, painted_store(config.store), manifest.frames, plan.frames, shape)
    probe = as_painted(made.probe, config.videos[render.video]["colours"])
    encode_for_page(manifest, probe, extracted, manifest.frames, plan.size, files.source, say)
    if files.copy and holds_sound(config.encode):
        copy_for_browsers(made.film, files.copy)
    elif files.copy:
        painted = painted_store(config.store)
        encode_for_page(manifest, probe, painted, plan.frames, plan.size, files.copy, say)
    write_bytes(files.picture, stacked(frames, plan.length // 2, _PICTURE))
    look = "" if render.look == "default" else f", {render.look}"
    write_sheet(
        frames,
        files.sheet,
        f"{render.video} in {render.style}{look}",
        f"{plan.length} frames, {width} × {height}; source above, painted below",
        lambda number: _at(manifest.shown(number)),
    )
    write_bytes(files.data, call("finished", _described(config, render, made, shape)))
    Path(PAGE_LIVE.format(render=render.name)).unlink(missing_ok=True)


def _described(
    config: Config, render: Render, made: Made, shape: tuple[int, int]
) -> dict[str, Any]:
    """What the page tells of a finished render, as JSON values; page.html reads them.

    shape: width and height at which a frame is shown, in square pixels.
    """
    manifest, plan, style = made.manifest, made.plan, config.styles[render.style]
    weights = made.records[0].weights
    seconds, evaluations = _spent(plan, painted_store(config.store))
    return {
        **render.labels,
        "name": render.name,
        "others": [f"shot {number} in {style}, {look}" for number, style, look in render.shots],
        "size": plan.size,
        "shape": shape,
        "frames": plan.length,
        "times": _times(manifest),
        "length": float(manifest.seconds(manifest.times[-1] + manifest.duration - manifest.origin)),
        "shots": manifest.shots,
        "copied": not plays_in_browsers(config.encode),
        "sound": bool(made.probe.audio) and holds_sound(config.encode),
        "file": _film(config, render.name),
        "bytes": file_size(made.film),
        "seconds": seconds,
        "evaluations": evaluations,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "pictures": [_thumbnail(Path(image)) for image in style.images],
        "shares": style.weights,
        "settings": config.looks[render.look].settings,
        "encode": config.encode,
        "weights": {name: weights[name] for name in ("network", "source", "identity", "path")},
        "versions": _versions(),
        "steadiness": _steadiness(made.report),
        "loss": _losses(made.records),
    }


def _spent(plan: Plan, painted: Store) -> tuple[float, int]:
    """Seconds and evaluations that all pictures of a plan took, those of earlier passes too."""
    notes = [painted.told(key) for key in {*plan.made, *plan.frames}]
    seconds = sum(note.get("seconds", 0.0) for note in notes)
    return round(seconds, 1), sum(note.get("evaluations", 0) for note in notes)


def _thumbnail(path: Path) -> tuple[str, str]:
    """A picture's file name, and the address of a small copy."""
    picture = read_picture(path)
    size = within((picture.shape[1], picture.shape[0]), _THUMBNAIL)
    return path.name, data_url(to_jpeg(resize(picture, *size)))


def _at(seconds: float) -> str:
    """When a frame is shown, for people: 2.48 s, or 1:02:05.48."""
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:05.2f}" if hours else f"{minutes}:{rest:05.2f}"


def _times(manifest: Manifest) -> list[float]:
    """When the frames are shown, in seconds; of a constant rate only two, from which all follow."""
    times = [manifest.shown(number) for number in range(len(manifest.times))]
    if {after - before for before, after in pairwise(manifest.times)} <= {manifest.duration}:
        return [times[0], times[0] + float(manifest.seconds(manifest.duration))]
    return [round(time, 5) for time in times]


def _steadiness(report: TemporalReport) -> dict[str, Any]:
    return {
        "median": report.median,
        "percentile_95": report.percentile_95,
        "errors": _thinned(report.frames, report.errors),
        "flagged": [[number, reasons] for number, reasons in sorted(report.flagged.items())],
    }


def _losses(records: Sequence[Record]) -> dict[str, Any]:
    """The last loss along the film, and how it fell in some of the frames."""
    frames = [frame for record in records for frame in record.frames if frame["losses"]]
    last = [frame["losses"][-1][1] for frame in frames]
    step = max(1, -(-len(frames) // _CURVES))
    return {
        "along": _thinned([frame["frame"] for frame in frames], last),
        "falling": [frame["losses"] for frame in frames[::step]],
    }


def _thinned(frames: Sequence[int], values: Sequence[float]) -> list[tuple[int, float]]:
    """Pairs of a frame and its value; of many, the greatest of each of so many runs."""
    pairs = list(zip(frames, values, strict=True))
    step = max(1, -(-len(pairs) // _POINTS))
    runs = (pairs[first : first + step] for first in range(0, len(pairs), step))
    return [max(run, key=lambda pair: pair[1]) for run in runs]


def _versions() -> dict[str, str]:
    """Versions of what paints; what is not installed where the page is made is left out."""
    found = {"engine": str(ENGINE_VERSION)}
    framework = os.environ["KERAS_BACKEND"]
    for package in ("gramflow", framework, "keras", "opencv-python-headless", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
