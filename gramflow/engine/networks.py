"""Feature extractors: VGG convolutions of keras.applications, with other pooling and padding."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gramflow import bundled
from gramflow.base.arrays import Picture
from gramflow.base.errors import GramflowError
from gramflow.engine import ops

Pooling = Literal["average", "max"]
Padding = Literal["mirror", "zeros"]


class Network:
    """The base of every network.

    layers: names of the layers that a config may use.
    weights_url, weights_hash: the ImageNet weights that Keras publishes, and their MD5. Without
    them no weights can be downloaded.
    """

    kind: ClassVar[str] = "networks"
    layers: ClassVar[tuple[str, ...]]
    weights_url: ClassVar[str] = ""
    weights_hash: ClassVar[str]

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def architecture(self) -> Any:
        """Build the untrained Keras model without its top, for pictures of any size."""
        raise NotImplementedError

    def preprocess(self, picture: Picture) -> NDArray[np.float32]:
        """Convert a picture, (height, width, 3), RGB 0..1, to network input (1, height, width, 3).

        The channel order and value range of the result are the network's own.
        """
        raise NotImplementedError

    def deprocess(self, values: NDArray[np.float32]) -> Picture:
        """The inverse of preprocess, clipped to 0..1."""
        raise NotImplementedError


class _VGG(Network):
    """Preprocessing shared by the VGG networks (Simonyan and Zisserman 2014, arXiv:1409.1556)."""

    _means: ClassVar = np.array([103.939, 116.779, 123.68], np.float32)  # of ImageNet, B G R

    def preprocess(self, picture: Picture) -> NDArray[np.float32]:
        """Convert to BGR on the 0..255 scale and subtract ImageNet's channel means."""
        return (picture[None, ..., ::-1] * np.float32(255) - self._means).astype(np.float32)

    def deprocess(self, values: NDArray[np.float32]) -> Picture:
        """The inverse of preprocess, clipped to 0..1."""
        return np.clip((values[0] + self._means)[..., ::-1] / np.float32(255), 0, 1)


_RELEASE = "https://storage.googleapis.com/tensorflow/keras-applications"


class VGG16(_VGG):
    """VGG-16, 13 convolutions: what Gatys-style programs use most."""

    layers = bundled.convolutions(2, 2, 3, 3, 3)
    weights_url = f"{_RELEASE}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    weights_hash = "6d6bbae143d832006294945121d1f1fc"

    def architecture(self) -> Any:
        """Keras's VGG-16."""
        from keras.applications import VGG16 as KerasVGG16

        return KerasVGG16(weights=None, include_top=False, input_shape=(None, None, 3))


class VGG19(_VGG):
    """VGG-19, 16 convolutions: the network of Gatys et al. 2016."""

    layers = bundled.convolutions(2, 2, 4, 4, 4)
    weights_url = f"{_RELEASE}/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
    weights_hash = "253f8cb515780f3b799900260a226db6"

    def architecture(self) -> Any:
        """Keras's VGG-19."""
        from keras.applications import VGG19 as KerasVGG19

        return KerasVGG19(weights=None, include_top=False, input_shape=(None, None, 3))


Source = Path | Literal["bundled"] | None
"""Where weights come from: an .h5 file of Keras's layout without top, the package's own file (see
`gramflow.bundled`), or None for seeded random weights (see `randomize`)."""


def build(
    network: Network,
    weights: Source,
    layers: Sequence[str],
    pooling: Pooling,
    padding: Padding = "zeros",
) -> Any:
    """Build the feature extractor: a frozen Keras model from a preprocessed picture to a dict of
    the features of `layers`.

    padding: how convolutions of stride 1 are padded at the picture's border.

    Raises GramflowError if the weights file does not fit the network.
    """
    import keras

    model = network.architecture()
    if weights == "bundled":
        model = bundled.load(model)
    elif isinstance(weights, Path):
        load_weights(model, weights)
    model = _adapted(model, pooling, padding)
    if weights is None:
        randomize(model, network)
    outputs = {layer: model.get_layer(layer).output for layer in layers}
    extractor = keras.Model(model.input, outputs)
    extractor.trainable = False
    return extractor


def in_precision(extractor: Any, precision: str) -> Any:
    """Copy a Keras model with another dtype policy, such as "mixed_bfloat16".

    The layers up to the first one with weights keep their precision, which costs little. They see
    the picture itself, which bfloat16 would round to half a grey level, more than an optimizer's
    last changes.
    """
    import keras

    weighted = [index for index, layer in enumerate(extractor.layers) if layer.weights]
    first = {layer.name for layer in extractor.layers[: weighted[0] + 1]} if weighted else set()

    def recast(layer: Any) -> Any:
        config = layer.get_config()
        if "dtype" in config and layer.name not in first:
            config["dtype"] = precision
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(extractor, clone_function=recast)
    copy.set_weights(extractor.get_weights())
    copy.trainable = False
    return copy


def load_weights(model: Any, path: Path) -> None:
    """Load a model's weights from an .h5 file. Raises GramflowError if that fails."""
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise GramflowError(
            f"weights: {path} does not hold the weights of {model.name} without top ({reason}); "
            "give a *_notop.h5 file of Keras's layout for this network"
        ) from error


def _adapted(model: Any, pooling: Pooling, padding: Padding) -> Any:
    """Copy a model and its weights with this pooling and padding.

    Gatys et al. 2016 prefer average pooling.
    """
    import keras

    from gramflow.engine.layers import MirroredConv2D

    def replaced(layer: Any) -> Any:
        if isinstance(layer, keras.layers.MaxPooling2D) and pooling == "average":
            return keras.layers.AveragePooling2D(2, strides=2, name=layer.name)
        if padding == "mirror" and type(layer) is keras.layers.Conv2D and layer.strides == (1, 1):
            return MirroredConv2D.from_config(layer.get_config())
        return layer.__class__.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=replaced)
    copy.set_weights(model.get_weights())
    return copy


def randomize(model: Any, network: Network, seed: int = 0) -> None:
    """Fill a model with seeded random weights, a stand-in where no trained weights are available.

    Kernels are He-normal. Each channel is shifted and scaled to mean 0 and deviation 1 before its
    ReLU over a reference picture, so that activations neither vanish, saturate nor die. A style's
    palette and fine texture are still transferred.
    """
    import keras

    values = ops.convert_to_tensor(network.preprocess(_reference(seed)))
    for index, layer in enumerate(model.layers[1:]):
        if isinstance(layer, keras.layers.Conv2D):
            shape = layer.kernel.shape
            random = np.random.default_rng([seed, index])
            kernel = random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)
            sums = ops.convert_to_numpy(ops.conv(values, kernel, padding="same"))
            mean, deviation = sums.mean((0, 1, 2)), np.maximum(sums.std((0, 1, 2)), 1e-6)
            layer.set_weights([kernel / deviation, -mean / deviation])
        values = layer(values)


def _reference(seed: int, size: int = 224) -> Picture:
    """A random picture with the statistics of natural images: 1/f amplitude spectrum (Field 1987),
    colours mostly grey."""
    random = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    amplitude = 1 / np.maximum(np.hypot(rows, columns), 1 / size)
    spectrum = np.fft.rfft2(random.normal(size=(4, size, size))) * amplitude
    planes = np.fft.irfft2(spectrum, s=(size, size))
    planes /= planes.std((1, 2), keepdims=True)
    colour = planes[0] + 0.4 * planes[1:]
    return np.clip(0.45 + 0.22 * colour, 0, 1).transpose(1, 2, 0).astype(np.float32)
