"""Paints single pictures, outside the workflow but by the same code: the pixels are the same."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gramflow.base.arrays import Picture, Pixels
from gramflow.base.errors import GramflowError
from gramflow.engine.areas import Area
from gramflow.engine.optimizers import Curve
from gramflow.engine.stylizers import Painted
from gramflow.film.identity import Weights
from gramflow.film.keys import frame_settings
from gramflow.film.manifest import Manifest
from gramflow.film.recipes import learns
from gramflow.film.scenes import scenes
from gramflow.film.sizes import working_size
from gramflow.media.pictures import from_pixels, resize, to_pixels
from gramflow.painting.frame import paint_frame
from gramflow.painting.scenes import Scenes
from gramflow.painting.setup import make_colours, make_stylizer
from gramflow.painting.targets import compute_targets
from gramflow.settings.config import Config
from gramflow.settings.looks import Look, marked
from gramflow.settings.styles import Style
from gramflow.store.frames import pixels_digest


@dataclass(frozen=True)
class PaintedPicture:
    """A painted picture.

    pixels: (height, width, 3), RGB, 16 bits, as the store of a film has them.
    painted: the course of its optimisation. seconds: duration of painting.
    """

    pixels: Pixels
    painted: Painted
    seconds: float


def film_of(pixels: Pixels) -> Manifest:
    """The manifest of a film of one frame."""
    height, width = pixels.shape[:2]
    return Manifest(width, height, "1/1", 0, [pixels_digest(pixels)], [0], 1, [0])


class PicturePainter:
    """Paints pictures in one style by one look.

    A picture gets the pixels that the workflow gives a film of this one frame. The style's targets
    are computed once, when the painter is made. Raises GramflowError for a look that learns from
    painted films.
    """

    def __init__(
        self,
        config: Config,
        style: Style,
        look: Look,
        weights: Weights,
        frames: Sequence[Picture] = (),
    ) -> None:
        """Compute the style's targets, and create the stylizer.

        frames: those whose colours the style gets, if any (see `sampled_frames`).
        """
        if learns(config, look) or any(marked(look, config.registry, "look")):
            text = "is trained on a film first, so it paints no single picture; take another look"
            raise GramflowError(f"looks.{look.name}: {text}")
        self.config, self.look, self._style = config, look, style.name
        self._colours = make_colours(config, look)
        named = config.styles_of_look(look)
        styles = dict.fromkeys([style, *map(config.styles.__getitem__, named)])
        targets = {
            each.name: compute_targets(config, each, look, weights, frames) for each in styles
        }
        self._stylizer = make_stylizer(config, look, weights, targets)

    def paint(
        self,
        pixels: Pixels,
        place: str,
        on_epoch: Callable[[Curve], None] = lambda _: None,
        areas: Callable[[tuple[int, int]], Sequence[Area]] | None = None,
    ) -> PaintedPicture:
        """Paint a picture.

        pixels: (height, width, 3), RGB, 8 or 16 bits. place: names the picture in errors. on_epoch:
        called with the loss curve after every epoch. areas: gives those of the picture by the width
        and height that are painted; by default those of the start of a film without masks.
        Raises GramflowError for a picture that becomes too small at the look's width, and for a
        loss that is not finite.
        """
        started = time.monotonic()
        film = film_of(pixels)
        size = working_size(self.look, film)
        self._stylizer.needs(size[1], size[0])  # refuses what no tiling can hold in memory
        self._stylizer.now = frame_settings(self.config, self.look, film)(0)
        self._stylizer.areas = areas(size) if areas else self._areas(film, size)
        source = resize(from_pixels(pixels), *size)
        painted = paint_frame(
            self._stylizer, self._colours, self.look, source, {}, film.frames[0], on_epoch, place
        )
        return PaintedPicture(to_pixels(painted.picture), painted, time.monotonic() - started)

    def _areas(self, film: Manifest, size: tuple[int, int]) -> Sequence[Area]:
        """The areas of a film's first frame, where the film has no masks."""
        scene = scenes(self.look, self._style, film)
        return Scenes(scene, lambda _, number: np.zeros(size[::-1], np.float32), size).areas(0)
