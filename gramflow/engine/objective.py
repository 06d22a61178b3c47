"""The total loss of a picture and its gradient: the only code that knows the backend."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gramflow.base.arrays import Tensor
from gramflow.engine import ops
from gramflow.engine.losses import Layered, Loss, Tensors
from gramflow.engine.tiling import Plan, Tile

Targets = Mapping[str, Tensors]
"""By the loss term's name."""
Evaluation = tuple[Tensor, Tensor, Tensors]
"""Total loss, gradient of the picture's shape, and every term unweighted."""


class Objective:
    """A weighted sum of loss terms over one network.

    Targets are arguments of the compiled function, not constants in it: one trace serves every
    frame and style of a size. A picture that its plan cuts is computed in tiles; the result is
    the same but for the order of the sums. Whatever the network computes in, losses and gradients
    have the picture's type.
    """

    def __init__(self, network: Any, losses: Mapping[str, Loss], plan: Plan | None = None) -> None:
        self.network = network
        self.losses = losses
        self.plan = plan or Plan(network, losses)
        self._compiled = tf.function(self._evaluate)
        self._features = tf.function(partial(_features, network))
        self._tiled = _Tiled(network, losses, self.plan)

    def targets(self, picture: Tensor, source: str) -> dict[str, Tensors]:
        """The targets of all terms of one source ("frame" or "style"), ready for use."""
        return self.prepared(self.raw_targets(picture, source))

    def prepared(self, targets: Targets) -> dict[str, Tensors]:
        """Targets, mixed if they are to be, in the form that the terms compare with."""
        prepared = {name: self.losses[name].prepared(targets[name]) for name in targets}
        return tf.nest.map_structure(ops.convert_to_tensor, prepared)

    def raw_targets(self, picture: Tensor, source: str) -> dict[str, Tensors]:
        """Those targets as they can be mixed with other pictures'."""
        terms = {name: loss for name, loss in self.losses.items() if loss.source == source}
        if not terms:
            return {}
        picture = ops.convert_to_tensor(picture)
        tiles = self.plan.tiles(*picture.shape[1:3])
        if len(tiles) > 1:
            return self._tiled.targets(picture, tiles, terms)
        features = self._features(picture)
        return {name: loss.target(features) for name, loss in terms.items()}

    def __call__(self, picture: Tensor, targets: Targets, scale: float = 1.0) -> Evaluation:
        """Total loss, gradient of the picture's shape, and every term unweighted.

        scale: what the loss is multiplied by while it is differentiated (see `Guarded`).
        """
        picture = ops.convert_to_tensor(picture)
        factor = ops.convert_to_tensor(scale, picture.dtype)
        tiles = self.plan.tiles(*picture.shape[1:3])
        if len(tiles) > 1:
            return self._tiled(picture, targets, tiles, factor)
        return self._compiled(picture, targets, factor)

    def _evaluate(self, picture: Tensor, targets: Targets, scale: Tensor) -> Evaluation:
        with tf.GradientTape() as tape:
            tape.watch(picture)
            features = _features(self.network, picture)
            terms = {
                name: loss(picture, features, targets.get(name, {}))
                for name, loss in self.losses.items()
            }
            total = _total(self.losses, terms)
            scaled = scale * total
        return total, tape.gradient(scaled, picture) / scale, terms


def _features(network: Any, picture: Tensor) -> Tensors:
    """By layer, of the picture's type: sums of squares need more bits than a network."""
    return {layer: tf.cast(values, picture.dtype) for layer, values in network(picture).items()}


def _total(losses: Mapping[str, Loss], terms: Tensors) -> Tensor:
    """The weighted sum of the terms."""
    return sum(losses[name].settings.weight * term for name, term in terms.items())


