"""The algorithms of two other style transfer programs, re-implemented on gramflow's own network.

This compares looks with them at the same size, with the same weights, and without PyTorch. Formulas
and constants are taken from the programs, which each class names; the code is not.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, Tensor
from gramflow.engine.losses import gram_matrix
from gramflow.engine.networks import Network
from gramflow.media.pictures import resize

STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))
CONTENT_LAYER = "block4_conv2"
Extractor = Callable[[str, list[str]], Any]
"""Builds a Keras feature extractor from a pooling and layer names."""


def fitted(picture: Picture, side: int, enlarge: bool = True) -> Picture:
    """Resize a picture to a longer side of `side` pixels; smaller pictures only if `enlarge`."""
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    if factor > 1 and not enlarge:
        return picture
    return resize(picture, round(width * factor), round(height * factor))


# -- crowsonkb/style-transfer-pytorch ----------------------------------------------------------


def scales(least: int, side: int) -> list[int]:
    """Longer sides of the pyramid's levels, rising by the square root of 2 each: the last is
    `side`, the others are at least `least`."""
    found = [side]
    while (size := round(side / 2 ** (len(found) / 2))) >= least:
        found.append(size)
    return found[::-1]


@tf.custom_gradient
def root_trace(matrix: Tensor) -> Any:
    """Trace of the square root of a positive definite (n, n) matrix by 12 Newton-Schulz steps.

    The gradient is half the inverse of the root. It takes 12 steps of the Lyapunov equation's
    solver (Lin and Maji 2017, arXiv:1707.06772, section 3.2), in which all matrices commute here,
    since only the trace is differentiated. 12 steps do not converge for small eigenvalues; the
    program has the same inaccuracy.
    """
    root = newton_schulz(matrix)

    def gradient(slope: Tensor) -> Tensor:
        norm = ops.sqrt(ops.sum(ops.square(root)))
        sign, inverse = root / norm, unit(root) / norm
        for _ in range(12):
            step = (3 * unit(root) - ops.matmul(sign, sign)) / 2
            sign, inverse = ops.matmul(sign, step), ops.matmul(inverse, step)
        return slope * inverse / 2

    return ops.trace(root), gradient


def newton_schulz(matrix: Tensor) -> Tensor:
    """Square root of a positive definite (n, n) matrix by 12 Newton-Schulz steps."""
    norm = ops.sqrt(ops.sum(ops.square(matrix)))
    root, inverse = matrix / norm, unit(matrix)
    for _ in range(12):
        step = (3 * unit(matrix) - ops.matmul(inverse, root)) / 2
        root, inverse = ops.matmul(root, step), ops.matmul(step, inverse)
    return root * ops.sqrt(norm)


def unit(matrix: Tensor) -> Tensor:
    """The identity matrix of this matrix's size and dtype."""
    return ops.eye(matrix.shape[-1], dtype=matrix.dtype)


