"""Paints frames by a feed-forward network in an ONNX file, run by ONNX Runtime."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture
from gramflow.base.errors import GramflowError
from gramflow.base.limits import NO_OTHER_FILES
from gramflow.engine.transformer import padded
from gramflow.live.calm import Calm
from gramflow.live.reasons import one_line
from gramflow.media.pictures import from_pixels, to_bytes

_TRIALS = ((32, 48), (48, 32))  # heights and widths of frames that a network is tried with
_REMEDY = "give one written by gramflow export-network"


class Painter:
    """A network that paints frames.

    card: the texts that the file tells about the network: name, style, licence, gramflow, look.
    """

    def __init__(self, model: bytes, threads: int, calm: float = 0.0) -> None:
        """Load a network and try it.

        model: the ONNX file. Its input `frame` and its output `painted` are float32 of the shape
            (1, height, width, 3), RGB, 0..1; the output may exceed that range.
        threads: CPU threads of a frame.
        calm: weight of the past where the source stands still; see Calm.
        Raises GramflowError when the file is damaged, or holds another kind of network.
        """
        self._network = _session(model, threads)
        self._calm = Calm(calm)
        self.card: dict[str, str] = self._network.get_modelmeta().custom_metadata_map
        _check(self._network)

    def paint(self, pixels: NDArray[np.uint8], intensity: float) -> NDArray[np.uint8]:
        """Paint a frame, (height, width, 3) RGB.

        intensity: how much of the paint is shown over the frame, 0..1.
        """
        frame = from_pixels(pixels)
        painted = self._calm.mixed(frame, self._painted(frame))
        if intensity < 1:
            painted = frame + np.float32(intensity) * (painted - frame)
        return to_bytes(painted)

    def _painted(self, frame: Picture) -> Picture:
        """Run the network on a frame of any size."""
        height, width = frame.shape[:2]
        return np.clip(_run(self._network, padded(frame))[:height, :width], 0, 1)


def _session(model: bytes, threads: int) -> Any:
    """ONNX Runtime's session, on the GPU where its build supports one."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    # threads that wait in a loop take the cores that decode and encode meanwhile
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry(*NO_OTHER_FILES)
    known = onnxruntime.get_available_providers()
    chosen = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in known]
    try:
        return onnxruntime.InferenceSession(model, options, chosen)
    except Exception as error:  # ONNX Runtime's own classes derive from nothing else
        raise GramflowError(f"no network, or damaged ({one_line(error)}); {_REMEDY}") from error


def _check(network: Any) -> None:
    """Raise GramflowError for a network that does not paint a picture of any size."""
    inputs = [(each.name, each.type) for each in network.get_inputs()]
    outputs = [each.name for each in network.get_outputs()]
    if inputs != [("frame", "tensor(float)")] or outputs != ["painted"]:
        names = ", ".join([*(name for name, _ in inputs), *outputs])
        raise GramflowError(f"no network that paints frames, its ends are {names}; {_REMEDY}")
    for height, width in _TRIALS:
        _run(network, np.random.default_rng(0).random((height, width, 3), np.float32))


def _run(network: Any, frame: Picture) -> Picture:
    """Run a network on a frame.

    Raises GramflowError if it fails, gives another size, or values that are not finite.
    """
    height, width = frame.shape[:2]
    try:
        (painted,) = network.run(["painted"], {"frame": frame[None]})
    except Exception as error:  # ONNX Runtime's own classes derive from nothing else
        raise GramflowError(
            f"the network failed on a frame of {width}x{height} ({one_line(error)}); {_REMEDY}"
        ) from error
    if painted.shape != (1, *frame.shape) or painted.dtype != frame.dtype:
        raise GramflowError(f"it makes {painted.shape[1:]} of a frame of {frame.shape}; {_REMEDY}")
    if not np.isfinite(painted).all():
        raise GramflowError(f"its output is not finite on a frame of {width}x{height}; {_REMEDY}")
    return painted[0]
