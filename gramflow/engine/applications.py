"""The networks of keras.applications besides VGG, a plugin each, by what they were trained to see.

Loss terms and optimizers expect pictures on the 0..255 scale, so all networks are given such
values. Those that were trained on another scale begin with a layer that converts to it.
"""

import re
from collections import defaultdict
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture
from gramflow.engine.networks import CaffeScale, Network

_MEANS = np.array([123.68, 116.779, 103.939], np.float32)  # of ImageNet, R G B


class _Application(Network):
    """A model of keras.applications, built by the function of that name.

    Its layers are named as Keras names them in a process that builds this model alone.
    """

    function: ClassVar[str]
    layers = None

    def architecture(self) -> Any:
        """Keras's model, its input converted by `converted`."""
        import keras

        picture = keras.Input((None, None, 3))
        make = getattr(keras.applications, self.function)
        model = make(weights=None, include_top=False, input_tensor=self.converted(picture))
        return _numbered(model)

    def converted(self, picture: Any) -> Any:
        """Convert preprocessed pictures, a Keras tensor, to what the model was trained to see."""
        return picture


class _Caffe(CaffeScale, _Application):
    """{}: it sees blue, green, red on the 0..255 scale less ImageNet's means."""


class _Red(_Application):
    """Preprocessing to red, green, blue on the 0..255 scale less ImageNet's means."""

    def preprocess(self, picture: Picture) -> NDArray[np.float32]:
        """Scale to 0..255 and subtract ImageNet's channel means."""
        return (picture[None] * np.float32(255) - _MEANS).astype(np.float32)

    def deprocess(self, values: NDArray[np.float32]) -> Picture:
        """The inverse of preprocess, clipped to 0..1."""
        return np.clip((values[0] + _MEANS) / np.float32(255), 0, 1)

    def converted(self, picture: Any) -> Any:
        """Scale and shift the channels."""
        import keras

        scale, offset = self.conversion()
        return keras.layers.Rescaling(scale, offset, name="converted")(picture)

    def conversion(self) -> tuple[list[float], list[float]]:
        """Factor and offset, by channel, from preprocessed values to what the model sees."""
        raise NotImplementedError


class _Signed(_Red):
    """{}: it sees red, green, blue from -1 to 1."""

    def conversion(self) -> tuple[list[float], list[float]]:
        """x / 127.5 - 1 of the values x from 0 to 255."""
        return [1 / 127.5] * 3, [float(mean) / 127.5 - 1 for mean in _MEANS]


class _Torch(_Red):
    """{}: it sees red, green, blue from 0 to 1 less ImageNet's means, divided by its deviations."""

    def conversion(self) -> tuple[list[float], list[float]]:
        """(x / 255 - mean) / deviation of the values x from 0 to 255."""
        means, deviations = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        each = list(zip(_MEANS, means, deviations, strict=True))
        scale = [1 / (255 * deviation) for _, _, deviation in each]
        return scale, [float((whole / 255 - mean) / deviation) for whole, mean, deviation in each]


class _Plain(_Red):
    """{}: it sees red, green, blue from 0 to 255, and scales them itself."""

    def conversion(self) -> tuple[list[float], list[float]]:
        """The values from 0 to 255."""
        return [1.0] * 3, [float(mean) for mean in _MEANS]


def _numbered(model: Any) -> Any:
    """A model, or its copy, in which layers without a name of their own have always the same.

    Keras numbers them through the whole process: conv2d_94 is the first convolution of a second
    InceptionV3. In the copy it is conv2d.
    """
    import keras

    unnamed: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for layer in model.layers:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(layer).__name__)
        if found := re.fullmatch(rf"({kind.lower()})(?:_(\d+))?", layer.name):
            unnamed[found[1]].append((int(found[2] or 0), layer.name))
    names = {
        name: f"{kind}_{number}" if number else kind
        for kind, found in unnamed.items()
        for number, (_, name) in enumerate(sorted(found))
    }

    def renamed(layer: Any) -> Any:
        config = layer.get_config()
        return type(layer).from_config(config | {"name": names.get(layer.name, layer.name)})

    if any(old != new for old, new in names.items()):
        model = keras.models.clone_model(model, clone_function=renamed)
    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


_RELEASE = "https://storage.googleapis.com/tensorflow/keras-applications"
_KERNELS = "weights_tf_dim_ordering_tf_kernels_notop.h5"
_EFFICIENT = "https://storage.googleapis.com/keras-applications"

