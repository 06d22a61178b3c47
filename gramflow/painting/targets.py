"""Computes the targets of a style into a file that every video shares, and reads it."""

from pathlib import Path

from gramflow.base.arrays import SMALLEST, Picture
from gramflow.base.errors import GramflowError, concerning
from gramflow.engine.memory import limit
from gramflow.engine.targets import (
    StyleTargets,
    colour_targets,
    flattened,
    style_targets,
    unflattened,
)
from gramflow.engine.tiling import Plan
from gramflow.film.identity import Weights
from gramflow.film.keys import style_sides
from gramflow.media.pictures import read_picture, resize
from gramflow.media.views import part, parts, turned
from gramflow.painting.setup import make_extractor, make_losses, make_network
from gramflow.settings.config import Config, Look, Style
from gramflow.store.arrays import load_arrays, save_arrays


def save_targets(config: Config, style: Style, look: Look, weights: Weights, path: Path) -> None:
    """Compute the targets of a style for a look, and save them as an .npz file.

    path: the file, whose name is that of `target_name`. Errors as of `compute_targets`.
    """
    save_arrays(path, flattened(compute_targets(config, style, look, weights)))


def compute_targets(
    config: Config, style: Style, look: Look, weights: Weights
) -> dict[int, StyleTargets]:
    """Compute the targets of a style for a look, by the width, in pixels, that is painted at.

    Raises GramflowError, naming the config entry, for a picture that cannot be read, or whose
    shorter side is too short at the look's size.
    """
    from gramflow.engine.objective import Objective

    losses = {
        name: loss for name, loss in make_losses(config, look).items() if loss.source == "style"
    }
    extractor = make_extractor(config, look, weights)
    plan = Plan(extractor, losses, limit(config.memory), where=f"looks.{look.name}")
    objective, network = Objective(extractor, losses, plan), make_network(config, weights.network)

    def found(side: int) -> StyleTargets:
        pictures = style_pictures(style, side)
        views = len(pictures) // len(style.images)
        shares = [weight / views for weight in style.weights for _ in range(views)]
        targets = style_targets(objective, network, pictures, shares)
        coloured = look.opens_with == "style"
        return targets | (colour_targets(pictures, shares) if coloured else {})

    return {width: found(side) for width, side in style_sides(look).items()}


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


def _scaled(picture: Picture, factor: float) -> Picture:
    height, width = picture.shape[:2]
    size = round(width * factor), round(height * factor)
    if min(size) < SMALLEST:
        raise GramflowError(
            f"{size[0]}x{size[1]} pixels at this look's smallest size; give a picture less narrow, "
            "or a look with a greater width, style_scale or coarsest"
        )
    return resize(picture, *size)
