"""Creates the engine's objects, such as network, loss terms and stylizer, from the config."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from gramflow import bundled
from gramflow.base.arrays import Picture
from gramflow.base.errors import concerning
from gramflow.base.progress import Say
from gramflow.engine import ops
from gramflow.engine.colours import Colours
from gramflow.engine.flows import Features, FlowMethod
from gramflow.engine.losses import Loss
from gramflow.engine.memory import limit
from gramflow.engine.networks import Network, Padding, Pooling, Source, build, feature_layers
from gramflow.engine.optimizers import Optimizer
from gramflow.engine.stylizers import Palette, Stylizer
from gramflow.engine.targets import StyleTargets
from gramflow.film.identity import Weights
from gramflow.film.layers import check_layers, layers_of, needed_layers, unlisted
from gramflow.media.pictures import read_picture
from gramflow.painting.weights import resolve, source_of
from gramflow.settings.config import Config
from gramflow.settings.looks import Look, marked
from gramflow.settings.plugins import Plugin
from gramflow.settings.schema import dotted


def make_network(config: Config, name: str) -> Network:
    """Create the network plugin of this name; its Keras model is not built yet."""
    network: Network = config.registry.find("networks", name).cls()
    return network


def find_weights(config: Config, say: Say) -> Weights:
    """Find the weights that the config asks for; downloads them where needed.

    say: prints a line of progress. Raises GramflowError when they cannot be obtained, and for a
    layer that the network lacks, if the config's check could not know.
    """
    network = make_network(config, config.network)
    weights = resolve(config.weights, config.network, network, needed_layers(config), say)
    if unlisted(config) and weights.network == config.network:
        check_layers(config, feature_layers(network.architecture()))
    return weights


def make_losses(config: Config, look: Look) -> dict[str, Loss]:
    """Create the loss terms of a look, by name."""
    return {
        name: config.registry.find("losses", name).make(settings)
        for name, settings in look.losses.items()
    }


def make_optimizer(config: Config, look: Look) -> Optimizer:
    """Create the optimizer of a look."""
    plugin = config.registry.find("optimizers", look.optimizer["name"])
    optimizer: Optimizer = plugin.make(look.optimizer)
    return optimizer


def make_flow(config: Config, look: Look, features: Features | None = None) -> FlowMethod:
    """Create the optical flow method of a look.

    features: extracts network features for methods that use them; None for flow without a network.
    """
    flow: FlowMethod = config.registry.find("flows", look.flow["name"]).make(look.flow, features)
    return flow


def make_colours(config: Config, look: Look) -> Colours:
    """Create the colour plugin of a look."""
    colours: Colours = config.registry.find("colours", look.colours["name"]).make(look.colours)
    return colours


def make_features(config: Config, look: Look, weights: Weights) -> Features:
    """Return a function that extracts features with the look's network.

    The Keras model is built at the first call for each tuple of layers.
    """
    network = make_network(config, weights.network)

    @cache
    def extractor(layers: tuple[str, ...]) -> Any:
        return _part(config, weights, layers, look)

    def features(picture: Picture, layers: Sequence[str]) -> dict[str, Any]:
        found = extractor(tuple(layers))(network.preprocess(picture), training=False)
        return {layer: ops.convert_to_numpy(found[layer])[0] for layer in layers}

    return features


def make_extractor(config: Config, look: Look, weights: Weights) -> Any:
    """Build the Keras model that gives the features of all layers of a look's loss terms."""
    return _part(config, weights, layers_of(config, look), look)


def _part(config: Config, weights: Weights, layers: Sequence[str], look: Look) -> Any:
    """Build a Keras model whose outputs are these layers, on the cached network of `_whole`."""
    import keras

    network = config.registry.find("networks", weights.network)
    whole = _whole(network, source_of(weights), weights.identity, look.pooling, look.padding)
    outputs = {layer: whole.get_layer(layer).output for layer in layers}
    # without a name of its own: names change the order of sums, and with it what is painted
    part = keras.Model(whole.input, outputs)
    part.trainable = False
    return part


@lru_cache(maxsize=1)
def _whole(
    network: Plugin, source: Source, identity: str, pooling: Pooling, padding: Padding
) -> Any:
    """Build the network with all layers that a look may use; the last one built stays cached.

    identity: of the weights; only part of the cache's key, so that a replaced file is read again.
    """
    layers = bundled.LAYERS if source == "bundled" else network.cls.layers
    return build(network.cls(), source, layers, pooling, padding)


def _pictures(config: Config, look: Look) -> dict[str, Picture]:
    """The pictures that a look's settings name. Raises GramflowError for one that is damaged."""
    found = {}
    for entry, path in marked(look, config.registry, "picture"):
        with concerning(dotted(entry)):
            found[path] = read_picture(Path(path))
    return found


def make_stylizer(
    config: Config,
    look: Look,
    weights: Weights,
    styles: Mapping[str, Mapping[int, StyleTargets]],
    frames: Mapping[int, Picture] = MappingProxyType({}),
    examples: Mapping[str, Mapping[int, tuple[Picture, Picture]]] = MappingProxyType({}),
    trained: Mapping[str, NDArray[Any]] = MappingProxyType({}),
) -> Stylizer:
    """Create the stylizer of a look. The network is built only if the stylizer asks for it.

    styles: targets by the style's name, the render's own first, and by painted width in pixels;
        widths may be missing where a style has no targets.
    frames, examples, trained: see `Palette`.
    """
    targets = {
        style: {width: found.get(width, {}) for width in look.widths}
        for style, found in styles.items()
    }
    palette = Palette(
        settings=asdict(look),
        network=make_network(config, weights.network),
        extractor=lambda: make_extractor(config, look, weights),
        losses=make_losses(config, look),
        optimizer=make_optimizer(config, look),
        targets=next(iter(targets.values())),
        memory=limit(config.memory),
        name=look.name,
        styles=targets,
        frames=frames,
        examples=examples,
        pictures={} if trained else _pictures(config, look),
        trained=trained,
    )
    plugin = config.registry.find("stylizers", look.stylizer["name"])
    stylizer: Stylizer = plugin.make(look.stylizer, palette)
    return stylizer
