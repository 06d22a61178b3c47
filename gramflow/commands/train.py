"""Train a small network that paints like a picture, for `gramflow live`.

It learns from the films and pictures given by --on: best from those that it is to paint. A network
for any film needs several that differ. The same command goes on where it was stopped.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from gramflow.base.arrays import Picture
from gramflow.base.errors import GramflowError
from gramflow.base.progress import WARNING
from gramflow.commands import options
from gramflow.commands.export_network import add_licence, check_network, write_network
from gramflow.engine.feedforward import SMALLEST_CROP
from gramflow.engine.learning import SHIFT
from gramflow.live.sources import Frame, Pictures, Pixels, source_of
from gramflow.media.pictures import from_pixels, read_pixels
from gramflow.painting.quick import config_of, learn
from gramflow.settings.config import load
from gramflow.settings.looks import merged
from gramflow.settings.reading import presets

_MOST = 64  # frames of each film


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    parser.add_argument("style", type=Path, nargs="+", help="the picture to paint like, or several")
    parser.add_argument(
        "--on",
        nargs="+",
        required=True,
        metavar="CONTENT",
        help="films and pictures to learn on, or patterns of pictures in quotes",
    )
    parser.add_argument("-o", "--output", type=Path, help="default: STYLE.onnx, in this folder")
    parser.add_argument(
        "--look", choices=sorted(presets()), default="draft", help="default: %(default)s"
    )
    parser.add_argument(
        "--width", type=options.positive, help="of the frames to learn on, in pixels"
    )
    options.add_changes(parser, "stylizer.steps=1000")
    add_licence(parser)
    parser.add_argument(
        "--network",
        default="vgg19",
        help="whose features the losses compare: vgg16 or vgg19; default: %(default)s",
    )
    parser.add_argument("--weights", default="bundled", help="as in config.yaml; default: bundled")


def run(
    style: list[Path],
    on: list[str],
    output: Path | None,
    look: str,
    width: int | None,
    assignments: list[str],
    licence: str,
    network: str,
    weights: str,
) -> None:
    """Train, and write the network as an ONNX file. Raises GramflowError before it begins."""
    for path in style:
        if not path.is_file():
            raise GramflowError(f"{path}: no such file; correct the path")
        read_pixels(path)
    output = output or Path(f"{style[0].stem}.onnx")
    options.check_new(output, ".onnx", "--output")
    changes = merged({"stylizer": {"name": "network"}}, options.changes(assignments))
    paths = [str(path.absolute()) for path in style]
    config = load(config_of(paths[0], paths, look, width, changes, network, weights))
    check_network(config.looks["default"])
    frames = list(_frames(on, config.looks["default"].width))
    if not frames:
        raise GramflowError("--on: no frame is large enough to learn from; give larger ones")
    print(f"learning from {len(frames)} frames of {len(on)} films and pictures", flush=True)
    begun = output.with_suffix(".training.npz")
    arrays, told = learn(config, frames, begun, lambda line: print(line, flush=True))
    write_network(output, output.stem, licence, arrays, told)
    begun.unlink(missing_ok=True)


def _frames(names: Iterable[str], width: int) -> Iterator[Picture]:
    """Frames of films and all pictures, at most as wide as `width`, without those too small."""
    for name in names:
        source = source_of(name, fps=25, loop=False, width=width)
        if source.live:
            text = f"has no end; record it first: gramflow live {name} -o FILM"
            raise GramflowError(f"--on {name}: {text}")
        most = sys.maxsize if isinstance(source, Pictures) else _MOST
        for pixels in spread(source.frames(), most, width):
            if min(pixels.shape[:2]) >= SMALLEST_CROP + SHIFT:
                yield from_pixels(pixels)
            else:
                text = f"{pixels.shape[1]}x{pixels.shape[0]} pixels are too few to learn from"
                print(f"{WARNING}{name}: {text}; left out", flush=True)


def spread(frames: Iterable[Frame], most: int, width: int) -> list[Pixels]:
    """At most so many frames, at even distances, of a film of unknown length, scaled to a width."""
    kept: list[Pixels] = []
    step = 1
    for number, frame in enumerate(frames):
        if number % step == 0:
            kept.append(frame.scaled(width))
        if len(kept) > most:
            kept, step = kept[::2], 2 * step
    return kept
