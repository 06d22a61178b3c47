"""Which frames of a film the colours of a look's style are matched to."""

from collections.abc import Callable
from functools import cache
from typing import Any

from gramflow.base.arrays import evenly
from gramflow.film.digests import short_digest
from gramflow.film.manifest import Manifest
from gramflow.settings.config import Config
from gramflow.settings.looks import Look


def sampled_colours(config: Config, look: Look) -> str:
    """Where a look's colour plugin gets frames to match the style to (see `Colours.sampled`)."""
    plugin = config.registry.find("colours", look.colours["name"])
    return str(plugin.cls.sampled(plugin.settings(look.colours)))


def colour_samples(
    config: Config, look: Look, manifest: Manifest
) -> Callable[[int], tuple[int, ...]]:
    """Return a function that gives, by a frame's number, the frames whose colours its style gets.

    They are spread evenly over its shot or over the film, as the look's colour plugin says; () for
    plugins that leave the style as it is.
    """
    sampled = sampled_colours(config, look)

    @cache
    def spread(frames: range) -> tuple[int, ...]:
        return tuple(frames[place] for place in evenly(len(frames), _SAMPLES[sampled]))

    def of(number: int) -> tuple[int, ...]:
        if sampled == "none":
            return ()
        return spread(manifest.shot(number) if sampled == "shot" else range(len(manifest.frames)))

    return of


def colour_settings(
    config: Config, look: Look, manifest: Manifest
) -> Callable[[int], dict[str, Any]]:
    """Return a function that gives, by a frame's number, what its colours depend on, as for a key.

    That is a digest of the keys of the frames of `colour_samples`; {} for most looks.
    """
    samples = colour_samples(config, look, manifest)

    @cache
    def content(sampled: tuple[int, ...]) -> dict[str, Any]:
        frames = [manifest.frames[number] for number in sampled]
        return {"colours": short_digest(frames)} if frames else {}

    return lambda number: content(samples(number))


# How many frames colours are matched to: enough for a shot that pans, and for a film of many shots.
_SAMPLES = {"shot": 8, "film": 32}
