"""The only module that knows TensorFlow: devices, compiled functions, derivatives, variables.

Everything else computes by `gramflow.engine.ops`. TensorFlow is imported at the first call, since
its import takes several seconds.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gramflow.base.arrays import Tensor
from gramflow.base.errors import GramflowError


def prepare(threads: int, gpu: bool = True) -> str:
    """Configure TensorFlow: thread count, deterministic operations, GPU memory grown on demand.

    Must be called before the process's first computation. OpenCV, which computes flow at the same
    time, gets one thread. gpu: whether to use a GPU where there is one. Returns a description of
    the device, such as "1 GPU" or "2 CPU threads".
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with _muted():
        import cv2
        import keras
        import tensorflow as tf

        # it warns of functions that are traced anew for pictures of other sizes
        tf.get_logger().setLevel("ERROR")
        gpus = tf.config.list_physical_devices("GPU") if gpu else []
    cv2.setNumThreads(1)
    keras.config.set_floatx("float32")  # whatever the user's own keras.json says
    keras.config.set_image_data_format("channels_last")
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


@contextmanager
def _muted() -> Iterator[None]:
    """Silence stderr, also for C++ code: TensorFlow's import prints a dozen lines there."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def has_gpu() -> bool:
    """Whether there is a GPU to compute on. Call only after `prepare`."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def gpu_capability() -> tuple[int, int] | None:
    """NVIDIA's compute capability of the first GPU in use; (0, 0) if unknown, None without one."""
    import tensorflow as tf

    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        return None
    details = tf.config.experimental.get_device_details(gpus[0])
    capability: tuple[int, int] = details.get("compute_capability", (0, 0))
    return capability


def compiled(function: Callable[..., Any], any_size: bool = False) -> Callable[..., Any]:
    """Compile a function of tensors. any_size: one trace serves pictures of different sizes."""
    import tensorflow as tf

    traced: Callable[..., Any] = tf.function(function, reduce_retracing=any_size)
    return traced


def with_gradient(function: Callable[[Any], tuple[Tensor, Any]], at: Any) -> tuple[Any, Any]:
    """Differentiate a function's first result, a scalar.

    at: tensor or nest of tensors. Returns the derivative by `at`, in the same nest and zero where
    the result does not depend on it, and the function's second result.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(at)
        value, others = function(at)
    return tape.gradient(value, at, unconnected_gradients="zero"), others


def pulled_back(function: Callable[[Tensor], Any], at: Tensor, slopes: Any) -> Tensor:
    """Multiply slopes by the Jacobian of a function (a vector-Jacobian product).

    slopes: derivatives by the function's results, in the same nest. Returns the derivative by `at`.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(at)
        results = function(at)
    return tape.gradient(results, at, slopes, unconnected_gradients="zero")


def by_variables(function: Callable[[], tuple[Tensor, Any]], variables: Sequence[Any]) -> Any:
    """Differentiate a function's first result, a scalar, by variables that it reads.

    Returns the derivatives in the variables' order, and the function's second result.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value, others = function()
    return tape.gradient(value, variables), others


def mapped(function: Callable[..., Any], *nests: Any) -> Any:
    """Apply a function to the tensors of nests (dictionaries, lists) of equal structure."""
    import tensorflow as tf

    return tf.nest.map_structure(function, *nests)


def variable(values: Tensor) -> Any:
    """A tensor whose slices can be changed in place, by `add_in_place`."""
    import tensorflow as tf

    return tf.Variable(values)


def add_in_place(part: Any, values: Tensor) -> None:
    """Add values to a slice of a variable."""
    part.assign(part + values)


def put_rows(matrix: Tensor, rows: Sequence[int], values: Tensor) -> Tensor:
    """Replace rows of a matrix in place; returns the matrix."""
    import tensorflow as tf

    return tf.raw_ops.InplaceUpdate(x=matrix, i=list(rows), v=values)


def products(left: Tensor, right: Tensor) -> Any:
    """Inner products of the rows of two matrices, as a NumPy array."""
    import tensorflow as tf

    return tf.matmul(left, right, transpose_b=True).numpy()
