"""PyTorch's part of `gramflow.engine.backend`, which tells what the functions are for."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from gramflow.base.arrays import Tensor


def prepare(threads: int, gpu: bool) -> str:
    """Import and configure PyTorch; returns the device.

    Which one Keras uses is decided when Keras is imported: a GPU of NVIDIA's or AMD's ("cuda"), of
    Apple's ("mps"), of Intel's ("xpu"), or what KERAS_TORCH_DEVICE names.
    """
    if not gpu:
        os.environ["KERAS_TORCH_DEVICE"] = "cpu"
    # waiting threads that spin take the time of others on a busy machine, many times what they gain
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # without this setting cuBLAS is not deterministic
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # on Apple's GPUs some operations are missing; the CPU then makes them
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # it is never read before it is written; filling it takes time
    torch.utils.deterministic.fill_uninitialized_memory = False
    return "1 GPU" if has_gpu() else f"{threads} CPU threads"


def _device() -> str:
    """The kind of device that Keras computes on: cpu, cuda, mps or xpu."""
    from keras.src.backend.torch.core import get_device

    kind: str = str(get_device()).partition(":")[0]
    return kind


def has_gpu() -> bool:
    """Whether Keras computes on anything but the CPU."""
    return _device() != "cpu"


def gpu_memory() -> int | None:
    """Of GPUs of NVIDIA's and AMD's; that of Apple's is the machine's own."""
    import torch

    if _device() != "cuda":
        return None
    devices = range(torch.cuda.device_count())
    return min(torch.cuda.get_device_properties(device).total_memory for device in devices)


def gpu_capability() -> tuple[int, int] | None:
    """None on Apple's and Intel's GPUs, too; AMD's number them otherwise, so it is unknown."""
    import torch

    if _device() != "cuda":
        return None
    return (0, 0) if torch.version.hip else torch.cuda.get_device_capability()


def copies_neighbourhoods() -> bool:
    """Has not been seen."""
    return False


def most_exact() -> str:
    """Apple's GPUs have no float64."""
    return "float32" if _device() == "mps" else "float64"


def compiled(function: Callable[..., Any], any_size: bool, stateful: bool) -> Callable[..., Any]:
    """Not compiled, but without recording for derivatives, except where `with_gradient` asks."""
    import torch

    def plain(*nests: Any) -> Any:
        with torch.no_grad():
            return function(*_converted(nests))

    return plain


def with_gradient(function: Callable[[Any], tuple[Tensor, Any]], at: Any) -> tuple[Any, Any]:
    """By automatic differentiation of what follows from copies of `at`."""
    import keras
    import torch

    begun = keras.tree.map_structure(_begun, at)
    with torch.enable_grad():
        value, others = function(begun)
    found = _derivatives([value], keras.tree.flatten(begun), [None])
    return keras.tree.pack_sequence_as(at, found), keras.tree.map_structure(_ended, others)


def pulled_back(function: Callable[[Tensor], Any], at: Tensor, slopes: Any) -> Tensor:
    """By automatic differentiation of what follows from a copy of `at`."""
    import keras
    import torch

    begun = _begun(at)
    with torch.enable_grad():
        results = function(begun)
    return _derivatives(keras.tree.flatten(results), [begun], keras.tree.flatten(slopes))[0]


def by_variables(function: Callable[[], tuple[Tensor, Any]], variables: Sequence[Any]) -> Any:
    """By automatic differentiation."""
    import keras
    import torch

    with torch.enable_grad():
        value, others = function()
    found = _derivatives([value], [variable.value for variable in variables], [None])
    return found, keras.tree.map_structure(_ended, others)


def padded(values: Tensor, rows: tuple[int, int], columns: tuple[int, int], mode: str) -> Tensor:
    """With a derivative given explicitly.

    That of PyTorch's own padding is not deterministic on a GPU, and none mirrors at the border.
    """
    import keras

    skipped = 0 if mode == "symmetric" else 1

    def evaluated(values: Tensor) -> Any:
        def gradient(*_: Tensor, upstream: Tensor) -> Tensor:
            folded = _folded(upstream, 1, rows, skipped)
            return _folded(folded, 2, columns, skipped)

        number, height, width, channels = values.shape
        whole = values.new_empty((number, height + sum(rows), width + sum(columns), channels))
        whole.narrow(1, rows[0], height).narrow(2, columns[0], width).copy_(values)
        for axis, amounts in ((2, columns), (1, rows)):
            for beyond, inside in _borders(whole, axis, amounts, skipped):
                beyond.copy_(inside.flip(axis))
        return whole, gradient

    return keras.ops.custom_gradient(evaluated)(values)


def _folded(slopes: Tensor, axis: int, amounts: tuple[int, int], skipped: int) -> Tensor:
    """The transpose of mirroring: what lies beyond borders is added to what it was copied from."""
    slopes = slopes.clone()
    for beyond, inside in _borders(slopes, axis, amounts, skipped):
        inside.add_(beyond.flip(axis))
    return slopes.narrow(axis, amounts[0], slopes.shape[axis] - sum(amounts))


def _borders(
    whole: Tensor, axis: int, amounts: tuple[int, int], skipped: int
) -> list[tuple[Tensor, Tensor]]:
    """Slices beyond both borders along an axis, and those inside that they mirror."""
    (before, after), end = amounts, whole.shape[axis] - amounts[1]
    return [
        (whole.narrow(axis, 0, before), whole.narrow(axis, before + skipped, before)),
        (whole.narrow(axis, end, after), whole.narrow(axis, end - skipped - after, after)),
    ]


def variable(values: Tensor) -> Any:
    """A copy."""
    return values.clone()


def added_at(whole: Any, place: tuple[slice, ...], values: Tensor) -> Any:
    """In place."""
    whole[place] += values
    return whole


def put_rows(matrix: Tensor, rows: Sequence[int], values: Tensor) -> Tensor:
    """In place."""
    matrix[list(rows)] = values
    return matrix


def products(left: Tensor, right: Tensor) -> Any:
    """Without transposing first."""
    return (left @ right.T).cpu().numpy()


def _converted(nests: Any) -> Any:
    """Nests with tensors in place of NumPy arrays."""
    import keras

    return keras.tree.map_structure(keras.ops.convert_to_tensor, nests)


def _begun(values: Tensor) -> Tensor:
    """A copy from which on derivatives are recorded; it shares the memory."""
    return values.detach().requires_grad_(True)


def _ended(value: Any) -> Any:
    """A result without what is recorded for its derivatives; no tensor, such as 0: as it is."""
    return value.detach() if hasattr(value, "detach") else value


def _derivatives(results: Sequence[Any], by: Sequence[Tensor], slopes: Sequence[Any]) -> Any:
    """Derivatives of results, each times its slope; results that depend on nothing are left out."""
    import torch

    pairs = [
        pair for pair in zip(results, slopes, strict=True) if getattr(pair[0], "requires_grad", 0)
    ]
    if not pairs:
        return [torch.zeros_like(each) for each in by]
    outputs, upstream = zip(*pairs, strict=True)
    return torch.autograd.grad(outputs, by, upstream, allow_unused=True, materialize_grads=True)
