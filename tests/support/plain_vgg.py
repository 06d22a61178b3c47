"""VGG-16 and the seed's loss in plain NumPy and float64, forward and backward.

Independent of Keras and of the package: the tests hold one against the other.
"""

from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np

BLOCKS = (2, 2, 3, 3, 3)


def layer_names():
    return [f"block{b}_conv{c}" for b, n in enumerate(BLOCKS, 1) for c in range(1, n + 1)]


def make_weights(seed=0):
    """He-normal kernels and small biases by layer name."""
    random = np.random.default_rng(seed)
    channels = [3, 64, 64, 128, 128, *[256] * 3, *[512] * 6]
    weights = {}
    for name, (before, after) in zip(layer_names(), pairwise(channels), strict=True):
        deviation = np.sqrt(2 / (9 * before))
        kernel = random.normal(0, deviation, (3, 3, before, after)).astype(np.float32)
        weights[name] = kernel, random.normal(0, 0.1, after).astype(np.float32)
    return weights


def save_weights(weights, path: Path):
    """The layout of the .h5 files that Keras publishes."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in weights]
        for name, (kernel, bias) in weights.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()]
            group[f"{name}/kernel:0"], group[f"{name}/bias:0"] = kernel, bias


def columns(x):
    """Every pixel's 3x3 neighbourhood, zero outside: (h, w, 9 * channels)."""
    height, width, _ = x.shape
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    parts = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return np.concatenate(parts, axis=-1)


def convolve(x, kernel, bias):
    return columns(x) @ kernel.reshape(-1, kernel.shape[-1]) + bias


def convolve_back(gradient, kernel):
    flipped = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    return columns(gradient) @ flipped.reshape(-1, flipped.shape[-1])


def pool(x):
    height, width, channels = x.shape
    x = x[: height // 2 * 2, : width // 2 * 2]
    return x.reshape(height // 2, 2, width // 2, 2, channels).mean((1, 3))


def pool_back(gradient, shape):
    back = np.zeros(shape)
    back[: gradient.shape[0] * 2, : gradient.shape[1] * 2] = gradient.repeat(2, 0).repeat(2, 1) / 4
    return back


class PlainVGG:
    """Average pooling between the blocks, ReLU after every convolution."""

    def __init__(self, weights):
        self.weights = {
            name: tuple(array.astype(np.float64) for array in arrays)
            for name, arrays in weights.items()
        }

    def features(self, x):
        """Activations by layer; x is (h, w, 3), preprocessed."""
        found = {}
        for name in layer_names():
            if name.endswith("conv1") and not name.startswith("block1"):
                x = pool(x)
            x = np.maximum(convolve(x, *self.weights[name]), 0)
            found[name] = x
        return found

    def backward(self, x, features, gradients):
        """The gradient by x of a loss with these gradients by the features."""
        names = layer_names()
        flow = np.zeros_like(features[names[-1]])
        for index in range(len(names) - 1, -1, -1):
            name = names[index]
            flow = (flow + gradients.get(name, 0)) * (features[name] > 0)
            flow = convolve_back(flow, self.weights[name][0])
            if name.endswith("conv1") and index > 0:
                flow = pool_back(flow, features[names[index - 1]].shape)
        return flow


STYLE = dict(zip((f"block{b}_conv1" for b in range(1, 6)), (0.2, 0.4, 0.3, 0.5, 0.2), strict=True))


def gram(features):
    height, width, channels = features.shape
    rows = features.reshape(-1, channels).T
    return rows @ rows.T / (height * width * channels)


def seed_loss(network, x, content, style_grams, normalize=False, scales=(4.0, 0.03)):
    """The seed's loss and gradient at x: mean squared distances of block4_conv3 and of Grams."""
    features = network.features(x)
    target = content["block4_conv3"]
    distance = features["block4_conv3"] - target
    energy = np.mean(target**2) if normalize else 1.0
    loss = scales[0] * np.mean(distance**2) / energy
    gradients = {"block4_conv3": scales[0] * 2 * distance / distance.size / energy}
    for name, weight in STYLE.items():
        height, width, channels = features[name].shape
        off = gram(features[name]) - style_grams[name]
        energy = np.mean(style_grams[name] ** 2) if normalize else 1.0
        loss += scales[1] * weight * np.mean(off**2) / energy
        by_gram = scales[1] * weight * 2 * off / off.size / energy
        rows = features[name].reshape(-1, channels)
        by_rows = rows @ (by_gram + by_gram.T) / (height * width * channels)
        gradients[name] = gradients.get(name, 0) + by_rows.reshape(height, width, channels)
    return loss, network.backward(x, features, gradients)
