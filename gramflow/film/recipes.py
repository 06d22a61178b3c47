"""Recipes: everything that a style's target or a painted frame depends on, but the frame itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from gramflow import ENGINE_VERSION
from gramflow.film.digests import content_digest, replaced, short_digest
from gramflow.film.identity import Weights
from gramflow.film.sizes import style_sides
from gramflow.settings.config import Config
from gramflow.settings.looks import CHOSEN, SCENE, Look
from gramflow.settings.renders import Render
from gramflow.settings.styles import Style


def target_name(config: Config, style: Style, look: Look, weights: Weights | None) -> str:
    """Name of the file with a style's targets: a digest of everything they depend on.

    weights: None while they are unknown. Renders with equal targets share the file. Reads the
    style's pictures to hash them.
    """
    calibrated = {"calibrated": _calibrated_by(config, look)} if look.asks_intensity else {}
    return short_digest(_target_recipe(config, style, look, weights) | calibrated)


def target_of(config: Config, name: str, weights: Weights) -> tuple[Style, Look]:
    """Find a style and a look whose targets have this name.

    Raises GramflowError when there is none, because a style's picture was replaced meanwhile.
    """
    for render in config.painted.values():
        look = config.looks[render.look]
        for style in map(config.styles.__getitem__, config.styles_of(render)):
            if target_name(config, style, look, weights) == name:
                return style, look
    raise replaced("styles")


def recipe(
    config: Config, render: Render, size: tuple[int, int | None], weights: Weights | None
) -> dict[str, Any]:
    """Everything that determines a painted frame, except the source frame and its neighbours.

    size: width and height in pixels. weights: None while they are unknown; the config's entries
    then stand in for them, and a digest of the result is not usable as a key of the store.
    """
    look = config.looks[render.look]

    def target(style: str) -> dict[str, Any]:
        return _target_recipe(config, config.styles[style], look, weights)

    def example(name: str) -> list[Any]:
        return _unsized_recipe(config, replace(render, look=name), weights)

    contents: Contents = {"file": content_digest, "style": target, "look": example}
    return {
        "size": size,
        "look": _effective(config, look, contents),
        "target": target(render.style),
        "plugins": _origins(config, _painters(config, look)),
    }


def plan_recipe(config: Config, render: Render) -> list[Any]:
    """Everything that determines a render's plan, except the video's manifest and the weights."""
    others = [[other.only, _unsized_recipe(config, other, None)] for other in render.others]
    shots = [chosen for chosen in (render.only, others) if chosen]
    made_of = [*_unsized_recipe(config, render, None), config.segment_frames, *shots]
    shown = _scenes_of(config, render)
    return [*made_of, shown] if shown else made_of


def _scenes_of(config: Config, render: Render) -> list[Any]:
    """What the scenes of a render, and of those that it needs, come from; [] if there are none."""
    look, own = config.looks[render.look], []
    if not look.is_plain:
        names = config.styles_of(render)
        targets = [target_name(config, config.styles[name], look, None) for name in names]
        own = [look.intensity, look.regions, look.timeline, targets]
    needed = [_scenes_of(config, other) for other in config.needed_by(render)]
    return [own, needed] if own or any(needed) else []


def _unsized_recipe(config: Config, render: Render, weights: Weights | None) -> list[Any]:
    """The recipe of a render whose size is only known from the manifest, and its passes."""
    look = config.looks[render.look]
    hold = [] if look.hold == 1 else [look.hold]
    return [recipe(config, render, (look.width, look.height), weights), look.passes, *hold]


def _target_recipe(
    config: Config, style: Style, look: Look, weights: Weights | None
) -> dict[str, Any]:
    """What the targets of a style depend on, without its calibration for intensities: that counts
    only for frames that have one, by the names of targets in their scenes.
    """
    losses = _style_losses(config, look)
    network = weights.network if weights else config.network
    return {
        "engine": ENGINE_VERSION,
        "images": [content_digest(image) for image in style.images],
        "mixture": style.weights,
        **({"views": style.views} if style.views else {}),
        **({"masks": [content_digest(mask) for mask in style.masks]} if style.masks else {}),
        "sides": style_sides(look),
        "network": network,
        "weights": weights.identity if weights else config.weights,
        "pooling": look.pooling,
        "padding": look.padding,
        **({"colours": True} if look.opens_with == "style" else {}),
        # a term's target does not depend on its weight
        "losses": {
            name: _with_contents(config, "losses", name, term, {"file": content_digest})
            | {"weight": None}
            for name, term in losses.items()
        },
        "plugins": _origins(
            config, [("networks", network), *(("losses", name) for name in losses)]
        ),
    }


def _calibrated_by(config: Config, look: Look) -> dict[str, Any]:
    """What a style's calibration for intensities depends on, beside its targets."""
    settings = with_contents(config, look, {"file": content_digest})
    return {
        name: settings[name] for name in ("losses", "optimizer", "precision", "bounds", "epoch")
    }


