"""Sizes at which films and pictures of styles are painted."""

from gramflow.base.arrays import SMALLEST
from gramflow.base.errors import GramflowError
from gramflow.film.manifest import Manifest
from gramflow.settings.config import Config
from gramflow.settings.looks import Look


def working_size(look: Look, manifest: Manifest) -> tuple[int, int]:
    """Width and height in pixels at which a look paints a video.

    A height that the look does not give follows from the video's aspect ratio, rounded to an even
    number. Raises GramflowError if it is too small for the network's poolings.
    """
    if look.height is not None:
        return look.width, look.height
    height = 2 * round(look.width * manifest.height / manifest.width / 2)
    if height < SMALLEST:
        raise GramflowError(
            f"looks.{look.name}.width: {look.width} gives {look.width}x{height} pixels; give a "
            f"greater one, so that the height is {SMALLEST} at least"
        )
    return look.width, height


def film_sizes(config: Config) -> list[tuple[int, int]]:
    """Distinct width and height of all renders, sorted, before any video is probed.

    A height that follows from the video's aspect ratio is not known yet: that of 16:9 stands for
    it, rounded to an even number like the real one.
    """
    looks = [config.looks[render.look] for render in config.renders.values()]
    return sorted(
        {(look.width, look.height or 2 * round(look.width * 9 / 16 / 2)) for look in looks}
    )


def style_sides(look: Look) -> dict[int, int]:
    """Longer side of a style's pictures in pixels, by painted width, rising."""
    return {width: max(round(width * look.style_scale), 1) for width in look.widths}
