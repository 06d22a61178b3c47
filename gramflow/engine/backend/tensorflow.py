"""TensorFlow's part of `gramflow.engine.backend`, which tells what the functions are for."""

import os
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

from gramflow.base.arrays import Tensor
from gramflow.base.errors import GramflowError


def prepare(threads: int, gpu: bool) -> str:
    """Import and configure TensorFlow; returns the device."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    # it warns of functions that are traced anew for pictures of other sizes
    tf.get_logger().setLevel("ERROR")
    gpus = tf.config.list_physical_devices("GPU") if gpu else []
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.experimental.enable_op_determinism()
        tf.config.set_visible_devices(gpus, "GPU")
        for device in gpus:
            tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError as error:
        raise GramflowError(
            "TensorFlow: this process uses it already, with other settings; paint in a process "
            "of its own, or before anything else uses TensorFlow"
        ) from error
    return f"{len(gpus)} GPU" if gpus else f"{threads} CPU threads"


def has_gpu() -> bool:
    """Whether TensorFlow finds one."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def gpu_memory() -> int | None:
    """By nvidia-smi, as TensorFlow does not tell."""
    if not has_gpu():
        return None
    question = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(question, check=True, capture_output=True, text=True).stdout
        return min(int(line) for line in answer.split()) * 2**20
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def gpu_capability() -> tuple[int, int] | None:
    """Of the first device that is visible."""
    import tensorflow as tf

    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        return None
    details = tf.config.experimental.get_device_details(gpus[0])
    capability: tuple[int, int] = details.get("compute_capability", (0, 0))
    return capability


def copies_neighbourhoods() -> bool:
    """By Eigen, on processors for which oneDNN is not switched on: those without AVX-512 or AMX."""
    from tensorflow.python.util import _pywrap_util_port

    return not has_gpu() and not _pywrap_util_port.IsMklEnabled()


def most_exact() -> str:
    """float64 everywhere."""
    return "float64"


def compiled(function: Callable[..., Any], any_size: bool, stateful: bool) -> Callable[..., Any]:
    """As a graph; variables are no part of it."""
    import tensorflow as tf

    traced: Callable[..., Any] = tf.function(function, reduce_retracing=any_size)
    return traced


def with_gradient(function: Callable[[Any], tuple[Tensor, Any]], at: Any) -> tuple[Any, Any]:
    """By a gradient tape."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(at)
        value, others = function(at)
    return tape.gradient(value, at, unconnected_gradients="zero"), others


def pulled_back(function: Callable[[Tensor], Any], at: Tensor, slopes: Any) -> Tensor:
    """By a gradient tape."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(at)
        results = function(at)
    return tape.gradient(results, at, slopes, unconnected_gradients="zero")


def by_variables(function: Callable[[], tuple[Tensor, Any]], variables: Sequence[Any]) -> Any:
    """By a gradient tape, which watches variables by itself."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value, others = function()
    return tape.gradient(value, variables), others


def padded(values: Tensor, rows: tuple[int, int], columns: tuple[int, int], mode: str) -> Tensor:
    """By Keras."""
    import keras

    return keras.ops.pad(values, ((0, 0), rows, columns, (0, 0)), mode=mode)


def variable(values: Tensor) -> Any:
    """A variable of TensorFlow's."""
    import tensorflow as tf

    return tf.Variable(values)


def added_at(whole: Any, place: tuple[slice, ...], values: Tensor) -> Any:
    """In place."""
    part = whole[place]
    part.assign(part + values)
    return whole


def put_rows(matrix: Tensor, rows: Sequence[int], values: Tensor) -> Tensor:
    """In place."""
    import tensorflow as tf

    return tf.raw_ops.InplaceUpdate(x=matrix, i=list(rows), v=values)


def products(left: Tensor, right: Tensor) -> Any:
    """Without transposing first."""
    import tensorflow as tf

    return tf.matmul(left, right, transpose_b=True).numpy()
