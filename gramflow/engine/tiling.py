"""Exact tiling: how a picture is cut so that a network's activations keep a memory limit.

A tile is computed from its own pixels and a halo around them, as wide as the receptive field of the
network's deepest layer reaches. The halo ends at the picture's border, where the network pads every
layer as it does without tiles; elsewhere features that padding could have reached are discarded.
Tiles begin at multiples of the total pooling stride. So each feature of the picture is computed in
exactly one tile, with the same value as without tiles.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Tensor
from gramflow.base.errors import GramflowError
from gramflow.engine.backend import copies_neighbourhoods
from gramflow.engine.losses import Layered, Loss
from gramflow.engine.networks import smallest


@dataclass(frozen=True)
class Geometry:
    """Strides and receptive field of a network, in pixels of its input.

    strides: distance between neighbouring features, by layer. stride: the greatest of them. halo:
    how far the receptive field of a feature reaches beyond the feature's own pixels on each side,
    rounded up to a multiple of `stride`.
    """

    strides: Mapping[str, int]
    stride: int
    halo: int


def geometry(network: Any) -> Geometry:
    """Compute the geometry of a Keras model that is a chain of layers.

    Raises GramflowError for a branching model or a layer whose receptive field is not known.
    """
    strides: dict[str, int] = {}
    stride, reach = 1, 0
    before = None
    for layer in network.layers:
        if before is not None and layer.input is not before.output:
            raise _not_tileable(network, layer)
        sight = _sight(layer)
        if sight is None:
            raise _not_tileable(network, layer)
        near, step = sight
        reach += near * stride
        stride *= step
        strides[layer.name] = stride
        before = layer
    return Geometry(strides, stride, -(-reach // stride) * stride)


def _sight(layer: Any) -> tuple[int, int] | None:
    """How many inputs a layer's kernel reaches beyond its own on each side, and its stride; None
    if they are not known."""
    from keras import layers

    if isinstance(layer, _pointwise()):
        return 0, 1
    if isinstance(layer, layers.Conv2D) and layer.padding == "same" and layer.strides == (1, 1):
        sizes = zip(layer.kernel_size, layer.dilation_rate, strict=True)
        return max(size // 2 * dilation for size, dilation in sizes), 1
    if isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
        height, width = layer.pool_size
        if layer.padding == "valid" and (height, height) == (width, width) == layer.strides:
            return 0, height
    return None


def _pointwise() -> tuple[type[Any], ...]:
    from keras import layers

    return (
        layers.InputLayer,
        layers.Activation,
        layers.ReLU,
        layers.LeakyReLU,
        layers.BatchNormalization,
        layers.Rescaling,
    )


def _not_tileable(network: Any, layer: Any) -> GramflowError:
    return GramflowError(
        f"network: {network.name} cannot be computed in tiles, which the memory limit asks for, "
        f"because of its layer {layer.name}; give more memory or a smaller width, or choose vgg16 "
        "or vgg19"
    )


@dataclass(frozen=True)
class Span:
    """A tile along one axis, in pixels: its own, start to stop, and with the halo, first to end."""

    first: int
    start: int
    stop: int
    end: int

    def own(self, stride: int) -> slice:
        """Slice of the tile's own features in the picture's feature map of this stride.

        Rounds down: as in pooling, an incomplete stride at the picture's end makes no feature.
        """
        return slice(self.start // stride, self.stop // stride)


@dataclass(frozen=True)
class Tile:
    """A tile of a picture, with its halo."""

    rows: Span
    columns: Span

    def seen(self, picture: Tensor) -> Tensor:
        """Cut the tile with its halo out of a picture, (1, height, width, ...)."""
        return picture[self.window]

    @property
    def window(self) -> tuple[slice, slice, slice]:
        """Where the tile with its halo is in a picture, (1, height, width, ...)."""
        rows, columns = (slice(span.first, span.end) for span in (self.rows, self.columns))
        return slice(None), rows, columns

    def own(self, values: Any, stride: int) -> Any:
        """Cut the tile's own part out of the picture's features, (1, h, w, channels).

        stride: of these features, in pixels.
        """
        return values[:, self.rows.own(stride), self.columns.own(stride)]

    @property
    def pixels(self) -> int:
        """Number of pixels of the tile with its halo."""
        return (self.rows.end - self.rows.first) * (self.columns.end - self.columns.first)

    @property
    def box(self) -> NDArray[np.int32]:
        """The tile's own pixels, relative to the tile with its halo: top, bottom, left, right."""
        spans = self.rows, self.columns
        edges = [edge - span.first for span in spans for edge in (span.start, span.stop)]
        return np.array(edges, np.int32)


