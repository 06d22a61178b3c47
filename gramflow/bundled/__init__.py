"""The trained network that comes with gramflow: VGG-19 up to block5_conv1, 8 bits a weight.

README.md in this folder states its source, licence and changes. `python -m gramflow.bundled` makes
the file anew from an .h5 file of Keras's layout.
"""

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

NETWORK = "vgg19"
"""The plugin whose weights these are."""


def convolutions(*counts: int) -> tuple[str, ...]:
    """Keras's names of a VGG's convolutions, in order, from how many each block has."""
    return tuple(
        f"block{block}_conv{conv}"
        for block, count in enumerate(counts, 1)
        for conv in range(1, count + 1)
    )


LAYERS = convolutions(2, 2, 4, 4, 1)
"""The convolutions that have weights, in order."""
FILE = files(__name__) / "vgg19.npz"

Arrays = Mapping[str, NDArray[Any]]


def identity() -> str:
    """The SHA-256 of the file."""
    return sha256(FILE.read_bytes()).hexdigest()


def load(model: Any) -> Any:
    """A Keras VGG-19, filled with these weights and cut after its last layer that has some."""
    import keras

    with FILE.open("rb") as file, np.load(file) as arrays:
        for layer in LAYERS:
            model.get_layer(layer).set_weights(restored(arrays, layer))
    return keras.Model(model.input, model.get_layer(LAYERS[-1]).output, name=model.name)


def quantised(layer: str, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> Arrays:
    """A convolution's weights in 8 bits, each output channel with a scale of its own.

    kernel: (height, width, inputs, outputs). The result is stored by name: kernel (outputs, height,
    width, inputs) in the order that deflate packs best, scale (outputs,), bias (outputs,).
    """
    channels = np.moveaxis(kernel, -1, 0)
    scale = np.maximum(np.abs(channels).max((1, 2, 3)), np.finfo(np.float32).tiny) / 127
    steps = np.rint(channels / scale[:, None, None, None]).astype(np.int8)
    return {f"{layer}/kernel": steps, f"{layer}/scale": scale, f"{layer}/bias": bias}


def restored(arrays: Arrays, layer: str) -> list[NDArray[np.float32]]:
    """The inverse of `quantised`, but for the rounding: kernel and bias as Keras has them."""
    scale = arrays[f"{layer}/scale"][:, None, None, None]
    kernel = np.moveaxis(arrays[f"{layer}/kernel"] * scale, 0, -1)
    return [np.ascontiguousarray(kernel, np.float32), arrays[f"{layer}/bias"]]
