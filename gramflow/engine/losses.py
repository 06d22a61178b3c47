"""Loss terms. Each is one class: what it keeps of its source as a target, and how far a picture is.

All tensors are Keras tensors, channels last. `features` maps a layer's name to its activations,
(1, h, w, channels); `picture` is what the network sees, (1, height, width, 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from gramflow import ops
from gramflow.arrays import Tensor

Tensors = Mapping[str, Tensor]


class Loss:
    """The base of every loss term.

    source: whose picture the target is made from: the frame that is painted, the style, painted
        neighbours (see `Temporal`), or nobody's. The targets of several style pictures are mixed.
    """

    kind: ClassVar[str] = "losses"
    source: ClassVar[Literal["frame", "style", "neighbours", None]] = None

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

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """The unweighted loss, a scalar."""
        raise NotImplementedError


class Summed(Loss):
    """The base of the terms that are functions of sums over the features.

    A tile's sums and its gradient are found without the rest of the picture, so that a picture
    may be greater than memory (see `gramflow.engine.tiling`). A term without layers need not be
    one: it is computed over the whole picture, which takes little.

    located: whether the target is the features themselves, by layer, of which a tile sees its own
        part. The target of other terms is a function of sums, too.
    """

    located: ClassVar[bool] = False

    def sums(self, features: Tensors, target: Tensors) -> Any:
        """What adds up over the parts of a picture: tensors in any nest of dicts and tuples.

        features: of a part. target: its own part if it is located; it is empty while the target
        itself is made.
        """
        raise NotImplementedError

    def remembered(self, sums: Any) -> Tensors:
        """The target, from the sums over its whole source; only for terms not located."""
        raise NotImplementedError

    def loss(self, sums: Any, target: Tensors) -> Tensor:
        """The unweighted loss, a scalar, from the sums over the whole picture."""
        raise NotImplementedError

    def target(self, features: Tensors) -> Tensors:
        """As the base says."""
        if self.located:
            return {layer: features[layer] for layer in self.layers}
        return self.remembered(self.sums(features, {}))

    def __call__(self, picture: Tensor, features: Tensors, target: Tensors) -> Tensor:
        """As the base says."""
        return self.loss(self.sums(features, target), target)


def squared_distance(values: Tensor, target: Tensor, normalize: bool) -> Tensor:
    """mean((values - target)^2), divided by mean(target^2) when `normalize`."""
    distance = ops.mean(ops.square(values - target))
    if not normalize:
        return distance
    return distance / ops.maximum(ops.mean(ops.square(target)), 1e-12)


def count(values: Tensor) -> Tensor:
    """How many values there are, of their own type: a sum for `Summed` terms that need a mean."""
    return ops.cast(ops.prod(ops.shape(values)), values.dtype)


class Content(Summed):
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

    def sums(self, features: Tensors, target: Tensors) -> Any:
        """By layer: squared distances, and what their sum is divided by."""
        return {
            layer: (
                ops.sum(ops.square(features[layer] - target[layer])),
                ops.sum(ops.square(target[layer]))
                if self.settings.normalize
                else count(target[layer]),
            )
            for layer in self.layers
        }

    def loss(self, sums: Any, target: Tensors) -> Tensor:
        """Weighted sum over the layers."""
        return sum(
            weight * sums[layer][0] / ops.maximum(sums[layer][1], 1e-12)
            for layer, weight in self.settings.layers.items()
        )


def gram_sums(features: Tensor) -> tuple[Tensor, Tensor]:
    """The channels' products, summed over the pixels, (channels, channels), and their divisor.

    `features` has the shape (1, h, w, channels).
    """
    flat = ops.reshape(features, (-1, features.shape[-1]))
    return ops.matmul(ops.transpose(flat), flat), count(flat)


def gram_matrix(features: Tensor) -> Tensor:
    """Correlations of the channels, (channels, channels), divided by h * w * channels.

    `features` has the shape (1, h, w, channels). Gatys et al. 2016, equation 3, has no divisor;
    with it the matrix does not grow with the picture or the layer.
    """
    products, divisor = gram_sums(features)
    return products / divisor


class Gram(Summed):
    """Distance of the channels' correlations from the style's (Gatys et al. 2016, equation 4)."""

    source = "style"

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        """Where and how the style is compared."""

        layers: dict[str, float] = field(
            default_factory=lambda: {f"block{block}_conv1": 0.2 for block in range(1, 6)},
            metadata={"doc": "layers compared, with their weights", "minProperties": 1},
        )
        normalize: bool = field(
            default=True, metadata={"doc": "divide by the energy of the target"}
        )

    def sums(self, features: Tensors, target: Tensors) -> Any:
        """By layer: products of the channels and their divisor."""
        return {layer: gram_sums(features[layer]) for layer in self.layers}

    def remembered(self, sums: Any) -> Tensors:
        """A Gram matrix per layer."""
        return {layer: products / divisor for layer, (products, divisor) in sums.items()}

    def loss(self, sums: Any, target: Tensors) -> Tensor:
        """Weighted sum over the layers."""
        grams = self.remembered(sums)
        return sum(
            weight * squared_distance(grams[layer], target[layer], self.settings.normalize)
            for layer, weight in self.settings.layers.items()
        )


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
