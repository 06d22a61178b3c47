"""Loss terms. Each is one class, which computes a target from its source, and a picture's loss.

All tensors are Keras tensors, channels last. `features` maps a layer's name to its activations,
(1, h, w, channels); `picture` is the network's preprocessed input, (1, height, width, 3).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from gramflow.base.arrays import Tensor
from gramflow.engine import ops

Tensors = Mapping[str, Any]
"""Tensors, or nests of tensors, by name; for terms with layers by the layer's name."""


class Loss:
    """The base of every loss term.

    source: where the target comes from.
        "frame": the frame to paint; in disoccluded areas a coarse painting of the frame.
        "style": the style's pictures, whose targets are averaged.
        "neighbours": painted neighbours (see `Temporal`).
        "range": the network's input values of "black" and "white", each (1, 1, 1, 3).
        None: the term has no target.
    """

    kind: ClassVar[str] = "losses"
    source: ClassVar[Literal["frame", "style", "neighbours", "range", None]] = None

    @dataclass(frozen=True)
    class Settings:
        """Settings of every loss term."""

        weight: float = field(
            default=1.0, metadata={"doc": "factor of the term in the total", "minimum": 0}
        )

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @property
    def layers(self) -> tuple[str, ...]:
        """The network's layers whose features the term reads."""
        return tuple(getattr(self.settings, "layers", {}))

    @property
    def distances(self) -> list[int]:
        """Distances of the neighbours that the term compares with, in steps back, nearest first."""
        if self.source != "neighbours":
            return []
        return sorted(getattr(self.settings, "distances", [1]))

    def target(self, features: Tensors) -> Tensors:
        """Compute the target, by name, from the features of the term's source."""
        return {}

    def prepared(self, target: Tensors) -> Tensors:
        """Convert a target to the form that `__call__` takes.

        Called once, after the targets of several style pictures were averaged.
        """
        return target

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """The unweighted loss, a scalar."""
        raise NotImplementedError


def weighted(losses: Mapping[str, Loss], factors: Mapping[str, float]) -> dict[str, Loss]:
    """The same terms with their weights multiplied by factors, by the term's name."""
    found = dict(losses)
    for name, factor in factors.items():
        settings = losses[name].settings
        found[name] = type(losses[name])(replace(settings, weight=settings.weight * factor))
    return found


