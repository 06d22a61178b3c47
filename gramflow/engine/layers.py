"""Keras layers of gramflow's own."""

from typing import Any

import keras


class MirroredConv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution of stride 1 that sees its input mirrored beyond the edge, in place of zeros.

    Zeros are an edge that is not in the picture: features fade there, and so do brush strokes.
    The edge itself is repeated, so that a 3x3 kernel sees the last pixel once more.
    """

    def call(self, inputs: Any) -> Any:
        """(1, h, w, channels) to (1, h, w, filters)."""
        sizes = zip(self.kernel_size, self.dilation_rate, strict=True)
        rows, columns = ((size // 2 * dilation,) * 2 for size, dilation in sizes)
        padded = keras.ops.pad(inputs, ((0, 0), rows, columns, (0, 0)), mode="symmetric")
        values = keras.ops.conv(
            padded, self.kernel, padding="valid", dilation_rate=self.dilation_rate
        )
        return self.activation(values + self.bias if self.use_bias else values)