class _Tiled:
    """The same loss and gradient, one tile after the other.

    The loss is a function of sums over the tiles. So a first pass adds the sums up; the slopes of
    the loss by them are then fixed, and a second pass carries them back to each tile's pixels. The
    terms without layers see the whole picture.
    """

    def __init__(self, network: Any, losses: Mapping[str, Loss], plan: Plan) -> None:
        self.network = network
        self.plan = plan
        self.summed = {
            name: loss for name, loss in losses.items() if loss.layers and isinstance(loss, Layered)
        }
        self.plain = {name: loss for name, loss in losses.items() if name not in self.summed}
        # tiles differ in size: after the first ones a trace serves them all
        self._features = tf.function(self._own_features, reduce_retracing=True)
        self._sums = tf.function(self._own_sums, reduce_retracing=True)
        self._gradient = tf.function(self._own_gradient, reduce_retracing=True)
        self._summed_terms = tf.function(self._evaluate_sums)
        self._plain_terms = tf.function(self._evaluate_plain)

    def __call__(
        self,
        picture: Tensor,
        targets: Targets,
        tiles: Sequence[Tile],
        scale: Tensor,
    ) -> Evaluation:
        sums: Any = None
        for tile in tiles:
            sums = _added(sums, self._sums(tile.seen(picture), tile.box, self._cut(targets, tile)))
        loss, slopes, terms = self._summed_terms(sums, targets)
        plain_loss, plain_gradient, plain_terms = self._plain_terms(picture, targets)
        # a halo's gradient adds to that of the tile whose pixels it is made of
        gradient = tf.Variable(plain_gradient)
        for tile in tiles:
            cut = self._cut(targets, tile)
            part = tile.seen(gradient)
            part.assign(part + self._gradient(tile.seen(picture), tile.box, cut, slopes, scale))
        return loss + plain_loss, gradient.read_value(), terms | plain_terms

    def targets(
        self, picture: Tensor, tiles: Sequence[Tile], terms: Mapping[str, Loss]
    ) -> dict[str, Tensors]:
        """The targets of these terms, which are all of one source."""
        summed = {name: loss for name, loss in self.summed.items() if name in terms}
        maps: dict[str, NDArray[np.float32]] = {}
        sums: dict[str, Any] = {}
        for tile in tiles:
            features = self._features(tile.seen(picture), tile.box)
            for name, loss in summed.items():
                if loss.located:
                    self._place(maps, picture, tile, loss.target(features))
                else:
                    sums[name] = _added(sums.get(name), loss.statistics(features, {}))
        found = {name: loss.target({}) for name, loss in terms.items() if name not in summed}
        for name, loss in summed.items():
            found[name] = (
                {layer: ops.convert_to_tensor(maps[layer]) for layer in loss.layers}
                if loss.located
                else loss.targets_from(sums[name])
            )
        return found

    def _place(
        self,
        maps: dict[str, NDArray[np.float32]],
        picture: Tensor,
        tile: Tile,
        features: Tensors,
    ) -> None:
        """Put a tile's own features into those of the whole picture."""
        _, height, width, _ = picture.shape
        for layer, tensor in features.items():
            stride, values = self._strides[layer], ops.convert_to_numpy(tensor)
            shape = (1, height // stride, width // stride, values.shape[-1])
            if layer not in maps:
                maps[layer] = np.empty(shape, values.dtype)
            tile.own(maps[layer], stride)[...] = values

    def _cut(self, targets: Targets, tile: Tile) -> dict[str, Tensors]:
        """What a tile needs of the targets."""
        return {
            name: {
                layer: tile.own(values, self._strides[layer])
                for layer, values in targets[name].items()
            }
            if loss.located
            else targets.get(name, {})
            for name, loss in self.summed.items()
        }

    @property
    def _strides(self) -> Mapping[str, int]:
        return self.plan.geometry.strides

    def _own_features(self, picture: Tensor, box: Tensor) -> Tensors:
        """The features of the pixels in the box: top, bottom, left, right."""
        own = {}
        for layer, values in _features(self.network, picture).items():
            top, bottom, left, right = tf.unstack(box // self._strides[layer])
            own[layer] = values[:, top:bottom, left:right]
        return own

    def _own_sums(self, picture: Tensor, box: Tensor, targets: Targets) -> dict[str, Any]:
        features = self._own_features(picture, box)
        return {
            name: loss.statistics(features, targets[name]) for name, loss in self.summed.items()
        }

    def _own_gradient(
        self,
        picture: Tensor,
        box: Tensor,
        targets: Targets,
        slopes: dict[str, Any],
        scale: Tensor,
    ) -> Tensor:
        slopes = tf.nest.map_structure(lambda slope: scale * slope, slopes)
        with tf.GradientTape() as tape:
            tape.watch(picture)
            sums = self._own_sums(picture, box, targets)
        return tape.gradient(sums, picture, slopes, unconnected_gradients="zero") / scale

    def _evaluate_sums(
        self, sums: dict[str, Any], targets: Targets
    ) -> tuple[Tensor, dict[str, Any], Tensors]:
        """The weighted loss of the terms with sums, its slopes by them, and each term."""
        with tf.GradientTape() as tape:
            tape.watch(sums)
            terms = {
                name: loss.distances_from(sums[name], targets.get(name, {}))
                for name, loss in self.summed.items()
            }
            total = _total(self.summed, terms)
        return total, tape.gradient(total, sums, unconnected_gradients="zero"), terms

    def _evaluate_plain(self, picture: Tensor, targets: Targets) -> Evaluation:
        """The terms without layers, over the whole picture."""
        with tf.GradientTape() as tape:
            tape.watch(picture)
            terms = {
                name: loss(picture, {}, targets.get(name, {})) for name, loss in self.plain.items()
            }
            total = tf.zeros((), picture.dtype) + _total(self.plain, terms)
        return total, tape.gradient(total, picture, unconnected_gradients="zero"), terms


def _added(sums: Any, part: Any) -> Any:
    """Two nests of sums in one; `sums` may be None."""
    return part if sums is None else tf.nest.map_structure(tf.add, sums, part)
