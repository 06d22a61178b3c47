"""Optical flow by a trained network from an ONNX file, better for large and fast motions."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, resized
from gramflow.base.errors import GramflowError
from gramflow.base.limits import NO_OTHER_FILES, read_whole
from gramflow.engine.flows import Flow, FlowMethod, scaled


class ONNX(FlowMethod):
    """A trained network in an ONNX file: NeuFlow v2 (Zhang et al. 2024), RAFT (Teed and Deng 2020).

    The network's first two inputs are the pictures, (1, 3, height, width) in RGB. Of what it
    gives, the last and largest (1, 2, height, width) is the flow; RAFT gives every iteration's.
    """

    packages: ClassVar[dict[str, str]] = {"onnxruntime": "onnxruntime>=1.20,<2"}

    @dataclass(frozen=True)
    class Settings(FlowMethod.Settings):
        """The network's file and the value range of its inputs."""

        weights: str = field(
            metadata={
                "doc": "path of the network as one .onnx file, such as NeuFlow v2 exported by "
                "github.com/ibaiGorordo/NeuFlow_v2 (Apache-2.0) or "
                "optical_flow_estimation_raft of github.com/opencv/opencv_zoo (BSD-3-Clause)",
                "file": True,
                "minLength": 1,
            }
        )
        white: float = field(
            default=1.0,
            metadata={
                "doc": "what the network calls white: 1 for NeuFlow v2 and torchvision's RAFT, "
                "255 for OpenCV's RAFT",
                "exclusiveMinimum": 0,
            },
        )
        black: float = field(
            default=0.0, metadata={"doc": "what it calls black: -1 for torchvision's RAFT"}
        )

    def between(self, frame: Picture, other: Picture) -> Flow:
        """Run the network, and resize its flow to the frame's size.

        Raises GramflowError if the file holds no flow network, or if the network fails.
        """
        height, width = frame.shape[:2]
        names = [each.name for each in self._network.get_inputs()[:2]]
        pictures = [self._seen(frame), self._seen(other)]
        try:
            found = self._network.run(None, dict(zip(names, pictures, strict=True)))
        except Exception as error:  # ONNX Runtime's own classes derive from nothing else
            size = " x ".join(str(length) for length in pictures[0].shape[:1:-1])
            raise GramflowError(
                f"flow onnx: {self.settings.weights} failed on pictures of {size} pixels "
                f"({one_line(error)}); give flow a smaller width, or choose flow dis"
            ) from error
        flow = _finest(found)
        if flow is None:
            shapes = ", ".join(str(np.shape(each)) for each in found)
            raise self._refused(f"it gives {shapes}, none of them (1, 2, height, width)")
        return scaled(np.ascontiguousarray(flow[0].transpose(1, 2, 0), np.float32), width, height)

    @cached_property
    def _network(self) -> Any:
        """ONNX Runtime's session."""
        try:
            network = session(self.settings.weights)
        except Exception as error:  # ONNX Runtime's own classes derive from nothing else
            raise self._refused(error) from error
        inputs = [(each.type, each.shape) for each in network.get_inputs()[:2]]
        if len(inputs) < 2 or any(t != "tensor(float)" or len(shape) != 4 for t, shape in inputs):
            raise self._refused(f"its inputs are {inputs}, not two float (1, 3, height, width)")
        return network

    def _seen(self, picture: Picture) -> NDArray[np.float32]:
        """Convert a picture to the network's input, (1, 3, height, width), in its value range.

        Resizes to the network's fixed input size, or up to multiples of `_STEP` where it is free.
        """
        shape = self._network.get_inputs()[0].shape
        height, width = (
            wanted if isinstance(wanted, int) else -(-size // _STEP) * _STEP
            for wanted, size in zip(shape[2:], picture.shape[:2], strict=True)
        )
        black, white = self.settings.black, self.settings.white
        values = resized(picture, width, height) * (white - black) + black
        return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)

    def _refused(self, reason: object) -> GramflowError:
        return GramflowError(
            f"flow onnx: {self.settings.weights} is no network for optical flow "
            f"({one_line(reason)}); give one exported to ONNX in 32 bits, or choose flow dis"
        )


def session(weights: str) -> Any:
    """Open a network by ONNX Runtime: on the GPU where its build supports one, deterministic.

    weights: path of the ONNX file, which must hold all of it. Raises the errors of ONNX Runtime,
    which derive from Exception, OSError, and GramflowError for a file that is too large.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # the other threads paint meanwhile
    known = onnxruntime.get_available_providers()
    chosen = [provider for provider in _PROVIDERS if provider[0] in known]
    # one file is all of it: others would not enter a frame's key
    options.add_session_config_entry(*NO_OTHER_FILES)
    return onnxruntime.InferenceSession(read_whole(Path(weights)), options, chosen)


def one_line(reason: object) -> str:
    """ONNX Runtime's message on one line, shortened to 200 characters."""
    return " ".join(str(reason).split())[:200]


def _finest(outputs: list[Any]) -> NDArray[np.float32] | None:
    """The last of the largest (1, 2, h, w) outputs of a network; None if there is none."""
    flows = [each for each in outputs if np.ndim(each) == 4 and np.shape(each)[:2] == (1, 2)]
    return max(reversed(flows), key=np.size, default=None)


_PROVIDERS: tuple[tuple[str, dict[str, str]], ...] = (
    # the default, EXHAUSTIVE, chooses algorithms by timing, and so not always the same
    ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "DEFAULT"}),
    ("CPUExecutionProvider", {}),
)
_STEP = 32  # pixels: networks halve a picture up to five times
