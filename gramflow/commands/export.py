"""Write the painted frames of a render as PNG files, or a film that shows it beside its source."""

import argparse
from dataclasses import replace
from pathlib import Path

from gramflow.base.errors import GramflowError
from gramflow.base.files import write_bytes
from gramflow.base.progress import Every
from gramflow.commands import options
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan
from gramflow.media.encode import BROWSERS, encode
from gramflow.media.probe import Probe
from gramflow.media.source import Source
from gramflow.settings.config import Config
from gramflow.settings.encoding import container_of
from gramflow.settings.renders import Render
from gramflow.settings.schema import remedy
from gramflow.settings.videos import is_stored, video_files
from gramflow.store.frames import painted_store
from gramflow.store.layout import Layout
from gramflow.store.plans import current_plan
from gramflow.view.pairs import SideBySide


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)
    parser.add_argument("render", help="such as room.starry_night")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--frames", type=Path, metavar="FOLDER", help="for PNG files, 16 bits per channel"
    )
    what.add_argument(
        "--compare", type=Path, metavar="FILM", help="an .mp4: source left, painting right"
    )


def run(configfile: Path, render: str, frames: Path | None, compare: Path | None) -> None:
    """Write one or the other. Raises GramflowError while frames are missing."""
    config = options.load_config(configfile)
    if render not in config.renders:
        raise GramflowError(f"there is no render {render}; {remedy(render, config.renders)}")
    plan = _finished_plan(config, config.renders[render])
    if frames is not None:
        _write_frames(config, plan, frames)
    elif compare is not None:
        _write_film(config, config.renders[render], plan, compare)


def _finished_plan(config: Config, render: Render) -> Plan:
    """A render's plan. Raises GramflowError unless all its frames are painted."""
    plan = current_plan(config, render, Layout(config))
    if plan is None:
        raise GramflowError(f"{render.name}: nothing is painted yet; paint it by gramflow run")
    keys = plan.frames
    there = painted_store(config.store).sizes(keys)
    done = sum(key in there for key in keys)
    if done < len(keys):
        text = f"{render.name}: {done} of {len(keys)} frames are painted"
        raise GramflowError(f"{text}; paint the rest by gramflow run")
    return plan


def _write_frames(config: Config, plan: Plan, folder: Path) -> None:
    """Copy the frames into a folder that is empty or new, by their numbers in the film."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GramflowError(f"--frames {folder}: is not empty; give a new folder")
    store, keys, due = painted_store(config.store), plan.frames, Every(2)
    for number, key in enumerate(keys):
        store.read(key)  # refuses a damaged one
        write_bytes(folder / f"{number:06d}.png", store.path(key).read_bytes())
        if due:
            print(f"{number + 1} of {len(keys)} frames", flush=True)
    print(f"{folder}: {len(keys)} frames")


def _write_film(config: Config, render: Render, plan: Plan, film: Path) -> None:
    """Encode the film that compares, with the source's sound."""
    video, layout = config.videos[render.video], Layout(config)
    options.check_new(film, ".mp4", "--compare")
    if is_stored(video["path"]):
        raise GramflowError(f"videos.{render.video}.path: not on this machine; download it first")
    manifest = Manifest.load(Path(layout.manifest(render.video)))
    encode(
        manifest,
        _doubled(Probe.load(Path(layout.probe(render.video)))),
        Source.from_config(
            render.video, video, video_files(video) or [layout.capture(render.video)]
        ),
        SideBySide(config.store, manifest.frames, plan.frames),
        plan.frames,
        film,
        config.encode if container_of(config.encode) == "mp4" else BROWSERS,
        lambda line: print(line, flush=True),
    )
    print(f"{film}: {len(plan.frames)} frames, source left, {render.name} right")


def _doubled(probe: Probe) -> Probe:
    """The probe of a film of twice the width, so that its pixels keep their aspect."""
    if probe.rotation % 180:
        return replace(probe, height=2 * probe.height)
    return replace(probe, width=2 * probe.width)
