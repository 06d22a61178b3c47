"""Adds the grain of a film to its painted frames, while they are encoded."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from gramflow.base.arrays import Pixels, evenly
from gramflow.base.progress import Say
from gramflow.engine.grain import Grain, grained, measured
from gramflow.film.manifest import Manifest
from gramflow.media.pictures import from_pixels, resize, to_pixels
from gramflow.settings.looks import Look
from gramflow.store.frames import Store

_FRAMES = 8  # of a shot, by which its grain is measured


def film_grain(
    manifest: Manifest,
    extracted: Store,
    size: tuple[int, int],
    looks: Sequence[Look],
    say: Say,
) -> Callable[[int, Pixels], Pixels]:
    """Return a function that adds a film's grain to a painted frame, given its number.

    Grain is measured once in each shot, in frames spread evenly over it, at the smaller of their
    own and the painted size, and differs from frame to frame. A look with `grain: 0` leaves frames
    as they are.

    size: width and height, in pixels, of the painted frames. looks: of each shot, the look whose
    `grain` and `seed` count. say: prints a line for each shot that is measured.
    """
    ends = [*manifest.shots[1:], len(manifest.frames)]
    own = manifest.width, manifest.height
    small = min(own, size)

    @cache
    def grain_of(shot: int) -> Grain:
        numbers = range(manifest.shots[shot], ends[shot])
        chosen = [numbers[place] for place in evenly(len(numbers), _FRAMES)]
        pixels = [extracted.read(manifest.frames[number]) for number in chosen]
        # resizing lowers the noise of rounding as it lowers grain
        step = small[0] / own[0] / float(np.iinfo(pixels[0].dtype).max)
        found = measured((resize(from_pixels(each), *small) for each in pixels), step)
        levels = ", ".join(f"{255 * sigma:.2f}" for sigma in found.sigmas)
        say(f"shot {shot + 1}: grain of {levels} from dark to bright, blur {found.blur:.2f} pixels")
        return found

    def add(number: int, pixels: Pixels) -> Pixels:
        shot = manifest.shot_of(number) - 1
        look = looks[shot]
        if look.grain == 0:
            return pixels
        seed = (look.seed, number)
        return to_pixels(grained(from_pixels(pixels), grain_of(shot), look.grain, small, seed))

    return add
