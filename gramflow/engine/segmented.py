"""Masks by a trained network from an ONNX file: what it sees, or how near things are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, evenly, resized
from gramflow.base.errors import GramflowError
from gramflow.engine.flows import Map
from gramflow.engine.learned import one_line, session
from gramflow.engine.masks import Masks


class Segmented(Masks):
    """A trained network in an ONNX file that segments pictures, or estimates their depth.

    Its first input is a picture, (1, 3, height, width) in RGB. Its output is (1, classes, height,
    width), (1, height, width), or as that the number of each pixel's class.
    """

    packages: ClassVar[dict[str, str]] = {"onnxruntime": "onnxruntime>=1.20,<2"}

    @dataclass(frozen=True)
    class Settings(Masks.Settings):
        """The network's file, what it is given, and what of its output is the region."""

        weights: str = field(
            metadata={
                "doc": "path of the network as one .onnx file, such as U2-Net (figures), DeepLabV3 "
                "(classes) or MiDaS (depth)",
                "file": True,
                "minLength": 1,
            }
        )
        width: int | None = field(
            default=None,
            metadata={
                "doc": "pixels, of the picture that a network gets whose input has no fixed size; "
                "rounded up to a multiple of 32, as is the height; null: the film's own",
                "minimum": 32,
                "maximum": 16384,
            },
        )
        mean: list[float] = field(
            default_factory=lambda: [0.485, 0.456, 0.406],
            metadata={
                "doc": "what is subtracted from red, green and blue, which are 0 to 1; the default "
                "is that of networks trained on ImageNet",
                "minItems": 3,
                "maxItems": 3,
            },
        )
        std: list[float] = field(
            default_factory=lambda: [0.229, 0.224, 0.225],
            metadata={
                "doc": "what they are divided by then; 0.00392 for a network that wants 0 to 255",
                "minItems": 3,
                "maxItems": 3,
                "items": {"type": "number", "exclusiveMinimum": 0},
            },
        )
        output: int = field(
            default=0, metadata={"doc": "which of the network's outputs, from 0", "minimum": 0}
        )
        classes: list[int] = field(
            default_factory=list,
            metadata={
                "doc": "which of the output's channels, or class numbers, are the region, from 0; "
                "of several channels the shares (softmax) are summed. Left out, the only channel "
                "is taken as it is"
            },
        )
        outside: float = field(
            default=0.0, metadata={"doc": "value that is black, outside of the region"}
        )
        inside: float = field(
            default=1.0,
            metadata={
                "doc": "value that is white; less than `outside` for what is less, or nearer"
            },
        )
        scale: Literal["none", "shot"] = field(
            default="none",
            metadata={
                "doc": "`shot` brings the output of a shot's frames to 0..1 before that, for depth "
                "without a unit (from its 1st to its 99th percentile)"
            },
        )

    def every(self) -> Iterator[Map]:
        """Run the network on each frame."""
        if self.settings.inside == self.settings.outside:
            raise self.footage.refused("inside", "is the same as outside; give another value")
        ends = [*self.footage.shots[1:], len(self.footage.frames)]
        for first, end in zip(self.footage.shots, ends, strict=True):
            outside, inside = self._limits(first, end)
            for number in range(first, end):
                yield np.clip((self._seen(number) - outside) / (inside - outside), 0, 1)

    def _limits(self, first: int, end: int) -> tuple[float, float]:
        """Values of the output that are black and white in a shot, frames `first` to `end` - 1."""
        low, high = 0.0, 1.0
        if self.settings.scale == "shot":
            chosen = (first + number for number in evenly(end - first, _SAMPLED))
            low, high = np.percentile(np.stack([self._seen(n) for n in chosen]), [1, 99]).tolist()
            high = max(high, low + 1e-6)
        outside, inside = self.settings.outside, self.settings.inside
        return low + outside * (high - low), low + inside * (high - low)

    def _seen(self, number: int) -> Map:
        """What the network gives for the region of a frame, (height, width), of its own size.

        Raises GramflowError when the network fails, or its output is of another kind.
        """
        given = self._given(self.footage.frames[number])
        try:
            outputs = self._network.run(None, {self._network.get_inputs()[0].name: given})
            return self._chosen(np.asarray(outputs[self.settings.output]))
        except Exception as error:  # ONNX Runtime's own classes derive from nothing else
            raise self._refused(error) from error

    def _chosen(self, output: NDArray[Any]) -> Map:
        """The part of an output that is the region. Raises ValueError for one that has none."""
        classes = self.settings.classes
        if output.ndim not in (3, 4) or len(output) != 1:
            raise ValueError(f"its output is {output.shape}, not (1, classes, height, width)")
        planes = output.reshape(-1, *output.shape[-2:])
        if len(planes) == 1:
            of_class = np.isin(np.rint(planes[0]), classes) if classes else planes[0]
            return of_class.astype(np.float32)
        if not classes or max(classes) >= len(planes):
            raise ValueError(f"it has {len(planes)} classes; name some of 0 to {len(planes) - 1}")
        region: Map = _shares(planes.astype(np.float32))[classes].sum(0)
        return region

    def _given(self, picture: Picture) -> NDArray[np.float32]:
        """A picture as the network's input, (1, 3, height, width)."""
        rows, columns = picture.shape[:2]
        width = self.settings.width or columns
        height = rows * width / columns
        fixed = self._network.get_inputs()[0].shape[2:]
        height, width = (
            wanted if isinstance(wanted, int) else -int(-free // _STEP) * _STEP
            for wanted, free in zip(fixed, (height, width), strict=True)
        )
        values = resized(picture, width, height) - np.float32(self.settings.mean)
        values /= np.float32(self.settings.std)
        return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)

    @cached_property
    def _network(self) -> Any:
        """ONNX Runtime's session. Raises GramflowError for a file that is no such network."""
        try:
            network = session(self.settings.weights)
            first = network.get_inputs()[0]
            if first.type != "tensor(float)" or len(first.shape) != 4:
                raise ValueError(f"its input is {first.type} {first.shape}")
        except Exception as error:  # ONNX Runtime's own classes derive from nothing else
            raise self._refused(error) from error
        return network

    def _refused(self, reason: object) -> GramflowError:
        text = "cannot be used; give a network for (1, 3, height, width) in 32 bits"
        return self.footage.refused(
            "weights", f"{self.settings.weights} ({one_line(reason)}) {text}"
        )


def _shares(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares of the classes by softmax, (classes, height, width), unless they are that already."""
    if planes.min() > -_OVERSHOT and np.allclose(planes.sum(0), 1, atol=1e-2):
        return planes
    powers = np.exp(planes - planes.max(0))
    shares: NDArray[np.float32] = powers / powers.sum(0)
    return shares


_SAMPLED = 16  # frames of a shot whose output tells its range
_OVERSHOT = 0.2  # how far a share may be below 0: networks and resizing are not exact
_STEP = 32  # pixels: networks halve a picture up to five times
