"""The total loss of a picture and its gradient, whole or in tiles."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Tensor, resized
from gramflow.engine import backend, ops
from gramflow.engine.losses import Layered, Loss, Tensors
from gramflow.engine.tiling import Plan, Tile

Targets = Mapping[str, Tensors]
"""Targets by the loss term's name."""
Evaluation = tuple[Tensor, Tensor, Tensors]
"""Total loss, gradient of the picture's shape, and every term unweighted by its name."""


class Objective:
    """A weighted sum of loss terms over one network.

    Targets are arguments of the compiled function, not constants in it, so that one trace serves
    every frame and style of a size. Where the plan asks for tiles, the picture is computed tile by
    tile; the result differs only by the order of summation. Losses and gradients have the picture's
    dtype, whatever the network's precision.
    """

    def __init__(self, network: Any, losses: Mapping[str, Loss], plan: Plan | None = None) -> None:
        self.network = network
        self.losses = losses
        self.plan = plan or Plan(network, losses)
        self._compiled = backend.compiled(self._evaluate)
        self._features = backend.compiled(partial(_features, network))
        self._tiled = _Tiled(network, losses, self.plan)

    def targets(self, picture: Tensor, source: str) -> dict[str, Tensors]:
        """Compute the targets of all terms of one source ("frame" or "style"), ready for use.

        picture: preprocessed, (1, height, width, 3).
        """
        return self.prepared(self.raw_targets(picture, source))

    def prepared(self, targets: Targets) -> dict[str, Tensors]:
        """Convert raw targets, averaged over the style's pictures, to the terms' own form.

        What belongs to no term is left out.
        """
        prepared = {
            name: self.losses[name].prepared(target)
            for name, target in targets.items()
            if name in self.losses
        }
        return backend.mapped(ops.convert_to_tensor, prepared)

    def raw_targets(
        self, picture: Tensor, source: str, share: NDArray[np.float32] | None = None
    ) -> dict[str, Tensors]:
        """Compute the same targets before `prepared`, in the form that can be averaged.

        share: how much each place counts, (height, width), 0..1; None: all alike.
        """
        terms: dict[str, Any] = {
            name: loss for name, loss in self.losses.items() if loss.source == source
        }
        if not terms:
            return {}
        picture = ops.convert_to_tensor(picture)
        shares = [] if share is None else [self._shares(share)]
        tiles = self.plan.tiles(*picture.shape[1:3])
        if len(tiles) > 1:
            return self._tiled.targets(picture, tiles, terms, *shares)
        features = self._features(picture)
        return {name: loss.target(features, *shares) for name, loss in terms.items()}

    def _shares(self, share: NDArray[np.float32]) -> Tensors:
        """A map of a picture's places, (height, width), at the size of each layer."""
        return {
            layer: maps(share, size) for layer, size in sizes_of(self.network, share.shape).items()
        }

    def __call__(self, picture: Tensor, targets: Targets, scale: float = 1.0) -> Evaluation:
        """Compute total loss, gradient of the picture's shape, and every term unweighted.

        scale: factor of the loss during differentiation, against underflow (see `Guarded`). The
        gradient is divided by it again.
        """
        picture = ops.convert_to_tensor(picture)
        factor = ops.convert_to_tensor(scale, picture.dtype)
        tiles = self.plan.tiles(*picture.shape[1:3])
        if len(tiles) > 1:
            return self._tiled(picture, targets, tiles, factor)
        return self._compiled(picture, targets, factor)

    def _evaluate(self, picture: Tensor, targets: Targets, scale: Tensor) -> Evaluation:
        def scaled(picture: Tensor) -> tuple[Tensor, tuple[Tensor, Tensors]]:
            features = _features(self.network, picture)
            terms = {
                name: loss(picture, features, targets.get(name, {}))
                for name, loss in self.losses.items()
            }
            total = _total(self.losses, terms)
            return scale * total, (total, terms)

        gradient, (total, terms) = backend.with_gradient(scaled, picture)
        return total, gradient / scale, terms


def sizes_of(network: Any, size: Sequence[int]) -> dict[str, tuple[int, int]]:
    """Height and width of each layer's features, of a picture of this height and width."""
    shapes = network.compute_output_shape((1, *size, 3))
    return {layer: (shape[1], shape[2]) for layer, shape in shapes.items()}


