"""From the config's names to the engine's objects."""

from collections.abc import Mapping
from typing import Any

from gramflow.config import Config, Look
from gramflow.engine.flows import FlowMethod
from gramflow.engine.losses import Loss
from gramflow.engine.networks import Network, build
from gramflow.engine.optimizers import Optimizer
from gramflow.engine.stylizers import Palette, Stylizer
from gramflow.engine.targets import StyleTargets
from gramflow.memory import limit
from gramflow.weights import Weights


def make_network(config: Config, name: str) -> Network:
    """The network of this name, not yet built."""
    network: Network = config.registry.find("networks", name).cls()
    return network


def make_losses(config: Config, look: Look) -> dict[str, Loss]:
    """The loss terms of a look, by name."""
    return {
        name: _make(config.registry.find("losses", name).cls, settings)
        for name, settings in look.losses.items()
    }


def make_optimizer(config: Config, look: Look) -> Optimizer:
    """The optimizer of a look."""
    optimizer: Optimizer = _make(
        config.registry.find("optimizers", look.optimizer["name"]).cls, look.optimizer
    )
    return optimizer


def make_flow(config: Config, look: Look) -> FlowMethod:
    """The flow method of a look."""
    flow: FlowMethod = _make(config.registry.find("flows", look.flow["name"]).cls, look.flow)
    return flow


def make_extractor(config: Config, look: Look, weights: Weights) -> Any:
    """The Keras model that gives the features of all layers a look uses."""
    network = make_network(config, weights.network)
    return build(network, weights.checked(), layers_of(config, look), look.pooling)


def layers_of(config: Config, look: Look) -> list[str]:
    """The network's layers that a look's loss terms read."""
    terms = make_losses(config, look).values()
    return sorted({layer for loss in terms for layer in loss.layers})


def make_stylizer(
    config: Config, look: Look, weights: Weights, targets: Mapping[int, StyleTargets]
) -> Stylizer:
    """The stylizer of a look; its network is built only if it asks for one.

    targets: the style's, by the width that is painted at.
    """
    palette = Palette(
        settings=look.settings,
        network=make_network(config, weights.network),
        extractor=lambda: make_extractor(config, look, weights),
        losses=make_losses(config, look),
        optimizer=make_optimizer(config, look),
        targets={width: targets.get(width, {}) for width in look.widths},
        memory=limit(config.memory),
        name=look.name,
    )
    cls = config.registry.find("stylizers", look.stylizer["name"]).cls
    stylizer: Stylizer = _make(cls, look.stylizer, palette)
    return stylizer


def _make(cls: Any, settings: Mapping[str, Any], *arguments: Any) -> Any:
    """A plugin's object; in a look, its name stands among its settings."""
    values = {key: value for key, value in settings.items() if key != "name"}
    return cls(cls.Settings(**values), *arguments)
