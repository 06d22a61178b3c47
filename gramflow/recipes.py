"""What a painted frame depends on, as digests: the keys of the store and the claims of records."""

import hashlib
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION
from gramflow.config import Config, Look, Render, Style
from gramflow.files import canonical
from gramflow.manifest import Manifest


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, however its keys are ordered."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def working_size(look: Look, manifest: Manifest) -> tuple[int, int]:
    """Width and height a look paints a video at; a height that follows the aspect is even."""
    if look.height is not None:
        return look.width, look.height
    return look.width, max(2 * round(look.width * manifest.height / manifest.width / 2), 2)


def style_id(config: Config, style: Style, look: Look) -> str:
    """Digest of all that the targets of a style depend on, as far as the config tells."""
    return digest(_target_recipe(config, style, look, config.weights))


def recipe(config: Config, render: Render, manifest: Manifest, weights: str) -> dict[str, Any]:
    """Everything that determines a painted frame, but the frame itself.

    weights: their identity, or for a claim the config's entry.
    """
    look = config.looks[render.look]
    return {
        "size": working_size(look, manifest),
        "look": _effective(config, look),
        "target": _target_recipe(config, config.styles[render.style], look, weights),
    }


def painted_keys(config: Config, render: Render, manifest: Manifest, weights: str) -> list[str]:
    """The store's keys of all painted frames of a render; `weights` is their identity.

    Where the look needs neighbours, each depends on the one before it in its shot, and a frame
    that repeats the one before is painted like it: what stands still stays still.
    """
    base = digest(recipe(config, render, manifest, weights))
    chained = is_chained(config, render)
    starts = set(manifest.shots)
    keys: list[str] = []
    for number, frame in enumerate(manifest.frames):
        goes_on = chained and number not in starts
        if goes_on and frame == manifest.frames[number - 1]:
            keys.append(keys[-1])
            continue
        before = keys[-1] if goes_on else ""
        keys.append(hashlib.sha256(f"{base} {frame} {before}".encode()).hexdigest())
    return keys


@dataclass(frozen=True)
class Plan:
    """What a segment's job has to do.

    claim: what its record must claim to have painted, for this config and video.
    before: the name of the segment that it goes on from; None where it begins on its own.
    """

    claim: str
    before: str | None


def plans(config: Config, render: Render, manifest: Manifest) -> dict[str, Plan]:
    """The plan of every segment, in the film's order, by its name."""
    base = digest(recipe(config, render, manifest, config.weights))
    chained = is_chained(config, render)
    starts = set(manifest.shots)
    found: dict[str, Plan] = {}
    last: str | None = None
    for segment in manifest.segments(config.segment_frames):
        before = last if chained and segment.first not in starts else None
        claim_before = found[before].claim if before else ""
        claim = digest([base, claim_before, segment.of(manifest.frames)])
        last = segment.name
        found[last] = Plan(claim, before)
    return found


def is_chained(config: Config, render: Render) -> bool:
    """Whether a frame depends on painted frames before it."""
    return bool(neighbours(config, config.looks[render.look]))


def _target_recipe(config: Config, style: Style, look: Look, weights: str) -> dict[str, Any]:
    losses = style_losses(config, look)
    return {
        "engine": ENGINE_VERSION,
        "images": [_file_digest(image) for image in style.images],
        "mixture": style.weights,
        "side": style_side(look),
        "network": config.network,
        "weights": weights,
        "pooling": look.pooling,
        # the weight of a term does not change its target
        "losses": {name: losses[name] | {"weight": None} for name in losses},
        "plugins": _origins(config, look),
    }


def neighbours(config: Config, look: Look) -> list[int]:
    """How many frames back the painted frames are that a frame of this look needs, rising."""
    if look.start != "previous":
        return []
    distances = [
        settings["distances"]
        for name, settings in look.losses.items()
        if config.registry.find("losses", name).cls.source == "neighbours"
    ]
    return sorted({1, *chain.from_iterable(distances)})


def _effective(config: Config, look: Look) -> dict[str, Any]:
    """The settings that matter: without neighbours there is no flow."""
    return look.settings if neighbours(config, look) else look.settings | {"flow": None}


def style_losses(config: Config, look: Look) -> dict[str, dict[str, Any]]:
    """The settings of the loss terms whose target is the style."""
    return {
        name: settings
        for name, settings in look.losses.items()
        if config.registry.find("losses", name).cls.source == "style"
    }


@cache
def _file_digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def style_side(look: Look) -> int:
    """Pixels of a style picture's longer side."""
    return max(round(look.width * look.style_scale), 1)


def _origins(config: Config, look: Look) -> dict[str, str]:
    """The code of the plugins in use, where it is not the engine's own."""
    used = [
        ("networks", config.network),
        ("flows", look.flow["name"]),
        ("optimizers", look.optimizer["name"]),
        ("stylizers", look.stylizer["name"]),
        *(("losses", name) for name in look.losses),
    ]
    found = [config.registry.find(kind, name) for kind, name in used]
    return {f"{plugin.kind}.{plugin.name}": plugin.origin for plugin in found if plugin.origin}
