"""Paint a picture, or a film, in the style of one or several pictures.

A film is painted by the workflow, in a project folder beside the output that is kept if it is
stopped, so that the same command goes on, and removed when the film is there.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import yaml
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical, write_bytes
from gramflow.base.progress import Every, clock
from gramflow.commands import options
from gramflow.commands.run import snakemake
from gramflow.engine.optimizers import Curve
from gramflow.film.description import describe
from gramflow.media.ffmpeg import open_film
from gramflow.media.pictures import from_pixels, is_picture, read_pixels, to_bytes
from gramflow.painting.quick import config_of, paint_file
from gramflow.settings.config import Config, load
from gramflow.settings.looks import Look
from gramflow.settings.reading import presets
from gramflow.store.layout import film_pattern
from gramflow.store.png import encode_png

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
_FILMS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "mkv"}
"""Containers by the names of films."""
_MARK = ".made-by-gramflow-paint"  # in the project folders that this command makes, and may remove


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    parser.add_argument("content", type=Path, help="the picture or film to paint")
    parser.add_argument("style", type=Path, nargs="+", help="the picture to paint like, or several")
    parser.add_argument(
        "-o", "--output", type=Path, help="default: CONTENT.STYLE.png, or .mp4, in this folder"
    )
    parser.add_argument(
        "--look", choices=sorted(presets()), default="standard", help="default: standard"
    )
    parser.add_argument("--width", type=options.positive, help="of the result, in pixels")
    options.add_changes(parser, "losses.content.weight=6")
    parser.add_argument("--network", default="vgg19", help="default: %(default)s")
    parser.add_argument("--weights", default="bundled", help="as in config.yaml; default: bundled")


def run(
    content: Path,
    style: list[Path],
    output: Path | None,
    look: str,
    width: int | None,
    assignments: list[str],
    network: str,
    weights: str,
) -> int | None:
    """Paint, and print where the result is. Raises GramflowError before anything is written."""
    for path in (content, *style):
        if not path.is_file():
            raise GramflowError(f"{path}: no such file; correct the path")
    for path in style:
        read_pixels(path)
    still = _is_picture(content)
    output = output or Path(f"{content.stem}.{style[0].stem}{'.png' if still else '.mp4'}")
    _check_output(output, _PICTURES if still else tuple(_FILMS), [content, *style])
    changes = options.changes(assignments)
    paths = [str(path.absolute()) for path in (content, *style)]
    if Path(weights).is_file():  # the film's project is another folder
        weights = str(Path(weights).absolute())
    values = config_of(paths[0], paths[1:], look, width, changes, network, weights)
    if still:
        _paint_picture(load(values), output)
        return None
    encode = {"container": _FILMS[output.suffix.lower()]}
    return _paint_film(values | {"encode": encode}, output)


def _is_picture(content: Path) -> bool:
    """Whether the content is a picture, not a film. Raises GramflowError if it is neither."""
    if is_picture(content):
        read_pixels(content)
        return True
    text = "neither a picture nor a film that can be read; save it as JPEG, PNG or mp4"
    if content.suffix.lower() in (*_PICTURES, ".avif", ".heic", ".txt"):
        raise GramflowError(f"{content}: {text}")
    try:
        with open_film(content) as film:
            if film.streams.video:
                return False
    except (av.FFmpegError, ValueError) as error:
        raise GramflowError(f"{content}: {text}") from error
    raise GramflowError(f"{content}: has no pictures; give a film, not sound alone")


def _check_output(output: Path, suffixes: tuple[str, ...], sources: list[Path]) -> None:
    """Raise GramflowError for an output of another kind, or that would replace a source."""
    if output.suffix.lower() not in suffixes:
        kinds = ", ".join(suffixes)
        raise GramflowError(
            f"--output {output}: cannot be written; give a name that ends in one of {kinds}"
        )
    if output.is_dir():
        raise GramflowError(f"--output {output}: is a folder; give the name of a file")
    folder = output.absolute().parent
    if not folder.is_dir():
        raise GramflowError(f"--output {output}: its folder is not there; make it first")
    if not os.access(folder, os.W_OK):
        raise GramflowError(f"--output {output}: its folder may not be written; give another one")
    if any(output.exists() and output.samefile(source) for source in sources):
        raise GramflowError(f"--output {output}: would replace a source; give another name")


def _paint_picture(config: Config, output: Path) -> None:
    render = next(iter(config.renders.values()))
    with _Watched(config.looks["default"]) as watched:
        found, weights = paint_file(config, watched.say, watched.on_epoch)
    told = canonical(describe(config, render, weights))
    _save(found.pixels, told, output)
    painted = found.painted
    loss = f", loss {painted.losses[-1][1]:.4g}" if painted.losses else ""
    height, width = found.pixels.shape[:2]
    print(
        f"{output}: {width}x{height} pixels, {painted.evaluations} evaluations{loss}, "
        f"{clock(found.seconds)}"
    )


def _save(pixels: Any, told: str, output: Path) -> None:
    """Write a picture atomically: TIFF with 16 bits per channel, others with 8; PNG with a note."""
    suffix = output.suffix.lower()
    if suffix == ".png":
        write_bytes(output, encode_png(to_bytes(from_pixels(pixels)), told))
        return
    depth = pixels if suffix.startswith(".tif") else to_bytes(from_pixels(pixels))
    picture = cv2.cvtColor(depth, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(suffix, picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    if not done:
        raise GramflowError(f"--output {output}: this kind cannot be written; give a name in .png")
    write_bytes(output, data.tobytes())


class _Watched:
    """Shows the progress of a picture: a bar on a terminal, else a line now and then."""

    def __init__(self, look: Look) -> None:
        first = look.first if look.start == "previous" else 1
        self.most = round(look.evaluations * first * len(look.widths))
        self._due = Every(5)
        self._bar = Progress(
            TextColumn("painting"),
            BarColumn(),
            TextColumn("evaluation {task.completed} of at most {task.total}{task.fields[loss]}"),
            TimeElapsedColumn(),
            transient=True,
            disable=not sys.stdout.isatty(),
        )
        self._task = self._bar.add_task("", total=self.most, loss="")

    def __enter__(self) -> "_Watched":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def on_epoch(self, curve: Curve) -> None:
        """Show the evaluations made and the lowest loss."""
        loss = f", loss {curve.lowest:.4g}"
        self._bar.update(self._task, completed=curve.evaluations, loss=loss)
        if self._bar.disable and self._due:
            text = f"evaluation {curve.evaluations} of at most {self.most}{loss}"
            print(text, file=sys.stderr, flush=True)


def _paint_film(values: dict[str, Any], output: Path) -> int:
    """Run the workflow in a project of its own, and move the film to `output`."""
    config = load(values)
    render = next(iter(config.renders))
    project = output.absolute().with_name(f"{output.stem}.gramflow")
    film = project / film_pattern(config.encode).format(render=render)
    mark = project / _MARK
    if project.exists() and not mark.is_file():
        raise GramflowError(
            f"{project}: is in the way, and no project; move it, or give another --output"
        )
    project.mkdir(exist_ok=True)
    mark.touch()
    text = yaml.safe_dump(values, sort_keys=False)
    write_bytes(project / "config.yaml", text.encode())
    status = snakemake([], project)
    if status:
        print(f"{project}: keeps what was painted; run the same command to go on", file=sys.stderr)
        return status
    shutil.move(film, output)
    shutil.rmtree(project)
    print(output)
    return 0
