"""Published measures of video style transfer, for comparison with the numbers of papers.

Pictures are (height, width, 3), RGB, 0..1; flows as in `gramflow.engine.flows`.
"""

from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.material import SHARED
from benchmarks.problems import weights_of
from gramflow.base.arrays import Picture
from gramflow.engine.flows import Flow, FlowMethod, warp
from gramflow.engine.networks import VGG19, build
from gramflow.painting.weights import source_of

LPIPS_WEIGHTS = SHARED / "weights/lpips_alex_fp16.npz"
_TORCH = 57.6  # factor, about, by which Keras's VGG-19 features are greater than torchvision's
Mask = NDArray[np.bool_]


def warping_error(painted: Picture, before: Picture, flow: Flow, seen: Mask) -> float:
    """Mean squared difference between a painted frame and the warped one before it (Lai et al.
    2018, equation 10). Its root is ReCoNet's e_stab (Gao et al. 2018).

    flow: from the frame to the one before. seen: pixels that both frames show, (height, width).
    """
    return float(np.square(warp(before, flow) - painted).mean(-1)[seen].mean())


def flow_change(method: FlowMethod, film: list[Picture], painted: list[Picture]) -> float:
    """tOF: mean absolute difference, in pixels, of the flows of a pair of frames in the video and
    in the painted video (Chu et al. 2020, TecoGAN)."""
    return float(np.abs(method.between(*painted) - method.between(*film)).mean())


class LPIPS:
    """Learned perceptual distance by AlexNet's features (Zhang et al. 2018, version 0.1)."""

    strides = (4, 1, 1, 1, 1)
    pads = (2, 2, 1, 1, 1)

    @cached_property
    def _weights(self) -> Any:
        with np.load(LPIPS_WEIGHTS) as file:
            return {name: file[name].astype(np.float32) for name in file.files}

    def features(self, picture: Picture) -> list[Any]:
        """Features after each of the five ReLUs, normalised to unit length over the channels."""
        import tensorflow as tf

        shift, scale = np.float32([-0.030, -0.088, -0.188]), np.float32([0.458, 0.448, 0.450])
        values, found = ((2 * picture - 1 - shift) / scale)[None], []
        for number, (stride, pad) in enumerate(zip(self.strides, self.pads, strict=True), 1):
            if number in (2, 3):
                values = tf.nn.max_pool2d(values, 3, 2, "VALID")
            padding = [[0, 0], [pad, pad], [pad, pad], [0, 0]]
            values = tf.nn.conv2d(values, self._weights[f"conv{number}_w"], stride, padding)
            values = tf.nn.relu(values + self._weights[f"conv{number}_b"])
            found.append(values / (tf.norm(values, axis=-1, keepdims=True) + 1e-10))
        return found

    def __call__(self, one: Picture, other: Picture) -> float:
        """The LPIPS distance of two pictures; 0 for equal ones."""
        pairs = zip(self.features(one), self.features(other), strict=True)
        weights = (self._weights[f"lin{number}"] for number in range(5))
        distances = [
            (np.square(a - b).mean((0, 1, 2)) * w).sum()
            for (a, b), w in zip(pairs, weights, strict=True)
        ]
        return float(sum(distances))


@cache
def _vgg() -> Any:
    return build(VGG19(), source_of(weights_of("vgg19")), ["block3_conv1"], "max")


def _similarities(picture: Picture) -> Any:
    """Self-similarity of relu3_1 features: log-softmax over each row of (n, n), n positions."""
    features = np.asarray(_vgg()(VGG19().preprocess(picture))["block3_conv1"][0], np.float64)
    channels = features.shape[-1]
    rows = features.reshape(-1, channels) / _TORCH / channels
    products = rows @ rows.T
    products -= products.max(-1, keepdims=True)
    return products - np.log(np.exp(products).sum(-1, keepdims=True))


def structure_change(content: Picture, painted: Picture) -> float:
    """CFSD (Chung et al. 2024, StyleID): Kullback-Leibler divergence of the self-similarities at
    VGG-19's relu3_1. Summed over all positions, so values compare only at one size."""
    wanted, found = _similarities(content), _similarities(painted)
    return float((np.exp(found) * (found - wanted)).sum())