def spans(length: int, count: int, geometry: Geometry) -> list[Span]:
    """Cut an axis of `length` pixels into `count` parts of nearly the same length."""
    stride, halo = geometry.stride, geometry.halo
    edges = [stride * (length // stride * part // count) for part in range(count)] + [length]
    return [
        Span(max(start - halo, 0), start, stop, min(stop + halo, length))
        for start, stop in pairwise(edges)
    ]


def tiles(height: int, width: int, pixels: float, geometry: Geometry) -> list[Tile]:
    """The grid of tiles with the least total overlap whose inputs have at most `pixels` each.

    Of equal overlaps the grid with the fewest tiles. Empty if no grid has tiles that small.
    """

    def cuts(length: int) -> list[list[Span]]:
        most = max(length // geometry.stride, 1)
        return [spans(length, count, geometry) for count in range(1, most + 1)]

    def seen(cut: Sequence[Span]) -> list[int]:
        return [span.end - span.first for span in cut]

    rows, columns = ([(cut, seen(cut)) for cut in cuts(length)] for length in (height, width))
    choices = [
        (sum(down) * sum(across), len(down) * len(across), i, j)
        for (i, (_, down)), (j, (_, across)) in product(enumerate(rows), enumerate(columns))
        if max(down) * max(across) <= pixels
    ]
    if not choices:
        return []
    *_, i, j = min(choices)
    return [Tile(*spans) for spans in product(rows[i][0], columns[j][0])]


BASE = round(1.15 * 2**30)
"""Bytes of a process before it paints: Python, TensorFlow and a network's weights."""
PICTURES = 10
"""Number of float32 pictures in memory besides the optimizer's state: the frame, its gradient,
intermediate results, and temporaries of the terms without layers."""


class Plan:
    """Estimates memory and chooses the tiles with which pictures keep a memory limit.

    network: a Keras model. limit: bytes that the process may take; None for any. held: bytes of
    optimizer state per pixel value. where: the look's name, for errors.
    """

    def __init__(
        self,
        network: Any,
        losses: Mapping[str, Loss],
        limit: int | None = None,
        held: int = 0,
        where: str = "the look",
    ) -> None:
        self.network = network
        self.losses = losses
        self.limit = limit
        self.where = where
        self._most = math.inf  # pixels of a tile that the device has had memory for
        self._held = 12 * PICTURES + 3 * held + target_bytes(network, losses)
        self.tiles = lru_cache(self._tiles)

    @cached_property
    def geometry(self) -> Geometry:
        """The network's geometry. Raises GramflowError if the network cannot be tiled."""
        return geometry(self.network)

    @cached_property
    def smallest(self) -> int:
        """The shortest side of a picture, in pixels, that the network has features of."""
        return smallest(self.network)

    @cached_property
    def _active(self) -> float:
        return activation_bytes(self.network)

    def estimate(self, height: int, width: int, seen: float) -> int:
        """Peak memory in bytes for a picture computed in tiles of at most `seen` input pixels."""
        return round(BASE + self._held * height * width + self._active * seen)

    def _tiles(self, height: int, width: int) -> list[Tile]:
        """The tiles of a picture; a single one if the whole picture fits.

        Raises GramflowError for a picture that is too small for the network, if tiles are needed
        but a term or the network cannot be tiled, or no tile is small enough.
        """
        if min(height, width) < self.smallest:
            raise GramflowError(
                f"{self.where}: {width}x{height} pixels are too few for the layers of "
                f"{self.network.name}, which need {self.smallest} on the shorter side; give a "
                "greater width, style_scale or coarsest, or earlier layers"
            )
        limit, most = math.inf if self.limit is None else self.limit, self._most
        if height * width <= most and self.estimate(height, width, height * width) <= limit:
            return [Tile(Span(0, 0, height, height), Span(0, 0, width, width))]
        for name, loss in self.losses.items():
            if loss.layers and not isinstance(loss, Layered):
                raise GramflowError(
                    f"{self.where}.losses.{name}: cannot be computed in tiles, which the memory "
                    f"limit asks for at {width}x{height} pixels; give more memory or a smaller "
                    "width, or derive the term from Layered (docs/plugins.md)"
                )
        seen = (limit - self.estimate(height, width, 0)) / self._active
        if found := tiles(height, width, min(seen, most), self.geometry):
            return found
        if seen > most:
            raise GramflowError(
                f"memory: the device has too little for {self.where} at {width}x{height} pixels, "
                "even in the smallest tiles; end what else uses it, or give a smaller width"
            )
        side = self.geometry.stride + 2 * self.geometry.halo
        least = self.estimate(height, width, min(height, side) * min(width, side))
        raise GramflowError(
            f"memory: {in_words(limit)} is too little for {self.where} at {width}x{height} "
            f"pixels; give {in_words(least)} at least, a smaller width, or an optimizer with "
            "less memory of its own"
        )

    def shrink(self, height: int, width: int) -> int:
        """Halve the tiles of a picture, since the device has run out of memory.

        Pictures of other sizes get no greater tiles, either. Returns the number of tiles. Raises
        GramflowError as `tiles` does.
        """
        self._most = max(tile.pixels for tile in self.tiles(height, width)) / 2
        self.tiles.cache_clear()
        return len(self.tiles(height, width))

    def words(self, height: int, width: int) -> str:
        """The estimate as text for users. Raises GramflowError like `tiles`."""
        parts = self.tiles(height, width)
        seen = max(tile.pixels for tile in parts)
        text = f"about {in_words(self.estimate(height, width, seen))} of memory"
        return text if len(parts) == 1 else f"{text}, {len(parts)} tiles"


SIDE = 512
"""Height and width in pixels of the picture for which bytes per pixel are computed."""


def activation_bytes(network: Any) -> float:
    """Estimate the activation memory of one loss and gradient in bytes per pixel, from the layers'
    output shapes in float32."""
    import keras

    layers = network.layers[1:]
    shapes = keras.Model(network.input, [layer.output for layer in layers]).compute_output_shape(
        (1, SIDE, SIDE, 3)
    )
    sizes = [float(np.prod(shape)) for shape in shapes]
    # All features are kept for backpropagation. The largest need three more copies: their gradient,
    # the gradient computed from it, and a convolution's own copy.
    copies = 3 * max(sizes)
    if copies_neighbourhoods():
        seen = (
            float(np.prod([*shape[1:3], *layer.kernel.shape[:3]]))
            for layer, shape in zip(layers, shapes, strict=True)
            if isinstance(layer, keras.layers.Conv2D)
        )
        copies = max([copies, *seen])
    return 4 * (sum(sizes) + copies) / SIDE**2


def target_bytes(network: Any, losses: Mapping[str, Loss]) -> float:
    """Bytes per pixel of the targets whose size depends on the picture's: content features and
    painted neighbours."""
    shapes = network.compute_output_shape((1, SIDE, SIDE, 3))
    features = sum(
        float(np.prod(shapes[layer])) / SIDE**2
        for loss in losses.values()
        if loss.source == "frame"
        for layer in loss.layers
    )
    neighbours = sum(len(loss.distances) for loss in losses.values())
    # a neighbour has three colour channels and its trust
    return 4 * (features + 4 * neighbours)


def in_words(size: float) -> str:
    """Format bytes in GiB, as in the config, rounded up to a tenth."""
    return f"{math.ceil(size / 2**30 * 10) / 10}GiB"
