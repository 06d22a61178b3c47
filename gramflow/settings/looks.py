"""Looks of the config: a preset with the user's changes, and the plugins that they choose."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import log2
from typing import Any, Literal

from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical
from gramflow.settings import scenes
from gramflow.settings.chosen import (
    Layers,
    check_layer,
    check_packages,
    marked_settings,
    with_settings,
)
from gramflow.settings.plugins import Plugin, Registry
from gramflow.settings.reading import presets, schema
from gramflow.settings.schema import Entry, Values, check_known, checked, refused

SCENE = ("intensity", "regions", "timeline")
"""Settings of a look that say what is painted where and when."""

CHOSEN = {
    "flow": "flows",
    "optimizer": "optimizers",
    "stylizer": "stylizers",
    "colours": "colours",
}
"""Settings of a look that choose one plugin each, and the kind of that plugin."""


@dataclass(frozen=True)
class Look:
    """Parameters of painting; the config's schema documents the fields.

    regions: by the mask's name, "style": shares of styles by name, or None, and "intensity".
    timeline: entries in the order of time, of which only what they set is kept; "at" in seconds.
    losses: settings of each loss term by plugin name; terms of weight 0 are left out.
    flow, optimizer, stylizer, colours: settings of the chosen plugin, including its `name`.
    """

    name: str
    width: int
    height: int | None
    coarsest: int | None
    coarse_weights: dict[str, float]
    start: str
    opening: str
    passes: int
    hold: int
    grain: float
    seed: int
    style_scale: float
    pooling: Literal["average", "max", "l2"]
    padding: Literal["mirror", "zeros"]
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
    evaluations: int
    first: float
    epoch: int
    stop: float
    bounds: bool
    intensity: float | None
    regions: dict[str, Values]
    timeline: list[Values]
    losses: dict[str, Values]
    flow: Values
    optimizer: Values
    stylizer: Values
    colours: Values

    @property
    def is_plain(self) -> bool:
        """Whether whole frames are painted in the render's style, by the loss terms' weights."""
        return not any(getattr(self, name) not in (None, {}, []) for name in SCENE)

    @property
    def asks_intensity(self) -> bool:
        """Whether any part of any frame has an intensity above 0."""
        return scenes.asks_intensity(self.intensity, self.regions, self.timeline)

    @property
    def widths(self) -> list[int]:
        """Widths in pixels of the coarse-to-fine pyramid, rising, each about twice the last.

        The last is `width`. The first is `coarsest`, unless that is None or nearly `width`.
        """
        least = min(self.coarsest or self.width, self.width)
        whole = self.width / least
        steps = round(log2(whole))
        return [*(round(least * whole ** (step / steps)) for step in range(steps)), self.width]

    def evaluations_of(self, frames: int, anew: int) -> float:
        """Maximum cost of painting, in evaluations of the loss at the full working size.

        frames: number of frames. anew: how many of them start without a painted neighbour; these
        are painted at every width, with `first` times the evaluations if start is previous. An
        evaluation at a smaller width costs in proportion to its pixels.
        """
        first = self.first if self.start == "previous" else 1
        shares = sum((width / self.width) ** 2 for width in self.widths)
        return self.evaluations * (frames - anew + first * shares * anew)

    @property
    def opens_with(self) -> str:
        """What a frame starts from that has nothing before it."""
        return self.opening if self.start == "previous" else self.start

    @property
    def settings(self) -> Values:
        """All fields except the name, so that looks of equal effect have equal settings.

        Those at their value in `_WITHOUT_EFFECT` are left out, too: keys and certificates of looks
        that do without them stay those of the versions that did not have them.
        """
        settings = asdict(self)
        del settings["name"]
        neutral = _WITHOUT_EFFECT.items()
        return {name: value for name, value in settings.items() if (name, value) not in neutral}


_WITHOUT_EFFECT: Values = {
    "coarse_weights": {},
    "hold": 1,
    "grain": 0.0,
    "opening": "content",
    "intensity": None,
    "regions": {},
    "timeline": [],
}


def resolved_look(name: str, changes: Values, registry: Registry, layers: Layers) -> Look:
    """Resolve a look: preset, user's changes and defaults, in a canonical form.

    changes: the look's entry of the config. Raises GramflowError for settings that do not fit
    their schema or each other.
    """
    entry = ("looks", name)
    look_schema = schema()["properties"]["looks"]["additionalProperties"]
    preset = presets()[changes.get("preset", look_schema["properties"]["preset"]["default"])]
    values = checked(_changed(preset, changes, registry, entry), look_schema, entry)
    del values["preset"]
    if values["bounds"] and values["optimizer"].get("frequency_exponent"):
        if "frequency_exponent" in _chosen_settings(changes, "optimizer"):
            text = "pixels have bounds, frequencies have none; set it to 0, or bounds to false"
            raise refused((*entry, "optimizer", "frequency_exponent"), text)
        values["optimizer"] = values["optimizer"] | {"frequency_exponent": 0.0}
    losses = _losses(values["losses"], registry, layers, (*entry, "losses"))
    if values["start"] != "previous":
        if values["passes"] > 1:
            text = f"start: {values['start']} has one; set start to previous, or passes to 1"
            raise refused((*entry, "passes"), text)
        if values["opening"] != "content":
            text = f"start: {values['start']} is what frames start from; set start to previous"
            raise refused((*entry, "opening"), text)
        losses = _without_neighbours(losses, changes, registry, (*entry, "losses"))
    values["losses"] = losses
    values["coarse_weights"] = _coarse_weights(values, (*entry, "coarse_weights"))
    for key, kind in CHOSEN.items():
        values[key] = with_settings(values[key], kind, registry, layers, (*entry, key))
    values["regions"] = scenes.resolved_regions(values["regions"], (*entry, "regions"))
    values["timeline"] = scenes.resolved_timeline(
        values["timeline"], values["regions"], (*entry, "timeline")
    )
    asked = scenes.asks_intensity(values["intensity"], values["regions"], values["timeline"])
    if asked:
        _check_intensity(values, registry, entry)
    if asked or any(scenes.styles_named(values["regions"], values["timeline"])):
        _check_areal(registry.find("stylizers", values["stylizer"]["name"]), entry)
    # Sort the keys: the order of loss terms is the order of summation, which changes rounding.
    return Look(name=name, **json.loads(canonical(values)))


def _coarse_weights(values: Values, entry: Entry) -> dict[str, float]:
    """The factors of a look that change a weight. Raises GramflowError for terms it has not."""
    for name in values["coarse_weights"]:
        check_known("loss term in this look named", name, values["losses"], (*entry, name))
    return {name: factor for name, factor in values["coarse_weights"].items() if factor != 1}


def _check_intensity(values: Values, registry: Registry, entry: Entry) -> None:
    """Raise GramflowError for intensities of a look that lacks what they are a balance of."""
    found = {registry.find("losses", name).cls.source for name in values["losses"]}
    if not {"frame", "style"} <= found:
        text = "intensity is the balance of content and style; give a loss term of each a weight"
        raise refused((*entry, "losses"), text)


def _check_areal(stylizer: Plugin, entry: Entry) -> None:
    """Raise GramflowError if a look's stylizer cannot follow styles and intensities by place."""
    if not stylizer.cls.areal:
        text = "paints whole frames in one style; regions can only be left out, by intensity: 0"
        raise refused((*entry, "stylizer"), f"{stylizer.name} {text}")