class Layered(Loss):
    """The base of the terms that are a weighted sum of distances, one per layer.

    A layer's distance is a function of a statistic that is additive over the parts of a picture.
    So tiles contribute to the statistic, and get their gradients, one at a time, without the
    activations of the whole picture in memory (see `gramflow.engine.tiling`).

    located: True if the target is the feature maps themselves, of which a tile takes its own part.
        False if the target is a function of the statistic of its source.
    regional: True if `statistic` takes a third argument, `share`, so that a part of a picture with
        soft edges can have a statistic of its own: a map, (1, h, w, 1), 0..1, of how much each
        place counts.
    """

    located: ClassVar[bool] = False
    regional: ClassVar[bool] = False

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        """Settings of every term with layers."""

        layers: dict[str, float] = field(
            default_factory=lambda: {f"block{block}_conv1": 0.2 for block in range(1, 6)},
            metadata={"doc": "layers compared, with their weights", "minProperties": 1},
        )

    def statistic(self, features: Tensor, target: Any) -> Any:
        """Compute a layer's additive statistic: tensors in any nest of dicts and tuples.

        features: of a part of the picture, (1, h, w, channels). target: the layer's target, cut to
        the same part if `located`; None while a target is computed.
        """
        raise NotImplementedError

    def remembered(self, statistic: Any) -> Tensor:
        """Compute a layer's target from the statistic of its whole source (not if `located`).

        Targets must be averageable: a style of several pictures has the weighted mean of theirs.
        """
        raise NotImplementedError

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """Compute a layer's distance, a scalar, from the statistic of the whole picture."""
        raise NotImplementedError

    def part(self, target: Any, own: Callable[[Any], Any]) -> Any:
        """Cut a layer's target to a part of the picture.

        own: cuts a map, (1, h, w, channels), of the layer's size.
        """
        return own(target) if self.located else target

    def between(self, features: Tensor, target: Any) -> Tensor:
        """Compute a layer's distance, a scalar, from the features of the whole picture."""
        return self.distance(self.statistic(features, target), target)

    def target(self, features: Tensors, shares: Tensors | None = None) -> Tensors:
        """Compute the target of every layer from the features of the whole source.

        shares: how much each place of the source counts, by layer, (1, h, w, 1); only for terms
        that are `regional`. None: all alike.
        """
        if self.located:
            return {layer: features[layer] for layer in self.layers}
        return self.targets_from(self.statistics(features, {}, shares))

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """The unweighted loss: the sum of the layers' distances, each with its layer's weight."""
        return self.weighted(
            {layer: self.between(features[layer], target[layer]) for layer in self.layers}
        )

    def statistics(
        self, features: Tensors, target: Tensors, shares: Tensors | None = None
    ) -> Tensors:
        """Compute the statistic of every layer. shares: see `target`."""
        statistic: Any = self.statistic
        return {
            layer: statistic(
                features[layer], target.get(layer), *([] if shares is None else [shares[layer]])
            )
            for layer in self.layers
        }

    def targets_from(self, statistics: Tensors) -> Tensors:
        """Compute the target of every layer from its statistic."""
        return {layer: self.remembered(statistics[layer]) for layer in self.layers}

    def distances_from(self, statistics: Tensors, target: Tensors) -> Tensor:
        """Compute the unweighted loss, a scalar, from the statistic of every layer."""
        return self.weighted(
            {layer: self.distance(statistics[layer], target[layer]) for layer in self.layers}
        )

    def weighted(self, distances: Tensors) -> Tensor:
        """Sum the layers' distances, each with its layer's weight."""
        return sum(weight * distances[layer] for layer, weight in self.settings.layers.items())


def squared_distance(values: Tensor, target: Tensor, normalize: bool) -> Tensor:
    """mean((values - target)^2), divided by mean(target^2) when `normalize`."""
    distance = ops.mean(ops.square(values - target))
    if not normalize:
        return distance
    return distance / ops.maximum(ops.mean(ops.square(target)), 1e-12)


def count(values: Tensor) -> Tensor:
    """Number of values, in their own dtype: the additive divisor of `Layered` terms with a mean."""
    return ops.cast(ops.prod(ops.shape(values)), values.dtype)


class Content(Layered):
    """Distance of the features from the frame's own (Gatys et al. 2016, equation 1).

    A mean in place of the paper's half sum, so that the picture's size does not change it.
    """

    source = "frame"
    located = True
    regional = True

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        """Layers of the content and how their distances are normalised."""

        layers: dict[str, float] = field(
            default_factory=lambda: {"block4_conv3": 1.0},
            metadata={"doc": "layers compared, with their weights", "minProperties": 1},
        )
        normalize: bool = field(
            default=True, metadata={"doc": "divide by the energy of the target"}
        )

    def statistic(self, features: Tensor, target: Any, share: Any = None) -> Any:
        """The sum of squared differences, and its divisor.

        share: a factor for each place, which may be greater than 1; it does not change the divisor.
        """
        divisor = ops.sum(ops.square(target)) if self.settings.normalize else count(target)
        squares = ops.square(features - target)
        return ops.sum(squares if share is None else share * squares), divisor

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """The quotient of both sums."""
        squares, divisor = statistic
        return squares / ops.maximum(divisor, 1e-12)


def gram_sums(features: Tensor, share: Any = None) -> tuple[Tensor, Tensor]:
    """Unnormalised Gram matrix, (channels, channels), and its divisor h * w * channels.

    `features` has the shape (1, h, w, channels). share: how much each place counts, (1, h, w, 1);
    its sum then replaces h * w.
    """
    channels = features.shape[-1]
    flat = ops.reshape(features, (-1, channels))
    if share is None:
        return products(flat), count(flat)
    weights = ops.reshape(share, (-1, 1))
    return products(ops.sqrt(weights) * flat), channels * total(weights)


