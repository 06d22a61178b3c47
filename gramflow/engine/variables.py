"""What an optimizer really changes: the frequencies of a picture instead of its pixels."""

import numpy as np
from numpy.typing import NDArray


class Frequencies:
    """A picture as start + IDCT(scale * z), the scale falling with the spatial frequency.

    The loss is steep along fine patterns and flat along broad ones; scaling the variables by
    max(f, cutoff)^-exponent evens that out. L-BFGS then needs fewer evaluations and leaves far
    less of the mesh of single pixels that Gram losses draw. f is the frequency in cycles per
    pixel (0 to 0.5 in each direction); the DCT-II is orthonormal; the scale has unit mean square.

    start: (1, height, width, 3).
    """

    def __init__(self, start: NDArray[np.float32], exponent: float, cutoff: float) -> None:
        height, width = start.shape[1:3]
        rows = np.arange(height)[:, None] / (2 * height)
        columns = np.arange(width)[None] / (2 * width)
        scale = np.maximum(np.hypot(rows, columns), cutoff) ** -exponent
        scale /= np.sqrt(np.mean(np.square(scale)))
        self.start = start
        self.scale = scale[None, :, :, None].astype(np.float32)

    def picture(self, variables: NDArray[np.float32]) -> NDArray[np.float32]:
        """The picture of variables z, both of the start's shape."""
        from scipy.fft import idctn

        return self.start + idctn(self.scale * variables, axes=(1, 2), norm="ortho")

    def gradient(self, gradient: NDArray[np.float32]) -> NDArray[np.float32]:
        """The gradient by the variables, from the one by the picture (the transposed map)."""
        from scipy.fft import dctn

        return self.scale * dctn(gradient, axes=(1, 2), norm="ortho")
