"""Image transformation networks: one pass of a small convolutional network paints a frame.

As in Johnson et al. 2016 (arXiv:1603.08155), with three changes. All but the last convolution work
at half of the frame's resolution and below, where they cost a quarter: pixels are gathered 2x2 into
channels before the first and spread again before the last. The network learns what to add to the
frame, so that it starts as a copy. It has no normalisation, so that a pixel depends on its
surroundings only: what moves through the picture keeps its paint, and a picture in tiles is the
same as the whole.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture

STRIDE = 4
"""Height and width of a frame must be multiples of it."""

_GATHERED = 2 * 2 * 3  # channels of the frame at half its resolution


def build(channels: int, blocks: int, seed: int) -> Any:
    """Build an untrained network: a Keras model of (n, height, width, 3), RGB 0..1, to the same.

    Its result is not clipped. channels: at a quarter of the resolution, a multiple of 8; at half of
    it there are half as many. blocks: residual blocks, of two convolutions each. seed: of the
    random weights.
    """
    import keras
    from keras import layers

    from gramflow.engine.layers import GatherPixels, ReflectedConv2D, SpreadPixels

    def conv(name: str, filters: int, size: int = 3, **options: Any) -> Any:
        random = keras.initializers.HeNormal(seed=seed + len(made))
        made.append(name)
        return ReflectedConv2D(
            filters, size, name=name, **{"kernel_initializer": random, **options}
        )

    made: list[str] = []
    frame = keras.Input((None, None, 3), name="frame")
    values = conv("first", channels // 2, activation="relu")(GatherPixels()(frame))
    values = conv("down", channels, 4, strides=2, activation="relu")(values)
    for block in range(1, blocks + 1):
        inner = conv(f"block{block}a", channels, activation="relu")(values)
        # zeros: each block begins as the identity, which takes the place of normalisation
        inner = conv(f"block{block}b", channels, kernel_initializer="zeros")(inner)
        values = layers.Add()([values, inner])
    # bilinear, since repeated pixels leave a mesh
    values = layers.UpSampling2D(2, interpolation="bilinear")(values)
    values = conv("up", channels // 2, activation="relu")(values)
    values = conv("spread", channels // 2, activation="relu")(values)
    values = layers.Concatenate()([frame, SpreadPixels()(values)])
    change = conv("last", 3, kernel_initializer="zeros")(values)
    return keras.Model(frame, layers.Add()([frame, change]))


def arrays_of(model: Any) -> dict[str, NDArray[np.float32]]:
    """A network's weights by name, such as first/kernel, (height, width, inputs, outputs)."""
    return {
        f"{layer.name}/{name}": np.asarray(values)
        for layer in model.layers
        if layer.weights
        for name, values in zip(("kernel", "bias"), layer.get_weights(), strict=True)
    }


def restored(arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Build the network of the weights that `arrays_of` gave, to paint by: it is not trainable.

    So no framework keeps what training would need. Raises KeyError for other arrays.
    """
    channels, blocks = shape_of(arrays)
    model = build(channels, blocks, 0)
    model.trainable = False
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([arrays[f"{layer.name}/{name}"] for name in ("kernel", "bias")])
    return model


def shape_of(arrays: Mapping[str, NDArray[Any]]) -> tuple[int, int]:
    """Channels and blocks of a network, from its weights."""
    return arrays["down/bias"].size, sum(bool(_BLOCK.fullmatch(name)) for name in arrays)


_BLOCK = re.compile(r"block\d+a/bias")


def multiply_adds(channels: int, blocks: int) -> float:
    """Multiplications, each with an addition, that a network makes for a pixel of the frame."""
    quarter, half = channels, channels // 2
    at_half = 9 * (_GATHERED * half + quarter * half + half * half)
    at_quarter = 16 * half * quarter + blocks * 2 * 9 * quarter**2
    return 9 * (half / 4 + 3) * 3 + at_half / 4 + at_quarter / 16


def reach(blocks: int) -> int:
    """How many pixels away, at most, a pixel of the frame can be that changes a painted one."""
    return 16 + 8 * blocks


def padded(frame: Picture) -> Picture:
    """Mirror a frame beyond its right and lower edge, up to sides that are multiples of STRIDE."""
    height, width = frame.shape[:2]
    if height % STRIDE == width % STRIDE == 0:
        return frame
    return np.pad(frame, ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0)), "symmetric")


def painted(model: Any, frame: Picture, memory: int | None = None) -> Picture:
    """Paint a frame, (height, width, 3), RGB 0..1; the result is not clipped.

    memory: bytes to keep to, by painting strip after strip, with the same result; None: no limit.
    """
    from gramflow.engine import ops

    height, width = frame.shape[:2]
    rows = rows_within(memory, width)
    beyond = reach(sum(bool(_BLOCK.fullmatch(f"{layer.name}/bias")) for layer in model.layers))
    whole = padded(frame)[None]
    strips = []
    for top in range(0, height, rows):
        first = max(top - beyond, 0)
        seen = whole[:, first : top + rows + beyond]
        strips.append(ops.convert_to_numpy(model(seen))[0, top - first :][:rows])
    return np.concatenate(strips)[:height, :width]


def rows_within(memory: int | None, width: int) -> int:
    """Rows of a strip that so many bytes suffice for; a multiple of STRIDE."""
    if memory is None:
        return _UNLIMITED
    return min(max(memory // (_PIXEL * width) // STRIDE * STRIDE, STRIDE), _UNLIMITED)


_PIXEL = 500  # bytes to paint a pixel; measured 485 with 48 channels
_UNLIMITED = 2**20
