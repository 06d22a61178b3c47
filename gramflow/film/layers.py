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
    """Names of the layers that all looks read, for loss terms and for optical flow, sorted."""
    looks = config.looks.values()
    flows = [
        config.registry.find("flows", look.flow["name"]).marked("layer", look.flow)
        for look in looks
    ]
    named = {layer for flow in flows for layers in flow.values() for layer in layers}
    return sorted(named.union(*(layers_of(config, look) for look in looks)))


def unlisted(config: Config) -> bool:
    """Whether only the built network tells which layers it has."""
    return config.registry.find("networks", config.network).cls.layers is None


def check_layers(config: Config, known: Iterable[str]) -> None:
    """Raise GramflowError, naming the entry, for a layer of a look that is not among the known."""
    words = list(known)
    for look in config.looks.values():
        named = [
            (("looks", look.name, "losses", name, "layers", layer), layer)
            for name, settings in look.losses.items()
            for layer in settings.get("layers", [])
        ]
        for entry, layer in [*named, *marked(look, config.registry, "layer")]:
            if layer not in words:
                text = f"{config.network} has no layer {shown(layer)}; {remedy(layer, words)}"
                raise refused(entry, f"{text} (docs/howto/features.md)")