def variation(picture: Tensor) -> Tensor:
    """Total variation: mean squared differences to neighbours in four directions, diagonal ones
    with a quarter of the weight.

    picture: (1, height, width, 3); padded by repeating its border.
    """
    padded = ops.pad(picture, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    inner = padded[:, 1:-1, 1:-1]
    straight = (padded[:, 1:-1, 2:] - inner, padded[:, 2:, 1:-1] - inner)
    across = (
        padded[:, 1:, 1:] - padded[:, :-1, :-1],
        padded[:, 1:, :-1] - padded[:, :-1, 1:],
    )
    return sum(ops.mean(ops.square(values)) for values in straight) * (2 / 3) + sum(
        ops.mean(ops.square(values)) for values in across
    ) * (1 / 6)


@dataclass
class Adam:
    """Adam (Kingma and Ba 2014) over values within 0..1, with a running mean of the iterates.

    at: the start, (1, height, width, 3). The constants are the program's. A change of size keeps
    the moments, but starts a new running mean.
    """

    at: NDArray[np.float32]
    step: float = 0.02
    first_share: float = 0.9
    second_share: float = 0.99
    mean_share: float = 0.99

    def __post_init__(self) -> None:
        self.first, self.second = np.zeros_like(self.at), np.zeros_like(self.at)
        self.count = 0
        self._begin()

    def _begin(self) -> None:
        self._sum, self._weight = (1 - self.mean_share) * self.at, 1 - self.mean_share

    @property
    def mean(self) -> NDArray[np.float32]:
        """The bias-corrected running mean of the iterates since the last change of size."""
        return self._sum / np.float32(self._weight)

    def resize(self, width: int, height: int) -> None:
        """Continue at another size from the running mean; the moments are resized, too."""
        if self.at.shape[1:3] == (height, width):
            return

        def enlarged(values: NDArray[np.float32], method: int) -> NDArray[np.float32]:
            return cv2.resize(values[0], (width, height), interpolation=method)[None]

        self.at = np.clip(enlarged(self.mean, cv2.INTER_CUBIC), 0, 1)
        self.first = enlarged(self.first, cv2.INTER_CUBIC)
        self.second = np.maximum(enlarged(self.second, cv2.INTER_LINEAR), 0)
        self._begin()

    def update(self, gradient: NDArray[np.float32]) -> None:
        """Take one step along a gradient of the iterate's shape."""
        self.count += 1
        self.first += (1 - self.first_share) * (gradient - self.first)
        self.second += (1 - self.second_share) * (gradient**2 - self.second)
        first = self.first / (1 - self.first_share**self.count)
        second = self.second / (1 - self.second_share**self.count)
        self.at = np.clip(self.at - self.step * first / (np.sqrt(second) + 1e-8), 0, 1)
        self._sum = self.mean_share * self._sum + (1 - self.mean_share) * self.at
        self._weight = self.mean_share * self._weight + 1 - self.mean_share


@dataclass
class Crowsonkb:
    """crowsonkb/style-transfer-pytorch, style_transfer.py of its last versions (MIT licence).

    Losses: mean squared content distance, squared Wasserstein-2 distance of the style features'
    mean and covariance, total variation. Optimised over a pyramid of sizes, starting from the
    content, by Adam with a running mean. Only the iterations are fewer: the program's own defaults
    are 1000 at the first size and 500 after.

    extractor: of gramflow's VGG-19. Its features are divided by 57.6, the standard deviation of
    ImageNet's values, because torchvision's network expects pictures divided by that.
    """

    network: Network
    extractor: Extractor
    content: float = 0.015
    variation: float = 2.0
    layer_shares: tuple[float, ...] = (256 / 341, 64 / 341, 16 / 341, 4 / 341, 1 / 341)
    ridge: float = 1e-4
    pooling: str = "max"
    least: int = 128
    first_iterations: int = 200
    iterations: int = 80

    def __post_init__(self) -> None:
        self._model = self.extractor(self.pooling, [CONTENT_LAYER, *STYLE_LAYERS])
        self._black = self.network.preprocess(np.zeros((1, 1, 3), np.float32))
        self._evaluation = tf.function(self._evaluate)

    def paint(self, content: Picture, style: Picture) -> tuple[Picture, int]:
        """The content, painted at its own size, and the evaluations made."""
        sizes = scales(self.least, max(content.shape[:2]))
        adam = Adam(fitted(content, sizes[0])[None].copy())
        for size in sizes:
            frame = fitted(content, size)
            adam.resize(frame.shape[1], frame.shape[0])
            target = self._features(ops.convert_to_tensor(frame[None]))[CONTENT_LAYER]
            styles = self._style(fitted(style, size, enlarge=False))
            for _ in range(self.first_iterations if size == sizes[0] else self.iterations):
                at = ops.convert_to_tensor(adam.at)
                adam.update(ops.convert_to_numpy(self._evaluation(at, target, styles)))
        return np.clip(adam.mean[0], 0, 1), adam.count

    def _features(self, picture: Tensor) -> dict[str, Tensor]:
        """Features by layer. The first convolution is padded by repeating the border, not by
        zeros. Average pooling is followed by a factor of 2, since it makes features smaller."""
        first, *rest = self._model.layers[1:]
        values = 255 * picture[..., ::-1] + self._black
        values = ops.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
        values = ops.relu(ops.conv(values, first.kernel, padding="valid") + first.bias)
        found = {first.name: values / 57.6}
        for layer in rest:
            values = layer(values)
            if isinstance(layer, keras.layers.AveragePooling2D):
                values = 2 * values
            found[layer.name] = values / 57.6
        return found

    def _style(self, style: Picture) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
        """Style targets by layer: mean, covariance, and the covariance's square root."""
        features = self._features(ops.convert_to_tensor(style[None]))
        found = {}
        for layer in STYLE_LAYERS:
            mean, covariance = self._moments(features[layer])
            found[layer] = mean, covariance, newton_schulz(covariance)
        return found

    def _moments(self, features: Tensor) -> tuple[Tensor, Tensor]:
        rows = ops.reshape(features, (-1, features.shape[-1]))
        mean = ops.mean(rows, axis=0)
        count = ops.cast(ops.shape(rows)[0], rows.dtype)
        second = ops.matmul(ops.transpose(rows), rows) / count
        return mean, second - ops.outer(mean, mean) + self.ridge * unit(second)

    def _evaluate(self, picture: Tensor, target: Tensor, styles: Any) -> Tensor:
        """Gradient of the total loss by the picture."""
        with tf.GradientTape() as tape:
            tape.watch(picture)
            features = self._features(picture)
            loss = self.variation * variation(picture)
            loss += self.content * ops.mean(ops.square(features[CONTENT_LAYER] - target))
            for share, layer in zip(self.layer_shares, STYLE_LAYERS, strict=True):
                loss += share * self._distance(features[layer], *styles[layer])
        return tape.gradient(loss, picture)

    def _distance(self, features: Tensor, mean: Tensor, covariance: Tensor, root: Tensor) -> Tensor:
        own_mean, own = self._moments(features)
        common = root_trace(ops.matmul(ops.matmul(root, own), root))
        traces = ops.trace(own) + ops.trace(covariance) - 2 * common
        return ops.mean(ops.square(own_mean - mean)) + traces / own.shape[-1]


# -- ProGamerGov/neural-style-pt -----------------------------------------------------------------


def fixed_step_lbfgs(
    function: Callable[[NDArray[np.float32]], tuple[float, NDArray[np.float32]]],
    at: NDArray[np.float32],
    evaluations: int,
    memory: int,
) -> NDArray[np.float32]:
    """L-BFGS without a line search, as torch.optim.LBFGS by default (two-loop recursion: Nocedal
    and Wright 2006, algorithm 7.4).

    The step length is 1 for every step but the first. function: returns loss and gradient. Returns
    the last iterate.
    """
    pairs: deque[tuple[NDArray[np.float32], NDArray[np.float32], float]] = deque(maxlen=memory)
    _, gradient = function(at)
    direction, scale = -gradient, 1.0
    length = min(1.0, 1 / float(np.abs(gradient).sum()))
    for _ in range(evaluations - 1):
        step = length * direction
        at = at + step
        before, (_, gradient) = gradient, function(at)
        change = gradient - before
        curvature = float(np.vdot(change, step))
        if curvature > 1e-10:
            pairs.append((step, change, 1 / curvature))
            scale = curvature / float(np.vdot(change, change))
        direction, length = -_inverse_hessian(gradient, pairs, scale), 1.0
    return at + length * direction


def _inverse_hessian(gradient: NDArray[np.float32], pairs: Any, scale: float) -> Any:
    """The approximate inverse Hessian times the gradient, by the two-loop recursion."""
    factors = []
    for step, change, inverse in reversed(pairs):
        factors.append(inverse * np.vdot(step, gradient))
        gradient = gradient - factors[-1] * change
    gradient = scale * gradient
    for (step, change, inverse), factor in zip(pairs, reversed(factors), strict=True):
        gradient = gradient + (factor - inverse * np.vdot(change, gradient)) * step
    return gradient


@dataclass
class NeuralStyle:
    """ProGamerGov/neural-style-pt, neural_style.py (MIT licence): jcjohnson/neural-style's losses.

    Losses: mean squared distances of the features and of the Gram matrices, these divided by the
    number of feature values; the sum of absolute differences as total variation. Starts from noise
    and runs L-BFGS at one size. Only the evaluations are fewer: the program's own default is 1000.
    """

    network: Network
    extractor: Extractor
    content: float = 5.0
    style: float = 100.0
    variation: float = 1e-3
    pooling: str = "max"
    memory: int = 100
    evaluations: int = 300
    noise: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        self._model = self.extractor(self.pooling, [CONTENT_LAYER, *STYLE_LAYERS])
        self._evaluation = tf.function(self._evaluate)

    def paint(self, content: Picture, style: Picture) -> tuple[Picture, int]:
        """The content, painted at its own size, and the evaluations made."""
        target = self._model(self.network.preprocess(content))[CONTENT_LAYER]
        styles = self._model(self.network.preprocess(fitted(style, max(content.shape[:2]))))
        grams = {layer: gram_matrix(styles[layer]) for layer in STYLE_LAYERS}

        def function(at: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
            loss, gradient = self._evaluation(ops.convert_to_tensor(at), target, grams)
            return float(loss), ops.convert_to_numpy(gradient)

        random = np.random.default_rng(self.seed)
        start = self.noise * random.standard_normal((1, *content.shape), np.float32)
        found = fixed_step_lbfgs(function, start.astype(np.float32), self.evaluations, self.memory)
        return self.network.deprocess(found.astype(np.float32)), self.evaluations

    def _evaluate(self, picture: Tensor, target: Tensor, grams: Any) -> tuple[Tensor, Tensor]:
        """Total loss, and its gradient by the picture."""
        with tf.GradientTape() as tape:
            tape.watch(picture)
            features = self._model(picture)
            right = ops.sum(ops.abs(picture[:, :, 1:] - picture[:, :, :-1]))
            below = ops.sum(ops.abs(picture[:, 1:] - picture[:, :-1]))
            loss = self.variation * (right + below)
            loss += self.content * ops.mean(ops.square(features[CONTENT_LAYER] - target))
            for layer, gram in grams.items():
                loss += self.style * ops.mean(ops.square(gram_matrix(features[layer]) - gram))
        return loss, tape.gradient(loss, picture)
