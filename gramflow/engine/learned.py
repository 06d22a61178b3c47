"""Flow by a trained network in a file, which finds large and fast motions better than a search."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, resized
from gramflow.base.errors import GramflowError
from gramflow.engine.flows import Flow, FlowMethod, scaled


class ONNX(FlowMethod):
    """A trained network in an ONNX file: NeuFlow v2 (Zhang et al. 2024), RAFT (Teed and Deng 2020).

    The network's first two inputs are the pictures, (1, 3, height, width) in RGB. Of what it
    gives, the last and largest (1, 2, height, width) is the flow; RAFT gives every iteration's.
    """

    packages: ClassVar[dict[str, str]] = {"onnxruntime": "onnxruntime>=1.20,<2"}

    @dataclass(frozen=True)
    class Settings(FlowMethod.Settings):
        """Which network, and what it wants to see."""

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
        """As the base says. Raises GramflowError for a file that holds no such network."""
        height, width = frame.shape[:2]
        names = [each.name for each in self._network.get_inputs()[:2]]
        pictures = [self._seen(frame), self._seen(other)]
        try:
            found = self._network.run(None, dict(zip(names, pictures, strict=True)))
        except Exception as error:  # ONNX Runtime's own classes derive from nothing else
            size = " x ".join(str(length) for length in pictures[0].shape[:1:-1])
            raise GramflowError(
                f"flow onnx: {self.settings.weights} failed on pictures of {size} pixels "
                f"({_line(error)}); give flow a smaller width, or choose flow dis"
            ) from error
        flow = _finest(found)
        if flow is None:
            shapes = ", ".join(str(np.shape(each)) for each in found)
            raise self._refused(f"it gives {shapes}, none of them (1, 2, height, width)")
        return scaled(np.ascontiguousarray(flow[0].transpose(1, 2, 0), np.float32), width, height)

    @cached_property
    def _network(self) -> Any:
        """ONNX Runtime's session, on the GPU where its build has one."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        options.intra_op_num_threads = 1  # the others paint meanwhile
        known = onnxruntime.get_available_providers()
        chosen = [provider for provider in _PROVIDERS if provider[0] in known]
        try:
            # from bytes: other files that it may refer to would be no part of a frame's key
            model = Path(self.settings.weights).read_bytes()
            network = onnxruntime.InferenceSession(model, options, chosen)
        except Exception as error:  # ONNX Runtime's own classes derive from nothing else
            raise self._refused(error) from error
        inputs = [(each.type, each.shape) for each in network.get_inputs()[:2]]
        if len(inputs) < 2 or any(t != "tensor(float)" or len(shape) != 4 for t, shape in inputs):
            raise self._refused(f"its inputs are {inputs}, not two float (1, 3, height, width)")
        return network

    def _seen(self, picture: Picture) -> NDArray[np.float32]:
        """A picture as the network wants it, at the size that its file fixes, or a bit greater."""
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
            f"({_line(reason)}); give one exported to ONNX in 32 bits, or choose flow dis"
        )


def _line(reason: object) -> str:
    """What ONNX Runtime says, on one line, shortened."""
    return " ".join(str(reason).split())[:200]


def _finest(outputs: list[Any]) -> NDArray[np.float32] | None:
    """Of a network's outputs, the last flow among the largest; None when there is none."""
    flows = [each for each in outputs if np.ndim(each) == 4 and np.shape(each)[:2] == (1, 2)]
    return max(reversed(flows), key=np.size, default=None)


_PROVIDERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "DEFAULT"}),  # others go by timing
    ("CPUExecutionProvider", {}),
)
_STEP = 32  # pixels: the networks halve a picture up to five times
