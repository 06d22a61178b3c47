"""The trained network that comes with gramflow: VGG-19 up to block5_conv1, 8 bits a weight.

README.md in this folder states its source, licence and changes. `python -m gramflow.bundled`
recreates the file from an .h5 file of Keras's layout.
"""

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

NETWORK = "vgg19"
"""Name of the network plugin that these weights belong to."""


def convolutions(*counts: int) -> tuple[str, ...]:
    """Keras's names of a VGG's convolution layers, in order.

    counts: number of convolutions in each block.
    """
    return tuple(
        f"block{block}_conv{conv}"
        for block, count in enumerate(counts, 1)
        for conv in range(1, count + 1)
    )


LAYERS = convolutions(2, 2, 4, 4, 1)
"""The convolution layers whose weights are bundled, in order."""
FILE = files(__name__) / "vgg19.npz"

Arrays = Mapping[str, NDArray[Any]]


def identity() -> str:
    """SHA-256 of the weights file, hexadecimal."""
    return sha256(FILE.read_bytes()).hexdigest()


def load(model: Any) -> Any:
    """Fill a Keras VGG-19 with these weights, and cut it after the last layer that has them."""
    import keras

    with FILE.open("rb") as file, np.load(file) as arrays:
        for layer in LAYERS:
            model.get_layer(layer).set_weights(restored(arrays, layer))
    return keras.Model(model.input, model.get_layer(LAYERS[-1]).output, name=model.name)


def quantised(layer: str, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> Arrays:
    """Quantise a convolution's weights to 8 bits, with one scale per output channel.

    kernel: (height, width, inputs, outputs).
    bias: (outputs,).
    Returns the arrays to store, by name: kernel, int8 (outputs, height, width, inputs), the order
    that deflate packs best; scale (outputs,); bias (outputs,).
    """
    channels = np.moveaxis(kernel, -1, 0)
    scale = np.maximum(np.abs(channels).max((1, 2, 3)), np.finfo(np.float32).tiny) / 127
    steps = np.rint(channels / scale[:, None, None, None]).astype(np.int8)
    return {f"{layer}/kernel": steps, f"{layer}/scale": scale, f"{layer}/bias": bias}


def restored(arrays: Arrays, layer: str) -> list[NDArray[np.float32]]:
    """Undo `quantised`, but for the rounding: kernel and bias in Keras's layout, float32."""
    scale = arrays[f"{layer}/scale"][:, None, None, None]
    kernel = np.moveaxis(arrays[f"{layer}/kernel"] * scale, 0, -1)
    return [np.ascontiguousarray(kernel, np.float32), arrays[f"{layer}/bias"]]
