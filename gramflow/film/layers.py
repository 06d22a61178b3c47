"""Lists the network layers whose features the looks of a config use."""

from collections.abc import Iterable

from gramflow.settings.config import Config
from gramflow.settings.looks import Look, marked
from gramflow.settings.schema import refused, remedy, shown


def layers_of(config: Config, look: Look) -> list[str]:
    """Names of the layers that a look's loss terms read, sorted."""
    terms = [
        config.registry.find("losses", name).make(settings)
        for name, settings in look.losses.items()
    ]
    return sorted({layer for loss in terms for layer in loss.layers})


def needed_layers(config: Config) -> list[str]:
    """Names of the layers that the looks to paint read, for losses and optical flow, sorted."""
    looks = _painted(config)
    flows = [
        config.registry.find("flows", look.flow["name"]).marked("layer", look.flow)
        for look in looks
    ]
    named = {layer for flow in flows for layers in flow.values() for layer in layers}
    return sorted(named.union(*(layers_of(config, look) for look in looks)))


def _painted(config: Config) -> list[Look]:
    """The looks that renders are painted by; others may be of another network."""
    names = dict.fromkeys(render.look for render in config.painted.values())
    return [config.looks[name] for name in names]


def unlisted(config: Config) -> bool:
    """Whether only the built network tells which layers it has."""
    return config.registry.find("networks", config.network).cls.layers is None


def check_layers(config: Config, known: Iterable[str]) -> None:
    """Raise GramflowError, naming the entry, for a layer of a look that is not among the known."""
    words = list(known)
    for look in _painted(config):
        named = [
            (("looks", look.name, "losses", name, "layers", layer), layer)
            for name, settings in look.losses.items()
            for layer in settings.get("layers", [])
        ]
        for entry, layer in [*named, *marked(look, config.registry, "layer")]:
            if layer not in words:
                text = f"{config.network} has no layer {shown(layer)}; {remedy(layer, words)}"
                raise refused(entry, f"{text} (docs/howto/features.md)")
