"""Lists the network layers whose features the looks of a config use."""

from gramflow.settings.config import Config, Look


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
