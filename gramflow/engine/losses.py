"""Loss terms. Each is one class: what it keeps of its source as a target, and how far a picture is.

All tensors are Keras tensors, channels last. `features` maps a layer's name to its activations,
(1, h, w, channels); `picture` is what the network sees, (1, height, width, 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from gramflow.base.arrays import Tensor
from gramflow.engine import ops

Tensors = Mapping[str, Any]
"""Tensors by name; for terms with layers by the layer's name, each a tensor or a nest of them."""


class Loss:
    """The base of every loss term.

    source: what the target is made from: the frame that is painted (where something came into
        sight, a coarse painting of it); the style, whose pictures' targets are mixed; painted
        neighbours (see `Temporal`); the range of the network's values ("black" and "white", each
        (1, 1, 1, 3)); or nothing.
    """

    kind: ClassVar[str] = "losses"
    source: ClassVar[Literal["frame", "style", "neighbours", "range", None]] = None

    @dataclass(frozen=True)
    class Settings:
        """What every loss term has."""

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
        """How many steps back the neighbours are that the term looks at, nearest first."""
        if self.source != "neighbours":
            return []
        return sorted(getattr(self.settings, "distances", [1]))

    def target(self, features: Tensors) -> Tensors:
        """What the term has to remember of its source, by name."""
        return {}

    def prepared(self, target: Tensors) -> Tensors:
        """Arrays derived from a target, computed once, after several pictures' targets were
        averaged."""
        return target

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """The unweighted loss, a scalar."""
        raise NotImplementedError


class Layered(Loss):
    """The base of the terms that compare the features layer by layer: a weighted sum of distances.

    A layer's distance is a function of a statistic that adds up over the parts of a picture. So a
    tile's part of it, and its gradient, are found without the rest of the picture, which may be
    greater than memory (see `gramflow.engine.tiling`).

    located: whether the target is the features themselves, of which a tile sees its own part. The
        target of other terms is a function of the statistic, too.
    """

    located: ClassVar[bool] = False

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        """What every term with layers has."""

        layers: dict[str, float] = field(
            default_factory=lambda: {f"block{block}_conv1": 0.2 for block in range(1, 6)},
            metadata={"doc": "layers compared, with their weights", "minProperties": 1},
        )

    def statistic(self, features: Tensor, target: Any) -> Any:
        """What adds up over the parts of a picture: tensors in any nest of dicts and tuples.

        features: of a part, (1, h, w, channels). target: the layer's, its own part if it is
        located; None while the target itself is made.
        """
        raise NotImplementedError

    def remembered(self, statistic: Any) -> Tensor:
        """A layer's target, from the statistic of its whole source; only for terms not located.

        The mean of it over several pictures, weighted, is the target of them all.
        """
        raise NotImplementedError

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """A layer's distance, a scalar, from the statistic of the whole picture."""
        raise NotImplementedError

    def between(self, features: Tensor, target: Any) -> Tensor:
        """A layer's distance, a scalar, where the whole picture's features are at hand."""
        return self.distance(self.statistic(features, target), target)

    def target(self, features: Tensors) -> Tensors:
        """As the base says."""
        if self.located:
            return {layer: features[layer] for layer in self.layers}
        return self.targets_from(self.statistics(features, {}))

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """As the base says."""
        return self.weighted(
            {layer: self.between(features[layer], target[layer]) for layer in self.layers}
        )

    def statistics(self, features: Tensors, target: Tensors) -> Tensors:
        """The statistic of every layer."""
        return {layer: self.statistic(features[layer], target.get(layer)) for layer in self.layers}

    def targets_from(self, statistics: Tensors) -> Tensors:
        """The target of every layer, from its statistic."""
        return {layer: self.remembered(statistics[layer]) for layer in self.layers}

    def distances_from(self, statistics: Tensors, target: Tensors) -> Tensor:
        """The unweighted loss, from the statistic of every layer."""
        return self.weighted(
            {layer: self.distance(statistics[layer], target[layer]) for layer in self.layers}
        )

    def weighted(self, distances: Tensors) -> Tensor:
        """The sum over the layers, each with its weight."""
        return sum(weight * distances[layer] for layer, weight in self.settings.layers.items())


def squared_distance(values: Tensor, target: Tensor, normalize: bool) -> Tensor:
    """mean((values - target)^2), divided by mean(target^2) when `normalize`."""
    distance = ops.mean(ops.square(values - target))
    if not normalize:
        return distance
    return distance / ops.maximum(ops.mean(ops.square(target)), 1e-12)


