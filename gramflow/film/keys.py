"""What a painted frame depends on, as a digest: its key in the store."""

import hashlib
from collections.abc import Iterable
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION
from gramflow.base.arrays import SMALLEST
from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical
from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.order import Part, Step, parts_alone, parts_chained
from gramflow.settings.config import CHOSEN, Config, Look, Render, Style


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


def film_sizes(config: Config) -> list[tuple[int, int]]:
    """The width and height of the renders' films, each size once, before any film is known.

    A height that will follow from the video's aspect is an even one: that of 16:9 stands for it.
    """
    looks = [config.looks[render.look] for render in config.renders.values()]
    return sorted(
        {(look.width, look.height or 2 * round(look.width * 9 / 16 / 2)) for look in looks}
    )


def target_name(config: Config, style: Style, look: Look, weights: Weights | None) -> str:
    """The name of the file with a style's targets: a digest of all they depend on.

    weights: None before they are found. Renders that need the same targets share the file. The
    bytes of the style's pictures are read.
    """
    return digest(_target_recipe(config, style, look, weights))[:16]


def target_render(config: Config, name: str, weights: Weights) -> Render:
    """One of the renders that need the targets of this name.

    Raises GramflowError when there is none (any more): a style's picture was replaced.
    """
    for render in config.renders.values():
        style, look = config.styles[render.style], config.looks[render.look]
        if target_name(config, style, look, weights) == name:
            return render
    raise replaced("styles")


def replaced(entry: str) -> GramflowError:
    """The error for an input that is not what it was when the run began."""
    return GramflowError(f"{entry}: a file was replaced during the run; run again")


def recipe(
    config: Config, render: Render, size: tuple[int, int | None], weights: Weights | None
) -> dict[str, Any]:
    """Everything that determines a painted frame, but the frame itself.

    size: width and height in pixels. weights: None before they are found; the config's words then
    stand for them, so that what comes out is no key of the store.
    """
    look = config.looks[render.look]
    return {
        "size": size,
        "look": _effective(config, look),
        "target": _target_recipe(config, config.styles[render.style], look, weights),
        "plugins": _origins(config, _painters(look)),
    }


def plan_recipe(config: Config, render: Render) -> list[Any]:
    """Everything that determines a render's plan, but its video's manifest and the weights."""
    look = config.looks[render.look]
    size = look.width, look.height
    return [recipe(config, render, size, None), look.passes, config.segment_frames]


def parts(config: Config, render: Render, manifest: Manifest) -> list[Part]:
    """What each job of a render paints; every part comes after those that it needs."""
    look = config.looks[render.look]
    if neighbours(config, look):
        return list(parts_chained(manifest, config.segment_frames, look.passes))
    return list(parts_alone(manifest, config.segment_frames))


Keys = list[dict[int, str]]
"""The store's keys of painted frames, by pass (0: keyframes only) and frame."""


def painted_keys(
    config: Config, render: Render, manifest: Manifest, weights: Weights | None
) -> Keys:
    """The keys of all that is painted for a render.

    Where the look needs neighbours, a key depends on theirs, and a frame that repeats the one
    before is painted like it: what stands still stays still.
    """
    look = config.looks[render.look]
    base = digest(recipe(config, render, working_size(look, manifest), weights))
    backs = neighbours(config, look)
    found = parts(config, render, manifest)
    stages = 1 + max(links.stage for part in found for links in part.chains)
    keys: Keys = [{} for _ in range(stages)]
    for links in chain.from_iterable(part.chains for part in found):
        # keyframes are the same in every pass
        reached = keys if links.stage == 0 else [keys[links.stage]]
        before = keys[links.stage - 1] if links.stage > 1 else {}
        for step in links.steps(backs):
            key = _key(base, manifest.frames, step, reached[0], before)
            for stage in reached:
                stage[step.number] = key
    return keys


def _key(
    base: str, frames: list[str], step: Step, painted: dict[int, str], before: dict[int, str]
) -> str:
    """The key of one step; `before` holds the keys of the pass before."""
    number, last = step.number, step.neighbours.get(1)
    if last is not None and frames[number] == frames[last]:
        led = step.lead is not None and painted[step.lead] != painted[last]
        if not led and before.get(number) == before.get(last):
            return painted[last]
    sources = [painted[other] for other in step.neighbours.values()]
    lead = "" if step.lead is None else f"{painted[step.lead]} {step.left}"
    text = f"{base} {frames[number]} {' '.join(sources)}|{lead}|{before.get(number, '')}"
    return hashlib.sha256(text.encode()).hexdigest()


def _target_recipe(
    config: Config, style: Style, look: Look, weights: Weights | None
) -> dict[str, Any]:
    losses = _style_losses(config, look)
    network = weights.network if weights else config.network
    return {
        "engine": ENGINE_VERSION,
        "images": [_file_digest(image) for image in style.images],
        "mixture": style.weights,
        "sides": style_sides(look),
        "network": network,
        "weights": weights.identity if weights else config.weights,
        "pooling": look.pooling,
        "padding": look.padding,
        # the weight of a term does not change its target
        "losses": {
            name: _with_contents(config, "losses", name, term) | {"weight": None}
            for name, term in losses.items()
        },
        "plugins": _origins(
            config, [("networks", network), *(("losses", name) for name in losses)]
        ),
    }


def neighbours(config: Config, look: Look) -> list[int]:
    """How many steps back the painted frames are that a frame of this look needs, rising."""
    if look.start != "previous":
        return []
    distances = [
        settings.get("distances", [])
        for name, settings in look.losses.items()
        if config.registry.find("losses", name).cls.source == "neighbours"
    ]
    return sorted({1, *chain.from_iterable(distances)})


def _effective(config: Config, look: Look) -> dict[str, Any]:
    """The settings that matter to one pass: without neighbours there is no flow. The widths of the
    target say what `coarsest` comes to."""
    chained = {} if neighbours(config, look) else {"flow": None}
    settings = look.settings
    settings["losses"] = {
        name: _with_contents(config, "losses", name, term) for name, term in look.losses.items()
    }
    for key, kind in CHOSEN.items():
        settings[key] = _with_contents(config, kind, settings[key]["name"], settings[key])
    return settings | chained | {"passes": None, "coarsest": None}


def _with_contents(
    config: Config, kind: str, name: str, settings: dict[str, Any]
) -> dict[str, Any]:
    """A plugin's settings, with what is in the files that they name in place of the paths."""
    files = config.registry.find(kind, name).marked("file", settings)
    return settings | {key: [_file_digest(path) for path in paths] for key, paths in files.items()}


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


def style_sides(look: Look) -> dict[int, int]:
    """Pixels of a style picture's longer side, by the width that is painted at, rising."""
    return {width: max(round(width * look.style_scale), 1) for width in look.widths}


def _painters(look: Look) -> list[tuple[str, str]]:
    """Kind and name of the plugins that paint."""
    chosen = {
        "optimizers": look.optimizer,
        "stylizers": look.stylizer,
        "colours": look.colours,
    }
    if look.start == "previous":
        chosen["flows"] = look.flow
    return [
        *((kind, settings["name"]) for kind, settings in chosen.items()),
        *(("losses", name) for name in look.losses),
    ]


def _origins(config: Config, plugins: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The code of these plugins, where it is not the engine's own."""
    found = [config.registry.find(kind, name) for kind, name in plugins]
    return {f"{plugin.kind}.{plugin.name}": plugin.origin for plugin in found if plugin.origin}
