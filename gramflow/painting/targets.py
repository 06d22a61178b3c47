"""Computes the targets of a style into a file that every video shares, and reads it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from gramflow.base.arrays import SMALLEST, Picture, Pixels, luminance
from gramflow.base.errors import GramflowError, concerning
from gramflow.engine import intensity
from gramflow.engine.flows import Map
from gramflow.engine.losses import Loss
from gramflow.engine.memory import limit
from gramflow.engine.objective import Objective
from gramflow.engine.targets import (
    StyleTargets,
    colour_targets,
    flattened,
    style_targets,
    unflattened,
)
from gramflow.engine.tiling import Plan
from gramflow.film.colours import colour_samples
from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.sizes import style_sides
from gramflow.media.pictures import from_pixels, read_picture, resize
from gramflow.media.views import part, parts, turned
from gramflow.painting.calibration import calibrated
from gramflow.painting.setup import make_colours, make_extractor, make_losses, make_network
from gramflow.settings.config import Config
from gramflow.settings.looks import Look
from gramflow.settings.styles import Style
from gramflow.store.arrays import load_arrays, save_arrays


def save_targets(config: Config, style: Style, look: Look, weights: Weights, path: Path) -> None:
    """Compute the targets of a style for a look, and save them as an .npz file.

    path: the file, whose name is that of `target_name`. Errors as of `compute_targets`.
    """
    save_arrays(path, flattened(compute_targets(config, style, look, weights)))


def sampled_frames(
    config: Config, look: Look, manifest: Manifest, number: int, read: Callable[[int], Pixels]
) -> list[Picture]:
    """The frames whose colours the style gets when a frame is painted, reduced; [] for most looks.

    number: of the frame. read: returns the pixels of a frame by its number. The size does not
    depend on the look's, so that a draft has the colours of the film.
    """
    frames = []
    for sample in colour_samples(config, look, manifest)(number):
        picture = from_pixels(read(sample))
        height, width = picture.shape[:2]
        share = min(_SAMPLED / max(height, width), 1)
        frames.append(resize(picture, *(max(round(side * share), 1) for side in (width, height))))
    return frames


def compute_targets(
    config: Config, style: Style, look: Look, weights: Weights, frames: Sequence[Picture] = ()
) -> dict[int, StyleTargets]:
    """Compute the targets of a style for a look, by the width, in pixels, that is painted at.

    frames: those whose colours the style gets, if any (see `sampled_frames`).
    Raises GramflowError, naming the config entry, for a picture that cannot be read, or whose
    shorter side is too short at the look's size.
    """
    losses = {
        name: loss for name, loss in make_losses(config, look).items() if loss.source == "style"
    }
    extractor = make_extractor(config, look, weights)
    plan = Plan(extractor, losses, limit(config.memory), where=f"looks.{look.name}")
    objective, network = Objective(extractor, losses, plan), make_network(config, weights.network)
    colours = make_colours(config, look)

    def found(side: int) -> StyleTargets:
        pictures = style_pictures(style, side)
        views = len(pictures) // len(style.images)
        mixture = [weight / views for weight in style.weights for _ in range(views)]
        if frames:
            pictures = colours.style(pictures, mixture, frames)
        shares = style_masks(style, pictures, losses)
        targets = style_targets(objective, network, pictures, mixture, shares)
        coloured = look.opens_with == "style"
        return targets | (colour_targets(pictures, mixture) if coloured else {})

    targets = {width: found(side) for width, side in style_sides(look).items()}
    if look.asks_intensity:
        side = max(round(intensity.WIDTH * look.style_scale), _LEAST)
        table = calibrated(config, look, weights, objective, found(side))
        for each in targets.values():
            each[intensity.INTENSITY] = table
    return targets


def load_targets(path: Path) -> dict[int, StyleTargets]:
    """Read what save_targets wrote: targets by the width, in pixels, that is painted at.

    Raises GramflowError when the file is damaged.
    """
    return unflattened(load_arrays(path))


def style_pictures(style: Style, side: int) -> list[Picture]:
    """Read the pictures of a style, scaled so that the longer side has `side` pixels.

    Of each picture come all views that the style asks for, the same number of each; a turned one
    has the scale of the upright one. Raises GramflowError, naming the config entry, as save_targets
    does.
    """
    pictures = []
    for number, image in enumerate(style.images):
        with concerning(f"styles.{style.name}.images[{number}]"):
            whole = read_picture(Path(image))
            for each in parts(part(whole, style.crop or (0, 0, 1, 1)), style.crops):
                factor = side / max(each.shape[:2])
                pictures += [_scaled(turned(each, angle), factor) for angle in style.rotations]
    return pictures


def style_masks(style: Style, pictures: Sequence[Picture], losses: Mapping[str, Loss]) -> list[Map]:
    """Read the masks of a style's pictures, each of its picture's size, (height, width), 0..1.

    losses: the terms that take the style's statistics. Raises GramflowError, naming the config
    entry, for a mask of another aspect, or without white, and for a term that knows no masks.
    """
    found = []
    for number, (path, picture) in enumerate(zip(style.masks, pictures, strict=False)):
        with concerning(f"styles.{style.name}.masks[{number}]"):
            mask, (height, width) = luminance(read_picture(Path(path))), picture.shape[:2]
            if abs(mask.shape[1] / mask.shape[0] / (width / height) - 1) > _ASPECT:
                text = f"{mask.shape[1]}x{mask.shape[0]} is of another shape than the picture"
                raise GramflowError(f"{text}; give a mask of its width and height")
            if mask.max() < _WHITE:
                raise GramflowError("nothing of it is white; mark where the style is taken from")
            found.append(np.clip(resize(mask, width, height), 0, 1))
    for name, loss in losses.items():
        if found and not getattr(loss, "regional", False):
            text = f"{name} takes the style of whole pictures; drop the term, or the masks"
            raise GramflowError(f"styles.{style.name}.masks: {text}")
    return found


def _scaled(picture: Picture, factor: float) -> Picture:
    height, width = picture.shape[:2]
    size = round(width * factor), round(height * factor)
    if min(size) < SMALLEST:
        raise GramflowError(
            f"{size[0]}x{size[1]} pixels at this look's smallest size; give a picture less narrow, "
            "or a look with a greater width, style_scale or coarsest"
        )
    return resize(picture, *size)


_ASPECT = 0.02  # greatest relative difference of a mask's aspect from its picture's
_WHITE = 0.5  # least value that the lightest place of a mask has
_LEAST = 4 * SMALLEST  # longer side of a style's pictures for its calibration
_SAMPLED = 320  # longer side in pixels of frames whose colours are measured
