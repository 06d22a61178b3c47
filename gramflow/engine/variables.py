"""Frequency variables: the optimizer changes scaled DCT coefficients in place of pixel values."""

from typing import Any

import numpy as np

from gramflow.base.arrays import Tensor
from gramflow.engine import backend, ops


class Frequencies:
    """A preconditioned parametrisation: picture = start + IDCT(scale * z).

    The loss is steep along fine patterns and flat along broad ones; scaling the variables z by
    max(f, cutoff)^-exponent evens that out. L-BFGS then needs fewer evaluations and leaves far
    less of the pixel-scale mesh that Gram losses draw. f is the frequency in cycles per pixel (0 to
    0.5 in each direction); the DCT-II is orthonormal; the scale has unit mean square.

    start: a tensor, (1, height, width, 3). The transforms run on its device.
    """

    def __init__(self, start: Tensor, exponent: float, cutoff: float) -> None:
        height, width = start.shape[1:3]
        rows = np.arange(height)[:, None] / (2 * height)
        columns = np.arange(width)[None] / (2 * width)
        scale = np.maximum(np.hypot(rows, columns), cutoff) ** -exponent
        scale /= np.sqrt(np.mean(np.square(scale)))
        self.start = start
        self.scale = ops.convert_to_tensor(scale[None, :, :, None], "float32")
        # an NVIDIA or AMD GPU; others do not have all of Keras's FFT
        on_gpu = backend.gpu_capability() is not None
        self._dct, self._idct = (dct, idct) if on_gpu else (_scipy_dct, _scipy_idct)

    def picture(self, variables: Tensor) -> Tensor:
        """Convert variables z to the picture, both of the start's shape."""
        return self.start + self._idct(self.scale * variables)

    def gradient(self, gradient: Tensor) -> Tensor:
        """Convert the gradient by the picture to that by the variables (the transposed map)."""
        return self.scale * self._dct(gradient)


def _scipy_dct(values: Tensor) -> Tensor:
    """`dct` by SciPy: ten times as fast on a CPU."""
    from scipy.fft import dctn

    return ops.convert_to_tensor(dctn(ops.convert_to_numpy(values), axes=(1, 2), norm="ortho"))


def _scipy_idct(values: Tensor) -> Tensor:
    from scipy.fft import idctn

    return ops.convert_to_tensor(idctn(ops.convert_to_numpy(values), axes=(1, 2), norm="ortho"))


def dct(values: Tensor) -> Tensor:
    """Orthonormal DCT-II over height and width of (1, height, width, 3), by Keras's FFT."""
    return _along(_dct_last, _along(_dct_last, values, 1), 2)


def idct(values: Tensor) -> Tensor:
    """The inverse of `dct`, which is also its transpose."""
    return _along(_idct_last, _along(_idct_last, values, 1), 2)


def _along(transform: Any, values: Tensor, axis: int) -> Tensor:
    return ops.swapaxes(transform(ops.swapaxes(values, axis, -1)), axis, -1)


def _dct_last(values: Tensor) -> Tensor:
    """DCT-II over the last axis, by an FFT of the same length (Makhoul 1980)."""
    order, cosine, sine = _tables(values.shape[-1])
    values = ops.take(values, order, axis=-1)
    real, imaginary = ops.fft((values, ops.zeros_like(values)))
    return cosine * real + sine * imaginary


def _idct_last(values: Tensor) -> Tensor:
    """Transpose of `_dct_last`: its transposed steps in reverse (the FFT matrix is symmetric)."""
    order, cosine, sine = _tables(values.shape[-1])
    # the conjugation is in the sign: the real part of FFT(cosine * values - i * sine * values)
    real, _ = ops.fft((cosine * values, -sine * values))
    return ops.take(real, np.argsort(order), axis=-1)


def _tables(length: int) -> tuple[Any, Any, Any]:
    """Order of samples (even ones, then odd ones backwards), and normalised twiddle factors."""
    samples = np.arange(length)
    order = np.concatenate([samples[::2], samples[1::2][::-1]])
    norm = np.sqrt(np.where(samples == 0, 1, 2) / length)
    angle = np.pi * samples / (2 * length)
    return order, np.float32(norm * np.cos(angle)), np.float32(norm * np.sin(angle))
