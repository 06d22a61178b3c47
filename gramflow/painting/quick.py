"""Paints or learns without a project: a few arguments become a config, in memory."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture
from gramflow.base.errors import GramflowError
from gramflow.base.files import write_bytes
from gramflow.base.machine import cores
from gramflow.base.progress import Say
from gramflow.engine.backend import prepare
from gramflow.engine.optimizers import Curve
from gramflow.engine.stylizers import Arrays
from gramflow.film.description import describe
from gramflow.film.digests import digest
from gramflow.film.identity import Weights
from gramflow.media.pictures import from_pixels, read_pixels, to_bytes, to_pixels
from gramflow.painting.picture import PaintedPicture, PicturePainter, film_of
from gramflow.painting.setup import find_weights, make_stylizer
from gramflow.painting.targets import compute_targets, sampled_frames
from gramflow.painting.training import trained
from gramflow.settings.config import Config, load
from gramflow.store.frames import pixels_digest
from gramflow.store.png import encode_png

Given = str | Path | NDArray[Any]
"""A picture: the path of its file, or an array (height, width, 3)."""


def config_of(
    content: str,
    styles: Sequence[str],
    look: str,
    width: int | None,
    changes: Mapping[str, Any],
    network: str,
    weights: str,
) -> dict[str, Any]:
    """The entries of a config with one video and one style, named after their files.

    content, styles: paths. Other arguments as of `gramflow.paint`.
    """
    sized = {} if width is None else {"width": width}
    return {
        "network": network,
        "weights": weights,
        "videos": {name_of(content): {"path": content}},
        "styles": {name_of(styles[0]): {"images": list(styles)}},
        "looks": {"default": {"preset": look, **changes, **sized}},
    }


def name_of(path: str) -> str:
    """A name that the config allows, made from a file's."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(path).stem).strip("-_")
    return plain[:64] or "picture"


def paint_file(
    config: Config, say: Say, on_epoch: Callable[[Curve], None] = lambda _: None
) -> tuple[PaintedPicture, Weights]:
    """Paint the picture that is the only video of a config, in its only style.

    config: of the entries that `config_of` gives. say: prints a line. on_epoch: called with the
    loss curve. Returns the picture, and the weights that it was painted by. Raises GramflowError.
    """
    render = next(iter(config.renders.values()))
    pixels = read_pixels(Path(config.videos[render.video]["path"]))
    prepare(cores())
    weights = find_weights(config, say)
    style, look = config.styles[render.style], config.looks[render.look]
    frames = sampled_frames(config, look, film_of(pixels), 0, lambda _: pixels)
    painter = PicturePainter(config, style, look, weights, frames)
    return painter.paint(pixels, render.video, on_epoch), weights


def learn(
    config: Config, frames: Sequence[Picture], begun: Path, say: Say
) -> tuple[Arrays, dict[str, Any]]:
    """Let the stylizer of a config's only render learn from pictures (see `Stylizer.train`).

    frames: of the look's width. begun: a file that keeps what is learnt, so that a killed process
    goes on. say: prints a line. Returns what is learnt, and a description of the look (see
    `film.description.describe`). Raises GramflowError.
    """
    render = next(iter(config.renders.values()))
    style, look = config.styles[render.style], config.looks[render.look]
    say(f"training on {prepare(cores())}")
    weights = find_weights(config, say)
    told = describe(config, render, weights)
    del told["video"]  # the style's picture stands for it
    contents = [pixels_digest(to_pixels(frame)) for frame in frames]
    stylizer = make_stylizer(
        config,
        look,
        weights,
        {style.name: compute_targets(config, style, look, weights)},
        frames=dict(enumerate(frames)),
    )
    return trained(stylizer, begun, digest([told, contents]), say), told


def paint_arrays(
    content: Given,
    style: Given | Sequence[Given],
    look: str,
    width: int | None,
    settings: Mapping[str, Any],
    network: str,
    weights: str,
) -> NDArray[np.uint8]:
    """See `gramflow.paint`."""
    styles = [style] if isinstance(style, str | Path | np.ndarray) else list(style)
    if not styles:
        raise GramflowError("style: no picture; give one at least")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        paths = [
            _file(picture, folder / f"{name}.png", name)
            for picture, name in [
                (content, "content"),
                *((picture, f"style-{number}") for number, picture in enumerate(styles)),
            ]
        ]
        values = config_of(paths[0], paths[1:], look, width, settings, network, weights)
        painted, _ = paint_file(load(values), lambda _: None)
    return to_bytes(from_pixels(painted.pixels))


def _file(picture: Given, path: Path, name: str) -> str:
    """The path of a picture; an array is written to `path`. name: of the argument, for errors."""
    if isinstance(picture, str | Path):
        return str(picture)
    if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise GramflowError(
            f"{name}: an array of shape {picture.shape}; give (height, width, 3), RGB"
        )
    if picture.dtype not in (np.uint8, np.uint16):
        if not np.issubdtype(picture.dtype, np.floating) or not np.isfinite(picture).all():
            text = f"an array of {picture.dtype}; give uint8, uint16, or floats in 0..1"
            raise GramflowError(f"{name}: {text}")
        picture = to_pixels(picture.astype(np.float32))
    write_bytes(path, encode_png(picture))
    return str(path)
