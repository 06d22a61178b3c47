"""What a painted frame depends on, as digests: the keys of the store and the claims of records."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION
from gramflow.config import Config, Look, Render, Style
from gramflow.files import canonical
from gramflow.manifest import Manifest, Segment


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


def frame_keys(frames: Iterable[str], recipe: Any, chained: bool) -> list[str]:
    """The store's keys of painted frames, in order; if `chained`, each depends on the one before.

    frames: the keys of the frames as extracted.
    """
    keys: list[str] = []
    base = digest(recipe)
    for frame in frames:
        before = keys[-1] if chained and keys else ""
        keys.append(hashlib.sha256(f"{base} {frame} {before}".encode()).hexdigest())
    return keys


def segment_keys(
    config: Config, render: Render, manifest: Manifest, segment: Segment, weights: str
) -> list[str]:
    """The store's keys of a segment's painted frames; `weights` is their identity."""
    return frame_keys(
        segment.of(manifest.frames),
        recipe(config, render, manifest, weights),
        chained=bool(neighbours(config, config.looks[render.look])),
    )


def claims(config: Config, render: Render, manifest: Manifest) -> dict[Segment, str]:
    """What the record of each segment must claim to have painted, for this config and video."""
    base = digest(recipe(config, render, manifest, config.weights))
    return {
        segment: digest([base, segment.of(manifest.frames)])
        for segment in manifest.segments(config.segment_frames)
    }


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
    backs = {1} if look.start == "previous" else set()
    for name, settings in look.losses.items():
        if config.registry.find("losses", name).cls.source == "neighbours":
            backs.update(settings["distances"])
    return sorted(backs)


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