def _changed(
    preset: Mapping[str, Any], changes: Mapping[str, Any], registry: Registry, entry: Entry
) -> Values:
    """Apply the user's changes to a preset.

    A plugin that replaces the preset's takes over those of its settings that it also has.
    """
    values = merged(preset, changes)
    for key, kind in CHOSEN.items():
        change, inherited = _chosen_settings(changes, key), preset[key]
        name = change.get("name", inherited["name"]) if isinstance(change, Mapping) else None
        if isinstance(name, str) and name != inherited["name"]:
            inherited = _fitting(inherited, registry.find(kind, name, (*entry, key)))
        values[key] = merged(inherited, change) if isinstance(name, str) else change
    return values


def _chosen_settings(changes: Mapping[str, Any], key: str) -> Any:
    """The user's settings of a plugin that the look chooses; a bare name becomes a mapping."""
    change = changes.get(key, {})
    return {"name": change} if isinstance(change, str) else change


def _fitting(settings: Mapping[str, Any], plugin: Plugin) -> Values:
    """Those of another plugin's settings that `plugin` also has and whose values it allows."""
    known = plugin.schema["properties"]
    fitting: Values = {}
    for name in settings.keys() & known.keys():
        with suppress(GramflowError):
            alone = {"type": "object", "properties": {name: known[name]}}
            fitting |= checked({name: settings[name]}, alone)
    return fitting


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Values:
    """Merge mappings recursively; `changes` override `base`, and `layers` are replaced whole."""
    values = dict(base)
    for key, change in changes.items():
        below = base.get(key)
        if key != "layers" and isinstance(below, Mapping) and isinstance(change, Mapping):
            change = merged(below, change)
        values[key] = change
    return values


