"""From the config's names to the engine's objects."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from gramflow import bundled
from gramflow.base.arrays import Picture
from gramflow.base.memory import limit
from gramflow.engine import ops
from gramflow.engine.colours import Colours
from gramflow.engine.flows import Features, FlowMethod
from gramflow.engine.losses import Loss
from gramflow.engine.networks import Network, Padding, Pooling, Source, build
from gramflow.engine.optimizers import Optimizer
from gramflow.engine.stylizers import Palette, Stylizer
from gramflow.engine.targets import StyleTargets
from gramflow.film.identity import Weights
from gramflow.film.layers import layers_of
from gramflow.paint.weights import source_of
from gramflow.settings.config import Config, Look
from gramflow.settings.plugins import Plugin


def make_network(config: Config, name: str) -> Network:
    """The network of this name, not yet built."""
    network: Network = config.registry.find("networks", name).cls()
    return network


def make_losses(config: Config, look: Look) -> dict[str, Loss]:
    """The loss terms of a look, by name."""
    return {
        name: config.registry.find("losses", name).make(settings)
        for name, settings in look.losses.items()
    }


def make_optimizer(config: Config, look: Look) -> Optimizer:
    """The optimizer of a look."""
    plugin = config.registry.find("optimizers", look.optimizer["name"])
    optimizer: Optimizer = plugin.make(look.optimizer)
    return optimizer


def make_flow(config: Config, look: Look, features: Features | None = None) -> FlowMethod:
    """The flow method of a look; without `features` it does without the network."""
    flow: FlowMethod = config.registry.find("flows", look.flow["name"]).make(look.flow, features)
    return flow


def make_colours(config: Config, look: Look) -> Colours:
    """The way with colours of a look."""
    colours: Colours = config.registry.find("colours", look.colours["name"]).make(look.colours)
    return colours


def make_features(config: Config, look: Look, weights: Weights) -> Features:
    """The features of pictures by the look's network, which is built at the first call."""
    network = make_network(config, weights.network)

    @cache
    def extractor(layers: tuple[str, ...]) -> Any:
        return _part(config, weights, layers, look)

    def features(picture: Picture, layers: Sequence[str]) -> dict[str, Any]:
        found = extractor(tuple(layers))(network.preprocess(picture), training=False)
        return {layer: ops.convert_to_numpy(found[layer])[0] for layer in layers}

    return features


def make_extractor(config: Config, look: Look, weights: Weights) -> Any:
    """The Keras model that gives the features of all layers a look uses."""
    return _part(config, weights, layers_of(config, look), look)


def _part(config: Config, weights: Weights, layers: Sequence[str], look: Look) -> Any:
    """A Keras model that ends at these layers; all such models share one network's weights."""
    import keras

    network = config.registry.find("networks", weights.network)
    whole = _whole(network, source_of(weights), weights.identity, look.pooling, look.padding)
    outputs = {layer: whole.get_layer(layer).output for layer in layers}
    part = keras.Model(whole.input, outputs)
    part.trainable = False
    return part


@lru_cache(maxsize=1)
def _whole(
    network: Plugin, source: Source, identity: str, pooling: Pooling, padding: Padding
) -> Any:
    """The network with all layers that have weights, kept for who needs it next.

    identity: the weights', so that a replaced file is read anew.
    """
    layers = bundled.LAYERS if source == "bundled" else network.cls.layers
    return build(network.cls(), source, layers, pooling, padding)


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
    plugin = config.registry.find("stylizers", look.stylizer["name"])
    stylizer: Stylizer = plugin.make(look.stylizer, palette)
    return stylizer
