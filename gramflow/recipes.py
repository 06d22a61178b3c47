"""What a painted frame depends on, as digests: the keys of the store and the claims of records."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION
from gramflow.config import Config, Look, Render, Style
from gramflow.errors import GramflowError
from gramflow.files import canonical
from gramflow.manifest import Manifest

SMALLEST = 16
"""Pixels of a picture's shorter side: four poolings leave one."""


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, however its keys are ordered."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def working_size(look: Look, manifest: Manifest) -> tuple[int, int]:
    """Width and height a look paints a video at; a height that follows the aspect is even.

    Raises GramflowError for a height that a network's last block would shrink to nothing.
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


def target_name(config: Config, style: Style, look: Look) -> str:
    """The name of the file with a style's targets: a digest of all they depend on.

    Renders that need the same targets share it. The pictures' bytes are read.
    """
    return digest(_target_recipe(config, style, look, config.weights))[:16]


def target_render(config: Config, name: str) -> Render:
    """One of the renders that need the targets of this name.

    Raises GramflowError when there is none (any more): a style's picture was replaced.
    """
    for render in config.renders.values():
        if target_name(config, config.styles[render.style], config.looks[render.look]) == name:
            return render
    raise replaced("styles")


def replaced(entry: str) -> GramflowError:
    """The error for an input that is not what it was when the run began."""
    return GramflowError(f"{entry}: a file was replaced during the run; run again")


def recipe(config: Config, render: Render, manifest: Manifest, weights: str) -> dict[str, Any]:
    """Everything that determines a painted frame, but the frame itself.

    weights: their identity, or for a claim the config's entry.
    """
    look = config.looks[render.look]
    return {
        "size": working_size(look, manifest),
        "look": _effective(config, look),
        "target": _target_recipe(config, config.styles[render.style], look, weights),
        "plugins": _origins(config, _painters(look)),
    }


def painted_keys(config: Config, render: Render, manifest: Manifest, weights: str) -> list[str]:
    """The store's keys of all painted frames of a render; `weights` is their identity.

    Where the look needs neighbours, each depends on those in its shot, and a frame that repeats
    the one before is painted like it: what stands still stays still.
    """
    base = digest(recipe(config, render, manifest, weights))
    backs = neighbours(config, config.looks[render.look])
    keys: list[str] = []
    for number, frame in enumerate(manifest.frames):
        reach = number - manifest.shot_start(number)
        if backs and reach and frame == manifest.frames[number - 1]:
            keys.append(keys[-1])
            continue
        before = " ".join(keys[number - back] for back in backs if back <= reach)
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
    chained = bool(neighbours(config, config.looks[render.look]))
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


def _target_recipe(config: Config, style: Style, look: Look, weights: str) -> dict[str, Any]:
    losses = _style_losses(config, look)
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
        "plugins": _origins(config, [("losses", name) for name in losses]),
    }


def neighbours(config: Config, look: Look) -> list[int]:
    """How many frames back the painted frames are that a frame of this look needs, rising."""
    if look.start != "previous":
        return []
    distances = [
        settings.get("distances", [])
        for name, settings in look.losses.items()
        if config.registry.find("losses", name).cls.source == "neighbours"
    ]
    return sorted({1, *chain.from_iterable(distances)})


def _effective(config: Config, look: Look) -> dict[str, Any]:
    """The settings that matter: without neighbours there is no flow."""
    return look.settings if neighbours(config, look) else look.settings | {"flow": None}


def _style_losses(config: Config, look: Look) -> dict[str, dict[str, Any]]:
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


def _painters(look: Look) -> list[tuple[str, str]]:
    """Kind and name of the plugins that paint."""
    chosen = {"optimizers": look.optimizer, "stylizers": look.stylizer}
    if look.start == "previous":
        chosen["flows"] = look.flow
    return [
        *((kind, settings["name"]) for kind, settings in chosen.items()),
        *(("losses", name) for name in look.losses),
    ]


def _origins(config: Config, plugins: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The code of these plugins and of the network, where it is not the engine's own."""
    found = [
        config.registry.find(kind, name) for kind, name in [("networks", config.network), *plugins]
    ]
    return {f"{plugin.kind}.{plugin.name}": plugin.origin for plugin in found if plugin.origin}
