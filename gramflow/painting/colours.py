"""The colour plugin of a look, matched to the shots of a film."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from gramflow.base.arrays import Picture, Pixels
from gramflow.base.errors import concerning
from gramflow.engine.colours import Colours
from gramflow.film.keys import colour_samples
from gramflow.film.manifest import Manifest
from gramflow.media.pictures import from_pixels, read_picture, resize
from gramflow.painting.setup import make_colours
from gramflow.settings.config import Config, Look, Style


class ShotColours:
    """Gives the colour plugin of each frame of a film by the frame's number.

    All frames of a shot share one. Where the plugin measures colours, the frames that belong to
    their keys are read, and the style's pictures (see `colour_samples`).

    read: returns the pixels of a source frame by its number.
    """

    def __init__(
        self,
        config: Config,
        look: Look,
        style: Style,
        manifest: Manifest,
        read: Callable[[int], Pixels],
    ) -> None:
        self._made = make_colours(config, look)
        self._style = style
        self._samples = colour_samples(config, look, manifest)
        self._read = read
        self._matched = cache(self._match)

    def __call__(self, number: int) -> Colours:
        """Return the plugin for a frame. Raises GramflowError for files that cannot be read."""
        sampled = self._samples(number)
        return self._matched(sampled) if sampled else self._made

    def _match(self, sampled: tuple[int, ...]) -> Colours:
        frames = [_reduced(from_pixels(self._read(number))) for number in sampled]
        styles = []
        for number, image in enumerate(self._style.images):
            with concerning(f"styles.{self._style.name}.images[{number}]"):
                styles.append(_reduced(read_picture(Path(image))))
        return self._made.matched(frames, styles, self._style.weights)


def _reduced(picture: Picture) -> Picture:
    """A picture of which the longer side has `_SIDE` pixels at most.

    The size does not depend on the look's, so that a draft has the colours of the film.
    """
    height, width = picture.shape[:2]
    share = min(_SIDE / max(height, width), 1)
    return resize(picture, max(round(width * share), 1), max(round(height * share), 1))


_SIDE = 320