def neighbours(config: Config, look: Look) -> list[int]:
    """Distances of the painted neighbours that a frame needs, in steps back, rising.

    Empty if the look's frames do not depend on each other.
    """
    stylizer = config.registry.find("stylizers", look.stylizer["name"])
    if look.start != "previous" or not stylizer.cls.follows(stylizer.settings(look.stylizer)):
        return []
    distances = [
        settings.get("distances", [])
        for name, settings in look.losses.items()
        if config.registry.find("losses", name).cls.source == "neighbours"
    ]
    return sorted({1, *chain.from_iterable(distances)})


def learns(config: Config, look: Look) -> bool:
    """Whether a look's stylizer has a step of its own, `train`, before it paints."""
    return bool(config.registry.find("stylizers", look.stylizer["name"]).cls.train)


Contents = Mapping[str, Callable[[str], Any]]
"""By the mark of a setting (see `Plugin.marked`), what stands in a key in place of its values."""


def _effective(config: Config, look: Look, contents: Contents) -> dict[str, Any]:
    """The settings of a look that enter a frame's key.

    Leaves out `flow` if frames do not depend on each other, `passes`, since a key contains the
    previous pass's key, `coarsest`, since the widths that follow from it are in the target's
    recipe, `coarse_weights` if there is one width alone, what a frame's scene comes from, which is
    in the frame's own part of its key, `hold`, which only says which frames are painted, and
    `grain`, which is added to the film. Names of files, styles and looks are replaced by what they
    stand for.
    """
    chained = {} if neighbours(config, look) else {"flow": None}
    found = with_contents(config, look, contents) | chained | {"passes": None, "coarsest": None}
    left_out = [*SCENE, "hold", "grain", *(["coarse_weights"] if len(look.widths) == 1 else [])]
    return {name: value for name, value in found.items() if name not in left_out}


def with_contents(config: Config, look: Look, contents: Contents) -> dict[str, Any]:
    """All settings of a look, with the values of marked ones replaced by their contents."""
    settings = look.settings
    settings["losses"] = {
        name: _with_contents(config, "losses", name, term, contents)
        for name, term in look.losses.items()
    }
    for key, kind in CHOSEN.items():
        settings[key] = _with_contents(config, kind, settings[key]["name"], settings[key], contents)
    return settings


def _with_contents(
    config: Config, kind: str, name: str, settings: dict[str, Any], contents: Contents
) -> dict[str, Any]:
    """A plugin's settings, with the values of marked ones replaced by their contents."""
    plugin, found = config.registry.find(kind, name), dict(settings)
    for mark, content in contents.items():
        for key, values in plugin.marked(mark, settings).items():
            known = [content(value) for value in values]
            given = settings.get(key)
            found[key] = dict(zip(given, known, strict=True)) if isinstance(given, dict) else known
    return found


def _style_losses(config: Config, look: Look) -> dict[str, dict[str, Any]]:
    """Settings of the loss terms whose target comes from the style, by name."""
    return {
        name: settings
        for name, settings in look.losses.items()
        if config.registry.find("losses", name).cls.source == "style"
    }


def _painters(config: Config, look: Look) -> list[tuple[str, str]]:
    """Kind and name of the plugins that a look paints with, without the network."""
    chosen = {
        "optimizers": look.optimizer,
        "stylizers": look.stylizer,
        "colours": look.colours,
    }
    if neighbours(config, look):
        chosen["flows"] = look.flow
    return [
        *((kind, settings["name"]) for kind, settings in chosen.items()),
        *(("losses", name) for name in look.losses),
    ]


def _origins(config: Config, plugins: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The `origin` of each plugin that is not built in, by kind and name."""
    found = [config.registry.find(kind, name) for kind, name in plugins]
    return {f"{plugin.kind}.{plugin.name}": plugin.origin for plugin in found if plugin.origin}
