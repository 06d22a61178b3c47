"""Feature extractors: models of keras.applications, with other pooling and padding."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gramflow import bundled
from gramflow.base.arrays import Picture
from gramflow.base.errors import GramflowError
from gramflow.base.limits import MOST_BYTES
from gramflow.engine import ops

Pooling = Literal["average", "max", "l2"]
Padding = Literal["mirror", "zeros"]


class Network:
    """The base of every network.

    layers: names of the layers that a config may use; None if only the built model tells.
    weights_url, weights_hash: the ImageNet weights that Keras publishes, and their MD5 or SHA-256;
    "" if none is known. Without an URL no weights can be downloaded.
    """

    kind: ClassVar[str] = "networks"
    layers: ClassVar[tuple[str, ...] | None]
    weights_url: ClassVar[str] = ""
    weights_hash: ClassVar[str] = ""

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def architecture(self) -> Any:
        """Build the untrained Keras model without its top, for pictures of any size."""
        raise NotImplementedError

    def preprocess(self, picture: Picture) -> NDArray[np.float32]:
        """Convert a picture, (height, width, 3), RGB 0..1, to network input (1, height, width, 3).

        The order of the channels is the network's own. The scale is 0..255, about a mean, since
        loss terms and optimizers expect that; a model that sees another converts it itself.
        """
        raise NotImplementedError

    def deprocess(self, values: NDArray[np.float32]) -> Picture:
        """The inverse of preprocess, clipped to 0..1."""
        raise NotImplementedError


def displayable(network: Network) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The preprocessed values of black and of white, each (1, 1, 1, 3)."""
    return (
        network.preprocess(np.zeros((1, 1, 3), np.float32)),
        network.preprocess(np.ones((1, 1, 3), np.float32)),
    )


class CaffeScale(Network):
    """Preprocessing of networks that were trained in Caffe, such as VGG (Simonyan and Zisserman
    2014, arXiv:1409.1556)."""

    _means: ClassVar = np.array([103.939, 116.779, 123.68], np.float32)  # of ImageNet, B G R

    def preprocess(self, picture: Picture) -> NDArray[np.float32]:
        """Convert to BGR on the 0..255 scale and subtract ImageNet's channel means."""
        return (picture[None, ..., ::-1] * np.float32(255) - self._means).astype(np.float32)

    def deprocess(self, values: NDArray[np.float32]) -> Picture:
        """The inverse of preprocess, clipped to 0..1."""
        return np.clip((values[0] + self._means)[..., ::-1] / np.float32(255), 0, 1)


_RELEASE = "https://storage.googleapis.com/tensorflow/keras-applications"


class VGG16(CaffeScale):
    """VGG-16, 13 convolutions: what Gatys-style programs use most."""

    layers = bundled.convolutions(2, 2, 3, 3, 3)
    weights_url = f"{_RELEASE}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    weights_hash = "6d6bbae143d832006294945121d1f1fc"

    def architecture(self) -> Any:
        """Keras's VGG-16."""
        from keras.applications import VGG16 as KerasVGG16

        return KerasVGG16(weights=None, include_top=False, input_shape=(None, None, 3))


class VGG19(CaffeScale):
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
    layers: Sequence[str] | None,
    pooling: Pooling,
    padding: Padding = "zeros",
) -> Any:
    """Build the feature extractor: a frozen Keras model from a preprocessed picture to a dict of
    the features of `layers`, or of all that `feature_layers` lists.

    padding: how layers that pad are to do so at the picture's border, as far as their stride is 1.

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
    chosen = feature_layers(model) if layers is None else layers
    outputs = {layer: model.get_layer(layer).output for layer in chosen}
    extractor = keras.Model(model.input, outputs, name=model.name)
    extractor.trainable = False
    return extractor


def feature_layers(model: Any) -> list[str]:
    """Names of a Keras model's layers that give feature maps, in order, the input left out."""
    return [layer.name for layer in model.layers[1:] if len(layer.output.shape) == 4]


def smallest(extractor: Any, most: int = 1024) -> int:
    """The shortest side, in pixels, of a picture of which every output has a feature left."""

    def fits(side: int) -> bool:
        try:
            shapes = extractor.compute_output_shape((1, side, side, 3))
        except ValueError:
            return False
        return all(min(shape[1:3]) > 0 for shape in shapes.values())

    return 1 + bisect_left(range(1, most), True, key=fits)


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
    """Load a model's weights from an .h5 file, which may come from anyone.

    Only arrays are read: no layers, no pickled objects. Raises GramflowError if that fails.
    """
    try:
        _check_arrays(path)
        model.load_weights(path)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise GramflowError(
            f"weights: {path} does not hold the weights of {model.name} without top ({reason}); "
            "give a *_notop.h5 file of Keras's layout for this network"
        ) from error