def total(weights: Tensor) -> Tensor:
    """The sum of weights, for use as a divisor: above 0 where there are none."""
    return ops.maximum(ops.sum(weights), 1e-6)


def products(rows: Tensor) -> Tensor:
    """X'X of a matrix X. Its custom gradient X (D + D') takes one multiplication instead of two."""

    def evaluated(rows: Tensor) -> Any:
        def gradient(*slopes: Tensor, upstream: Tensor = None) -> Tensor:
            (slope,) = slopes if upstream is None else (upstream,)  # by Keras's backend
            return ops.matmul(rows, slope + ops.transpose(slope))

        return ops.matmul(ops.transpose(rows), rows), gradient

    return ops.custom_gradient(evaluated)(rows)


def gram_matrix(features: Tensor) -> Tensor:
    """Gram matrix of the channels, (channels, channels), divided by h * w * channels.

    `features` has the shape (1, h, w, channels). Gatys et al. 2016, equation 3, has no divisor; the
    divisor makes matrices of different picture sizes and layers comparable.
    """
    sums, divisor = gram_sums(features)
    return sums / divisor


class Gram(Layered):
    """Distance of the channels' correlations from the style's (Gatys et al. 2016, equation 4)."""

    source = "style"
    regional = True

    @dataclass(frozen=True)
    class Settings(Layered.Settings):
        """How the layers' distances are normalised."""

        normalize: bool = field(
            default=True, metadata={"doc": "divide by the energy of the target"}
        )

    def statistic(self, features: Tensor, target: Any, share: Any = None) -> Any:
        """The unnormalised Gram matrix and its divisor."""
        return gram_sums(features, share)

    def remembered(self, statistic: Any) -> Tensor:
        """The Gram matrix."""
        sums, divisor = statistic
        return sums / divisor

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """The mean squared difference of the Gram matrices, normalised by the settings."""
        return squared_distance(self.remembered(statistic), target, self.settings.normalize)


class Temporal(Loss):
    """Distance from painted neighbours, warped to the frame (Ruder et al. 2016, equations 7, 9).

    A mean over all values, on the 0..255 scale; each pixel counts as far as its flow is trusted.
    """

    source = "neighbours"

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        """Which neighbours are compared with."""

        distances: list[int] = field(
            default_factory=lambda: [1],
            metadata={
                "doc": "how many frames back the neighbours are, for keyframes how many keyframes; "
                "[1, 2, 4] is long-term",
                "items": {"type": "integer", "minimum": 1},
                "minItems": 1,
            },
        )

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """The sum over the n neighbours of the mean squared differences, weighted by trust.

        target: "pictures", warped to the frame, (n, height, width, 3), preprocessed like the
        picture, and "trust", (n, height, width, 1), 0..1.
        """
        distances = target["trust"] * ops.square(picture - target["pictures"])
        return ops.sum(ops.mean(distances, axis=(1, 2, 3)))


class TotalVariation(Loss):
    """Mean squared difference of neighbouring pixel values, right and below, on the 0..255 scale.

    Removes the mesh of single pixels that max or average pooling leaves in every Gram-loss
    picture (Mahendran and Vedaldi 2015, equation 4 with beta = 2).
    """

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """The sum of the mean squared differences in both directions."""
        right = picture[:, :, 1:] - picture[:, :, :-1]
        below = picture[:, 1:] - picture[:, :-1]
        return ops.mean(ops.square(right)) + ops.mean(ops.square(below))


class Gamut(Loss):
    """Mean squared distance of the picture's values beyond black and white, on the 0..255 scale.

    What is beyond is cut off when the picture is stored, so the optimizer must not paint with it.
    """

    source = "range"

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """The mean squared excess. target: the network's "black" and "white", (1, 1, 1, 3)."""
        beyond = ops.relu(picture - target["white"]) + ops.relu(target["black"] - picture)
        return ops.mean(ops.square(beyond))