def count(values: Tensor) -> Tensor:
    """How many values there are, of their own type: a sum for `Layered` terms that need a mean."""
    return ops.cast(ops.prod(ops.shape(values)), values.dtype)


class Content(Layered):
    """Distance of the features from the frame's own (Gatys et al. 2016, equation 1).

    A mean in place of the paper's half sum, so that the picture's size does not change it.
    """

    source = "frame"
    located = True

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        """Where and how the content is compared."""

        layers: dict[str, float] = field(
            default_factory=lambda: {"block4_conv3": 1.0},
            metadata={"doc": "layers compared, with their weights", "minProperties": 1},
        )
        normalize: bool = field(
            default=True, metadata={"doc": "divide by the energy of the target"}
        )

    def statistic(self, features: Tensor, target: Any) -> Any:
        """The sum of squared distances, and what it is divided by."""
        divisor = ops.sum(ops.square(target)) if self.settings.normalize else count(target)
        return ops.sum(ops.square(features - target)), divisor

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """As the base says."""
        squares, divisor = statistic
        return squares / ops.maximum(divisor, 1e-12)


def gram_sums(features: Tensor) -> tuple[Tensor, Tensor]:
    """The channels' products, summed over the pixels, (channels, channels), and their divisor.

    `features` has the shape (1, h, w, channels).
    """
    flat = ops.reshape(features, (-1, features.shape[-1]))
    return products(flat), count(flat)


def products(rows: Tensor) -> Tensor:
    """X'X of a matrix X, with its gradient X (D + D') in one multiplication in place of two."""

    def evaluated(rows: Tensor) -> Any:
        def gradient(*slopes: Tensor, upstream: Tensor = None) -> Tensor:
            (slope,) = slopes if upstream is None else (upstream,)  # by Keras's backend
            return ops.matmul(rows, slope + ops.transpose(slope))

        return ops.matmul(ops.transpose(rows), rows), gradient

    return ops.custom_gradient(evaluated)(rows)


def gram_matrix(features: Tensor) -> Tensor:
    """Correlations of the channels, (channels, channels), divided by h * w * channels.

    `features` has the shape (1, h, w, channels). Gatys et al. 2016, equation 3, has no divisor;
    with it the matrix does not grow with the picture or the layer.
    """
    sums, divisor = gram_sums(features)
    return sums / divisor


class Gram(Layered):
    """Distance of the channels' correlations from the style's (Gatys et al. 2016, equation 4)."""

    source = "style"

    @dataclass(frozen=True)
    class Settings(Layered.Settings):
        """How the style is compared."""

        normalize: bool = field(
            default=True, metadata={"doc": "divide by the energy of the target"}
        )

    def statistic(self, features: Tensor, target: Any) -> Any:
        """The products of the channels and their divisor."""
        return gram_sums(features)

    def remembered(self, statistic: Any) -> Tensor:
        """A Gram matrix."""
        sums, divisor = statistic
        return sums / divisor

    def distance(self, statistic: Any, target: Any) -> Tensor:
        """As the base says."""
        return squared_distance(self.remembered(statistic), target, self.settings.normalize)


class Temporal(Loss):
    """Distance from painted neighbours, warped to the frame (Ruder et al. 2016, equations 7, 9).

    A mean over all values, on the 0..255 scale; each pixel counts as far as its flow is trusted.
    """

    source = "neighbours"

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        """Which neighbours count."""

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
        """target: pictures (n, height, width, 3) and trust (n, height, width, 1)."""
        distances = target["trust"] * ops.square(picture - target["pictures"])
        return ops.sum(ops.mean(distances, axis=(1, 2, 3)))


class TotalVariation(Loss):
    """Mean squared difference of neighbouring pixel values, right and below, on the 0..255 scale.

    Removes the mesh of single pixels that max or average pooling leaves in every Gram-loss
    picture (Mahendran and Vedaldi 2015, equation 4 with beta = 2).
    """

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """The sum of both directions' means."""
        right = picture[:, :, 1:] - picture[:, :, :-1]
        below = picture[:, 1:] - picture[:, :-1]
        return ops.mean(ops.square(right)) + ops.mean(ops.square(below))


class Gamut(Loss):
    """Mean squared distance of the picture's values beyond black and white, on the 0..255 scale.

    What is beyond is cut off when the picture is stored, so the optimizer must not paint with it.
    """

    source = "range"

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """target: "black" and "white", (1, 1, 1, 3)."""
        beyond = ops.relu(picture - target["white"]) + ops.relu(target["black"] - picture)
        return ops.mean(ops.square(beyond))