def maps(map_: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Scale a map of a picture's places to a layer's height and width, (1, height, width, 1)."""
    height, width = size
    return np.ascontiguousarray(resized(map_, width, height)[None, ..., None], np.float32)


def _features(network: Any, picture: Tensor) -> Tensors:
    """Features by layer, in the picture's dtype: sums of squares need more bits than a network."""
    return {layer: ops.cast(values, picture.dtype) for layer, values in network(picture).items()}


def _total(losses: Mapping[str, Loss], terms: Tensors) -> Tensor:
    """The weighted sum of the terms."""
    return sum(losses[name].settings.weight * term for name, term in terms.items())


class _Tiled:
    """Loss and gradient of an `Objective`, computed one tile after the other.

    The loss is a function of statistics that are sums over the tiles. A first run over the tiles
    adds the statistics up. Then the derivative of the loss by the sums is known, and a second run
    backpropagates it to each tile's pixels. Terms without layers are computed on the whole picture.
    """

    def __init__(self, network: Any, losses: Mapping[str, Loss], plan: Plan) -> None:
        self.network = network
        self.plan = plan
        self.summed = {
            name: loss for name, loss in losses.items() if loss.layers and isinstance(loss, Layered)
        }
        self.plain = {name: loss for name, loss in losses.items() if name not in self.summed}
        # tiles differ in size
        self._features = backend.compiled(self._own_features, any_size=True)
        self._sums = backend.compiled(self._own_sums, any_size=True)
        self._gradient = backend.compiled(self._own_gradient, any_size=True)
        self._summed_terms = backend.compiled(self._evaluate_sums)
        self._plain_terms = backend.compiled(self._evaluate_plain)

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
        # halos overlap other tiles, so the gradients of all tiles that see a pixel are added
        gradient = backend.variable(plain_gradient)
        for tile in tiles:
            cut = self._cut(targets, tile)
            part = self._gradient(tile.seen(picture), tile.box, cut, slopes, scale)
            gradient = backend.added_at(gradient, tile.window, part)
        return loss + plain_loss, ops.convert_to_tensor(gradient), terms | plain_terms

    def targets(
        self,
        picture: Tensor,
        tiles: Sequence[Tile],
        terms: Mapping[str, Loss],
        shares: Tensors | None = None,
    ) -> dict[str, Tensors]:
        """Compute the raw targets of these terms, which are all of one source.

        shares: see `Layered.target`.
        """
        summed = {name: loss for name, loss in self.summed.items() if name in terms}
        maps: dict[str, NDArray[np.float32]] = {}
        sums: dict[str, Any] = {}
        for tile in tiles:
            features = self._features(tile.seen(picture), tile.box)
            own = shares and {
                layer: tile.own(share, self._strides[layer]) for layer, share in shares.items()
            }
            for name, loss in summed.items():
                if loss.located:
                    self._place(maps, picture, tile, loss.target(features))
                else:
                    sums[name] = _added(sums.get(name), loss.statistics(features, {}, own))
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
        """Copy a tile's own features into the feature maps of the whole picture."""
        _, height, width, _ = picture.shape
        for layer, tensor in features.items():
            stride, values = self._strides[layer], ops.convert_to_numpy(tensor)
            shape = (1, height // stride, width // stride, values.shape[-1])
            if layer not in maps:
                maps[layer] = np.empty(shape, values.dtype)
            tile.own(maps[layer], stride)[...] = values

    def _cut(self, targets: Targets, tile: Tile) -> dict[str, Tensors]:
        """Cut targets to the tile's own features, as far as they have places."""
        return {
            name: {
                layer: loss.part(values, partial(tile.own, stride=self._strides[layer]))
                for layer, values in targets.get(name, {}).items()
            }
            for name, loss in self.summed.items()
        }

    @property
    def _strides(self) -> Mapping[str, int]:
        return self.plan.geometry.strides

    def _own_features(self, picture: Tensor, box: Tensor) -> Tensors:
        """Features of the tile's own pixels, without its halo.

        box: top, bottom, left and right of these pixels in `picture`, the tile with its halo.
        """
        own = {}
        for layer, values in _features(self.network, picture).items():
            edges = box // self._strides[layer]
            # taken one by one, constants of a compiled function stay such, as JAX's slices need
            top, bottom, left, right = (edges[place] for place in range(4))
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
        scaled = backend.mapped(lambda slope: scale * slope, slopes)

        def sums(picture: Tensor) -> dict[str, Any]:
            return self._own_sums(picture, box, targets)

        return backend.pulled_back(sums, picture, scaled) / scale

    def _evaluate_sums(
        self, sums: dict[str, Any], targets: Targets
    ) -> tuple[Tensor, dict[str, Any], Tensors]:
        """Weighted loss of the layered terms, its derivative by the sums, and each term."""

        def function(sums: dict[str, Any]) -> tuple[Tensor, tuple[Tensor, Tensors]]:
            terms = {
                name: loss.distances_from(sums[name], targets.get(name, {}))
                for name, loss in self.summed.items()
            }
            total = _total(self.summed, terms)
            return total, (total, terms)

        slopes, (total, terms) = backend.with_gradient(function, sums)
        return total, slopes, terms

    def _evaluate_plain(self, picture: Tensor, targets: Targets) -> Evaluation:
        """Loss, gradient and values of the terms without layers, over the whole picture."""

        def function(picture: Tensor) -> tuple[Tensor, tuple[Tensor, Tensors]]:
            terms = {
                name: loss(picture, {}, targets.get(name, {})) for name, loss in self.plain.items()
            }
            total = ops.zeros((), picture.dtype) + _total(self.plain, terms)
            return total, (total, terms)

        gradient, (total, terms) = backend.with_gradient(function, picture)
        return total, gradient, terms


def _added(sums: Any, part: Any) -> Any:
    """Add two nests of tensors; `sums` may be None."""
    return part if sums is None else backend.mapped(ops.add, sums, part)
