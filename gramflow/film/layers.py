"""Which layers of the network the looks of a config read."""

from gramflow.settings.config import Config, Look


def layers_of(config: Config, look: Look) -> list[str]:
    """The network's layers that a look's loss terms read."""
    terms = [
        config.registry.find("losses", name).make(settings)
        for name, settings in look.losses.items()
    ]
    return sorted({layer for loss in terms for layer in loss.layers})


def needed_layers(config: Config) -> list[str]:
    """The network's layers that the config's looks read, for their losses and for their flow."""
    looks = config.looks.values()
    flows = [
        config.registry.find("flows", look.flow["name"]).marked("layer", look.flow)
        for look in looks
    ]
    named = {layer for flow in flows for layers in flow.values() for layer in layers}
    return sorted(named.union(*(layers_of(config, look) for look in looks)))