def _losses(losses: Values, registry: Registry, layers: Layers, entry: Entry) -> Values:
    """Validate the settings of all loss terms, and leave out terms of weight 0."""
    resolved = {}
    for name, given in losses.items():
        at = (*entry, name)
        plugin = registry.find("losses", name, at)
        check_packages(plugin, at)
        settings = checked(given, plugin.schema, at)
        _check_layers(settings.get("layers", {}), layers, (*at, "layers"))
        if settings["weight"] != 0:
            resolved[name] = settings
    if not resolved:
        raise refused(entry, "every loss has weight 0; give one of them a weight")
    return resolved


def _check_layers(layers: Any, known: Layers, entry: Entry) -> None:
    """Check the layers of a loss term, and their weights if `layers` maps to numbers.

    Raises GramflowError for layers that the network lacks, for a negative weight, and if all
    weights are 0.
    """
    for layer in layers:
        check_layer(layer, known, (*entry, layer))
    # a plugin may declare `layers` as a list, or with other values than weights
    weights = layers if isinstance(layers, Mapping) else {}
    numbers = {layer: value for layer, value in weights.items() if isinstance(value, float)}
    for layer, weight in numbers.items():
        if weight < 0:
            raise refused((*entry, layer), f"{weight:g} does not fit; give a number of at least 0")
    if numbers and not any(numbers.values()):
        advice = "give one of them a greater one, or drop the term with weight: 0"
        raise refused(entry, f"every layer has weight 0; {advice}")


def _without_neighbours(
    losses: Values, changes: Values, registry: Registry, entry: Entry
) -> Values:
    """Leave out the loss terms that compare a frame with painted neighbours.

    For looks whose frames are painted independently. Raises GramflowError if the user's changes
    name such a term.
    """
    kept = {}
    for name, settings in losses.items():
        if registry.find("losses", name).cls.source != "neighbours":
            kept[name] = settings
        elif name in changes.get("losses", {}):
            raise refused((*entry, name), "needs the frames before; set start to previous as well")
    return kept


def marked(look: Look, registry: Registry, mark: str) -> Iterator[tuple[Entry, str]]:
    """Yield the config entry and value of every setting of a look's plugins that has a mark.

    mark: see `Plugin.marked`. A setting with a list of values is yielded once for each.
    """
    at: Entry = ("looks", look.name)
    named = [((*at, key), kind, look.settings[key]) for key, kind in CHOSEN.items()]
    plugins = [
        (entry, registry.find(kind, values["name"]), values) for entry, kind, values in named
    ]
    plugins += [
        ((*at, "losses", name), registry.find("losses", name), values)
        for name, values in look.losses.items()
    ]
    for entry, plugin, settings in plugins:
        yield from marked_settings(plugin, settings, mark, entry)


def check_examples(path: list[str], looks: Mapping[str, Look], registry: Registry) -> None:
    """Check the looks that the last look of a path names, and those that they name in turn.

    Raises GramflowError for an unknown one, and for one that is on the path already.
    """
    for entry, name in marked(looks[path[-1]], registry, "look"):
        check_known("look", name, looks, entry)
        if name in path:
            circle = " needs ".join([*path, name])
            raise refused(entry, f"{circle}, which is a circle; name another look")
        check_examples([*path, name], looks, registry)