def _check_arrays(path: Path) -> None:
    """Raise OSError or ValueError unless a file is HDF5, complete, and not too large.

    HDF5 can refer to other files, whose bytes would become weights, and can state arrays of any
    size in a small file.
    """
    import h5py

    links: list[Any] = []
    arrays: list[Any] = []
    with h5py.File(path, "r") as file:
        file.visititems_links(lambda _, link: links.append(link))
        file.visititems(lambda _, item: arrays.append(item) if hasattr(item, "nbytes") else None)
        if any(isinstance(link, h5py.ExternalLink) for link in links) or any(
            array.external or array.is_virtual for array in arrays
        ):
            raise ValueError("it refers to other files")
        if sum(array.nbytes for array in arrays) > MOST_BYTES:
            raise ValueError(f"its arrays have more than {MOST_BYTES} bytes")


def _adapted(model: Any, pooling: Pooling, padding: Padding) -> Any:
    """Copy a model and its weights with this pooling and padding.

    Gatys et al. 2016 prefer average pooling.
    """
    import keras

    from gramflow.engine.layers import (
        MirroredConv2D,
        MirroredPadding2D,
        RootMeanSquarePooling2D,
    )

    poolings = {
        "average": keras.layers.AveragePooling2D,
        "max": keras.layers.MaxPooling2D,
        "l2": RootMeanSquarePooling2D,
    }

    def replaced(layer: Any) -> Any:
        kind = type(layer)
        if kind is keras.layers.MaxPooling2D:
            kind = poolings[pooling]
        if padding == "mirror":
            if kind is keras.layers.ZeroPadding2D:
                kind = MirroredPadding2D
            padded = kind is keras.layers.Conv2D and layer.padding == "same"
            if padded and layer.strides == (1, 1):
                kind = MirroredConv2D
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=replaced)
    copy.set_weights(model.get_weights())
    return copy


def randomize(model: Any, network: Network, seed: int = 0) -> None:
    """Fill a model with seeded random weights, a stand-in where no trained weights are available.

    Kernels are He-normal. Each channel is shifted and scaled to mean 0 and deviation 1 over a
    reference picture, by the convolution where this has a bias, else by the batch normalisation
    after it, so that activations neither vanish, saturate nor die. A style's palette and fine
    texture are still transferred.
    """
    numbers = count()

    def filled(operation: Any) -> Any:
        random = np.random.default_rng([seed, next(numbers)])

        def call(*arguments: Any, **named: Any) -> Any:
            _fill(operation, arguments[0], random)
            return operation(*arguments, **named)

        return call

    # a model may hold operations that are no layers, which only Keras knows how to call
    values = ops.convert_to_tensor(network.preprocess(reference(seed)))
    model._run_through_graph(values, operation_fn=filled)


def _fill(layer: Any, values: Any, random: np.random.Generator) -> None:
    """Give a layer random kernels, and channels of mean 0 and deviation 1 for these inputs."""
    import keras

    if isinstance(layer, keras.layers.BatchNormalization):
        mean, variance = ops.moments(values, axes=(0, 1, 2))
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(ops.maximum(variance, 1e-12))
    elif isinstance(layer, keras.layers.Conv2D):
        kernel = _he_normal(layer.kernel.shape, random)
        sums = ops.convert_to_numpy(
            ops.conv(
                values, kernel, layer.strides, layer.padding, dilation_rate=layer.dilation_rate
            )
        )
        if not layer.use_bias:
            layer.set_weights([kernel])
            return
        # a single pixel, as in a squeeze-and-excitation block, has only its channels' deviation
        over = (0, 1, 2) if sums.shape[1] * sums.shape[2] > 1 else None
        mean, deviation = sums.mean(over), np.maximum(sums.std(over), 1e-6)
        layer.set_weights(
            [kernel / deviation, np.broadcast_to(-mean / deviation, kernel.shape[-1:])]
        )
    else:
        for weight in getattr(layer, "weights", []):
            if len(weight.shape) > 1:
                weight.assign(_he_normal(weight.shape, random))


def _he_normal(shape: Sequence[int], random: np.random.Generator) -> NDArray[np.float32]:
    """Random values of variance 2 / n, n being the number of a kernel's inputs (He et al. 2015)."""
    return random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32)


def reference(seed: int, size: int = 224) -> Picture:
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
