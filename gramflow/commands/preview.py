"""Paint single frames at the cost of a draft on one sheet, before a film is paid for.

One frame of each shot in every style and look of the config, with the source on top. With --sweep,
one frame in each combination of some settings' values; a table (CSV) beside the sheet has
evaluations, seconds and losses.
"""

import argparse
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gramflow.base.arrays import Pixels
from gramflow.base.errors import GramflowError
from gramflow.base.files import write_bytes
from gramflow.base.machine import cores
from gramflow.base.progress import clock
from gramflow.commands import options
from gramflow.commands.run import snakemake
from gramflow.engine.backend import prepare
from gramflow.engine.flows import Map
from gramflow.film.manifest import Manifest
from gramflow.film.masks import Mask, mask_frames
from gramflow.painting.picture import PaintedPicture
from gramflow.painting.setup import find_weights
from gramflow.settings.config import Config, check_masks, load
from gramflow.settings.renders import Render
from gramflow.settings.schema import remedy
from gramflow.settings.videos import video_files
from gramflow.store.checks import has_all_frames
from gramflow.store.frames import Listing, extracted_store, mask_store, read_mask
from gramflow.store.layout import Layout
from gramflow.store.png import encode_png
from gramflow.view import previews
from gramflow.view.grid import grid
from gramflow.view.previews import Trial


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    options.add_configfile(parser)
    parser.add_argument(
        "--sweep",
        action="append",
        default=[],
        metavar="SETTING=VALUE,VALUE",
        help="such as losses.content.weight=3,9,27; can be repeated",
    )
    parser.add_argument("--render", help="only this one; a sweep takes its first shot and look")
    parser.add_argument(
        "--width", type=options.positive, default=256, help="of each picture; default: %(default)s"
    )
    parser.add_argument(
        "--shots", type=options.positive, default=4, help="at most, of a film; default: %(default)s"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("results/preview.png"),
        help="default: %(default)s",
    )


def run(
    configfile: Path, sweep: list[str], render: str | None, width: int, shots: int, output: Path
) -> int | None:
    """Extract the frames if needed, paint, and write the sheet anew after every picture."""
    if output.suffix.lower() != ".png":
        raise GramflowError(f"--output {output}: give a name that ends in .png")
    values = options.config_values(configfile)
    config, sweeps = load(values), _sweeps(sweep)
    if render is not None and render not in config.renders:
        raise GramflowError(f"--render: there is no {render}; {remedy(render, config.renders)}")
    chosen = [config.renders[render]] if render else list(config.renders.values())
    _check_output(config, output)
    if sweeps:
        chosen = chosen[:1]
        config, looks = _swept(values, chosen[0].look, sweeps)
    else:
        looks = {}
    layout = Layout(config)
    manifests = {video: layout.manifest(video) for video in {each.video for each in chosen}}
    tried = [replace(each, look=look) for each in chosen for look in looks or [each.look]]
    for each in tried:
        check_masks(config, each)
    masks = {
        (each.video, mask): layout.mask(each.video, mask)
        for each in tried
        for mask in config.masks_of(each)
    }
    if missing := [
        path
        for paths, store, kind in (
            (manifests, extracted_store(config.store), Manifest),
            (masks, mask_store(config.store), Mask),
        )
        for path in paths.values()
        if not (Path(path).is_file() and has_all_frames(Path(path), Listing(store), kind))
    ]:
        status = snakemake(["--configfile", str(configfile), "--", *missing], Path())
        if status:
            return status
    loaded = {video: Manifest.load(Path(path)) for video, path in manifests.items()}
    trials = _trials(config, chosen, loaded, looks, width, 1 if sweeps else shots)
    keys = mask_frames(masks, masks.values())
    _paint(config, trials, loaded, keys, list(sweeps), width, output)
    return None