_NETWORKS: dict[type[_Application], dict[str, tuple[str, str]]] = {
    _Caffe: {
        "ResNet50": (f"resnet/resnet50_{_KERNELS}", "4d473c1dd8becc155b73f8504c6f6626"),
        "ResNet101": (f"resnet/resnet101_{_KERNELS}", "88cf7a10940856eca736dc7b7e228a21"),
        "ResNet152": (f"resnet/resnet152_{_KERNELS}", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
    },
    _Signed: {
        "ResNet50V2": (f"resnet/resnet50v2_{_KERNELS}", "fac2f116257151a9d068a22e544a4917"),
        "ResNet101V2": (f"resnet/resnet101v2_{_KERNELS}", "c0ed64b8031c3730f411d2eb4eea35b5"),
        "ResNet152V2": (f"resnet/resnet152v2_{_KERNELS}", "ed17cf2e0169df9d443503ef94b23b33"),
        "InceptionV3": (
            f"inception_v3/inception_v3_{_KERNELS}",
            "bcbd6486424b2319ff4ef7d526e38f63",
        ),
        "InceptionResNetV2": (
            f"inception_resnet_v2/inception_resnet_v2_{_KERNELS}",
            "d19885ff4a710c122648d3b5c3b684e4",
        ),
        "Xception": (f"xception/xception_{_KERNELS}", "b0042744bf5b25fce3cb969f33bebb97"),
        "MobileNet": ("mobilenet/mobilenet_1_0_224_tf_no_top.h5", ""),
        "MobileNetV2": (
            "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
            "",
        ),
    },
    _Torch: {
        "DenseNet121": (f"densenet/densenet121_{_KERNELS}", "30ee3e1110167f948a6b9946edeeb738"),
        "DenseNet169": (f"densenet/densenet169_{_KERNELS}", "b8c4d4c20dd625c148057b9ff1c1176b"),
        "DenseNet201": (f"densenet/densenet201_{_KERNELS}", "c13680b51ded0fb44dff2d8f86ac8bb1"),
    },
    _Plain: {
        "ConvNeXtTiny": (
            "convnext/convnext_tiny_notop.h5",
            "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
        ),
        "ConvNeXtSmall": (
            "convnext/convnext_small_notop.h5",
            "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
        ),
        "ConvNeXtBase": (
            "convnext/convnext_base_notop.h5",
            "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
        ),
        "ConvNeXtLarge": (
            "convnext/convnext_large_notop.h5",
            "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
        ),
        "ConvNeXtXLarge": (
            "convnext/convnext_xlarge_notop.h5",
            "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
        ),
        "EfficientNetB0": ("efficientnetb0_notop.h5", "50bc09e76180e00e4465e1a485ddc09d"),
        "EfficientNetB1": ("efficientnetb1_notop.h5", "74c4e6b3e1f6a1eea24c589628592432"),
        "EfficientNetB2": ("efficientnetb2_notop.h5", "111f8e2ac8aa800a7a99e3239f7bfb39"),
        "EfficientNetB3": ("efficientnetb3_notop.h5", "af6d107764bb5b1abb91932881670226"),
        "EfficientNetB4": ("efficientnetb4_notop.h5", "ebc24e6d6c33eaebbd558eafbeedf1ba"),
        "EfficientNetB5": ("efficientnetb5_notop.h5", "38879255a25d3c92d5e44e04ae6cec6f"),
        "EfficientNetB6": ("efficientnetb6_notop.h5", "9ecce42647a20130c1f39a5d4cb75743"),
        "EfficientNetB7": ("efficientnetb7_notop.h5", "cbcfe4450ddf6f3ad90b1b398090fe4a"),
        "EfficientNetV2B0": (
            "efficientnet_v2/efficientnetv2-b0_notop.h5",
            "893217f2bb855e2983157299931e43ff",
        ),
        "EfficientNetV2B1": (
            "efficientnet_v2/efficientnetv2-b1_notop.h5",
            "0e80663031ca32d657f9caa404b6ec37",
        ),
        "EfficientNetV2B2": (
            "efficientnet_v2/efficientnetv2-b2_notop.h5",
            "1dfe2e7a5d45b6632553a8961ea609eb",
        ),
        "EfficientNetV2B3": (
            "efficientnet_v2/efficientnetv2-b3_notop.h5",
            "f6abf7b5849ac99a89b50dd3fd532856",
        ),
        "EfficientNetV2S": (
            "efficientnet_v2/efficientnetv2-s_notop.h5",
            "af0682fb74e8c54910f2d4393339c070",
        ),
        "EfficientNetV2M": (
            "efficientnet_v2/efficientnetv2-m_notop.h5",
            "1b8dc055df72dde80d614482840fe342",
        ),
        "EfficientNetV2L": (
            "efficientnet_v2/efficientnetv2-l_notop.h5",
            "b0b66b5c863aef5b46e8608fe1711615",
        ),
        "MobileNetV3Small": (
            "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
            "d3e8ec802a04aa4fc771ee12a9a9b836",
        ),
        "MobileNetV3Large": (
            "mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
            "07fb09a5933dd0c8eaafa16978110389",
        ),
    },
}
"""By class: Keras's function, and its weights' place in Keras's release and their hash."""


def _made(base: type[_Application], function: str, place: str, published: str) -> type[Network]:
    """The plugin's class of one model."""
    release = _RELEASE if "/" in place else _EFFICIENT
    about = (base.__doc__ or "").format(f"Keras's {function}")
    given = {
        "__doc__": about,
        "function": function,
        "weights_url": f"{release}/{place}",
        "weights_hash": published,
    }
    return type(function, (base,), given)


CLASSES = {
    function: _made(base, function, *weights)
    for base, functions in _NETWORKS.items()
    for function, weights in functions.items()
}
"""The networks' classes by their names, which are those of Keras's functions."""


def __getattr__(name: str) -> Any:
    try:
        return CLASSES[name]
    except KeyError:
        raise AttributeError(name) from None
