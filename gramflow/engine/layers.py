"""Custom Keras layers."""

from typing import Any

import keras


class MirroredConv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution of stride 1 with symmetric padding in place of zero padding.

    Zeros make an edge that is not in the picture: features fade there, and so do brush strokes.
    Symmetric padding repeats the border pixel, so a 3x3 kernel sees the last pixel twice.
    """

    def call(self, inputs: Any) -> Any:
        """Apply the convolution: (1, h, w, channels) to (1, h, w, filters)."""
        sizes = zip(self.kernel_size, self.dilation_rate, strict=True)
        rows, columns = ((size // 2 * dilation,) * 2 for size, dilation in sizes)
        padded = keras.ops.pad(inputs, ((0, 0), rows, columns, (0, 0)), mode="symmetric")
        values = keras.ops.conv(
            padded, self.kernel, padding="valid", dilation_rate=self.dilation_rate
        )
        return self.activation(values + self.bias if self.use_bias else values)