def _check_output(config: Config, output: Path) -> None:
    """Raise GramflowError for an output that is, or whose table is, a file the config names."""
    used = [file for style in config.styles.values() for file in style.files]
    used += [file for video in config.videos.values() for file in video_files(video)]
    for path in (output, output.with_suffix(".csv")):
        if any(path.exists() and path.samefile(file) for file in used if Path(file).exists()):
            raise GramflowError(f"--output {output}: would replace {path}; give another name")


def _sweeps(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Values by setting. Raises GramflowError for text that is no sweep."""
    found = {}
    for text in texts:
        name, _, values = text.partition("=")
        if not all((*name.split("."), values)):
            example = "losses.content.weight=3,9,27"
            raise GramflowError(f"--sweep {text}: give a setting and values, such as {example}")
        found[name] = [options.value(value, f"--sweep {text}") for value in values.split(",")]
    return found


def _swept(
    values: Mapping[str, Any], look: str, sweeps: Mapping[str, list[Any]]
) -> tuple[Config, dict[str, dict[str, Any]]]:
    """The config with a look for each combination, and the combinations by the looks' names."""
    looks = dict(values.get("looks") or {})
    combined = previews.swept(looks.get(look) or {}, sweeps)
    settings = {f"sweep-{number}": chosen for number, (chosen, _) in enumerate(combined, 1)}
    looks |= {name: entry for name, (_, entry) in zip(settings, combined, strict=True)}
    return load({**values, "looks": looks}), settings


def _trials(
    config: Config,
    renders: Sequence[Render],
    manifests: Mapping[str, Manifest],
    looks: Mapping[str, dict[str, Any]],
    width: int,
    shots: int,
) -> list[Trial]:
    """All pictures to paint.

    looks: settings by look of a sweep, which takes the place of all looks; empty without one.
    """
    return [
        Trial(painter, frame, settings, previews.drafted(config.looks[look], width, settings))
        for render in renders
        for frame in previews.shot_frames(manifests[render.video], shots)
        for painter in [
            render if looks else previews.painter_of(render, manifests[render.video], frame)
        ]
        for look, settings in (looks or {painter.look: {}}).items()
    ]


def _paint(
    config: Config,
    trials: Sequence[Trial],
    manifests: Mapping[str, Manifest],
    masks: Mapping[tuple[str, str], Sequence[str]],
    sweep: Sequence[str],
    width: int,
    output: Path,
) -> None:
    """Paint, and write sheet and table after every picture.

    masks: keys of their frames, by video and mask.
    """
    frames = extracted_store(config.store)

    def read(video: str, number: int) -> Pixels:
        return frames.read(manifests[video].frames[number])

    def mask(video: str, name: str, number: int) -> Map:
        return read_mask(mask_store(config.store), masks[video, name][number])

    wanted = dict.fromkeys((trial.render.video, trial.frame) for trial in trials)
    sources = {place: read(*place) for place in wanted}
    prepare(cores())
    weights = find_weights(config, print)
    made: list[tuple[Trial, PaintedPicture]] = []
    for found in previews.paintings(config, weights, trials, manifests, read, mask):
        made.append(found)
        trial, picture = found
        left = sum(each.seconds for _, each in made) / len(made) * (len(trials) - len(made))
        words = [f"{name}={value}" for name, value in trial.settings.items()]
        title = ", ".join([trial.render.name, f"frame {trial.frame}", *words])
        print(
            f"{len(made)} of {len(trials)}: {title}, {picture.painted.evaluations} evaluations, "
            f"{clock(picture.seconds)}, {clock(left)} left",
            flush=True,
        )
        rows, titles = previews.rows(sources, made, sweep)
        write_bytes(output, encode_png(grid(rows, width, titles)))
        write_bytes(output.with_suffix(".csv"), _table(made).encode())
    print(f"{output}, and the table {output.with_suffix('.csv')}")


def _table(made: Sequence[tuple[Trial, PaintedPicture]]) -> str:
    lines = [previews.told(*found) for found in made]
    text = io.StringIO()
    names = dict.fromkeys(name for line in lines for name in line)
    writer = csv.DictWriter(text, list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
