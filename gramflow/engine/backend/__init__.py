"""What Keras does not do on every framework alike: devices, compiled functions, derivatives.

Everything else computes by `gramflow.engine.ops`. The environment variable KERAS_BACKEND chooses
the framework. There is a module for each, with functions of the same names. The framework is
imported at the first call, since that takes several seconds.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gramflow.base.arrays import Tensor
from gramflow.base.errors import GramflowError


@dataclass(frozen=True)
class Framework:
    """A framework that Keras computes by.

    name: as people call it. package: as it is installed and imported. for_gpus: as pip is asked for
    it on a machine with a GPU of NVIDIA's.
    """

    name: str
    package: str
    for_gpus: str


FRAMEWORKS = {
    "tensorflow": Framework("TensorFlow", "tensorflow", "tensorflow[and-cuda]"),
    "torch": Framework("PyTorch", "torch", "torch"),
    "jax": Framework("JAX", "jax", "jax[cuda12]"),
}
"""By Keras's name for each; the first one is the default (see `gramflow`)."""


def chosen() -> Framework:
    """The framework that KERAS_BACKEND names; nothing is imported.

    Raises GramflowError for an unknown one, and for one that is not installed.
    """
    key = os.environ["KERAS_BACKEND"]
    if key not in FRAMEWORKS:
        *most, last = FRAMEWORKS
        raise GramflowError(
            f"KERAS_BACKEND: there is no {key} here; set this environment variable to "
            f"{', '.join(most)} or {last}, or unset it, for {FRAMEWORKS['tensorflow'].name}"
        )
    found = FRAMEWORKS[key]
    if find_spec(found.package) is None:
        raise GramflowError(
            f"KERAS_BACKEND: {found.name} is not installed; install it "
            f"(pip install 'gramflow[{key}]'), or unset this environment variable"
        )
    return found


def prepare(threads: int, gpu: bool = True) -> str:
    """Configure the framework: thread count, deterministic operations, GPU memory grown on demand.

    Must be called before the process's first computation. OpenCV, which computes flow at the same
    time, gets one thread. gpu: whether to use a GPU where there is one. Returns a description of
    the device, such as "1 GPU" or "2 CPU threads", and the framework unless it is the default one.
    Raises GramflowError like `chosen`, and if the process has computed with other settings.
    """
    framework = chosen()
    with _muted():
        device: str = _module().prepare(threads, gpu)
        import cv2
        import keras
        from keras.src.utils import module_utils
    is_default = framework == FRAMEWORKS["tensorflow"]
    if not is_default:
        # Keras would import it, for seconds, only to ask whether a value is one of its tensors
        module_utils.tensorflow._available = False
    cv2.setNumThreads(1)
    keras.config.set_floatx("float32")  # whatever the user's own keras.json says
    keras.config.set_image_data_format("channels_last")
    return device if is_default else f"{device} ({framework.name})"


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


@cache
def _module() -> Any:
    """The module of the framework that KERAS_BACKEND names."""
    return import_module(f"{__name__}.{chosen().package}")


def has_gpu() -> bool:
    """Whether there is a GPU to compute on. Call only after `prepare`."""
    return _module().has_gpu()


def gpu_memory() -> int | None:
    """Total memory in bytes of the GPU to compute on, of the smallest one if there are several.

    None without a GPU, where its memory is the machine's own, and where nothing tells it. Call only
    after `prepare`.
    """
    return _module().gpu_memory()


def out_of_memory(error: BaseException) -> bool:
    """Whether a computation has failed because the device has too little memory for it.

    Told by the error's name and text, which no framework has changed for years: TensorFlow's
    ResourceExhaustedError, PyTorch's OutOfMemoryError (on MPS a RuntimeError), XLA's status.
    """
    text = f"{type(error).__name__}: {error}"
    words = "ResourceExhausted", "RESOURCE_EXHAUSTED", "OutOfMemory", "out of memory"
    return isinstance(error, MemoryError) or any(word in text for word in words)


def gpu_capability() -> tuple[int, int] | None:
    """NVIDIA's compute capability of the first GPU in use; (0, 0) if unknown, None without one."""
    return _module().gpu_capability()


def copies_neighbourhoods() -> bool:
    """Whether a convolution copies all that its kernel sees at each place (im2col), for speed."""
    return _module().copies_neighbourhoods()


def most_exact() -> str:
    """The dtype of the most digits that the device computes with: float64, or float32."""
    return _module().most_exact()


def compiled(
    function: Callable[..., Any], any_size: bool = False, stateful: bool = False
) -> Callable[..., Any]:
    """Compile a function of nests of tensors, where the framework does; arrays are converted.

    any_size: one trace serves pictures of different sizes; the function's second argument are
    integers, by which it cuts the picture. stateful: the function reads or changes
    variables that change between its calls.
    """
    return _module().compiled(function, any_size, stateful)


def with_gradient(function: Callable[[Any], tuple[Tensor, Any]], at: Any) -> tuple[Any, Any]:
    """Differentiate a function's first result, a scalar.

    at: tensor or nest of tensors. Returns the derivative by `at`, in the same nest and zero where
    the result does not depend on it, and the function's second result.
    """
    return _module().with_gradient(function, at)


def pulled_back(function: Callable[[Tensor], Any], at: Tensor, slopes: Any) -> Tensor:
    """Multiply slopes by the Jacobian of a function (a vector-Jacobian product).

    slopes: derivatives by the function's results, in the same nest. Returns the derivative by `at`.
    """
    return _module().pulled_back(function, at, slopes)


def by_variables(function: Callable[[], tuple[Tensor, Any]], variables: Sequence[Any]) -> Any:
    """Differentiate a function's first result, a scalar, by variables that it reads.

    Returns the derivatives in the variables' order, and the function's second result.
    """
    return _module().by_variables(function, variables)


def mapped(function: Callable[..., Any], *nests: Any) -> Any:
    """Apply a function to the tensors of nests (dictionaries, lists) of equal structure."""
    import keras

    return keras.tree.map_structure(function, *nests)


def padded(values: Tensor, rows: tuple[int, int], columns: tuple[int, int], mode: str) -> Tensor:
    """Continue (n, h, w, channels) beyond its borders by its own values.

    rows, columns: how many to add before and after; fewer than there are. mode: "symmetric"
    mirrors at the border and "reflect" at the outermost values, which are then not repeated.
    """
    return _module().padded(values, rows, columns, mode)


def variable(values: Tensor) -> Any:
    """A tensor whose slices can be changed by `added_at`."""
    return _module().variable(values)


def added_at(whole: Any, place: tuple[slice, ...], values: Tensor) -> Any:
    """Add values to a slice of a variable, in place where that can be; returns the variable."""
    return _module().added_at(whole, place, values)


def put_rows(matrix: Tensor, rows: Sequence[int], values: Tensor) -> Tensor:
    """Replace rows of a matrix, in place where that can be; returns the matrix."""
    return _module().put_rows(matrix, rows, values)


def products(left: Tensor, right: Tensor) -> Any:
    """Inner products of the rows of two matrices, as a NumPy array."""
    return _module().products(left, right)
