"""JAX's part of `gramflow.engine.backend`, which tells what the functions are for."""

import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from gramflow.base.arrays import Tensor


def prepare(threads: int, gpu: bool) -> str:
    """Import and configure JAX; returns the device."""
    if not gpu:
        os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["NPROC"] = str(threads)  # where XLA reads the number of threads
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    flags = os.environ.get("XLA_FLAGS", "")
    if _DETERMINISTIC not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {_DETERMINISTIC}".strip()
    return "1 GPU" if has_gpu() else f"{threads} CPU threads"


_DETERMINISTIC = "--xla_gpu_deterministic_ops=true"


def has_gpu() -> bool:
    """Whether JAX computes on one."""
    return _device().platform == "gpu"


def _device() -> Any:
    import jax

    return jax.devices()[0]


def gpu_memory() -> int | None:
    """As far as JAX tells."""
    if not has_gpu():
        return None
    return (_device().memory_stats() or {}).get("bytes_limit")


def gpu_capability() -> tuple[int, int] | None:
    """Of the first device."""
    if not has_gpu():
        return None
    major, _, minor = str(getattr(_device(), "compute_capability", "0.0")).partition(".")
    return (int(major), int(minor)) if (major + minor).isdigit() else (0, 0)


def copies_neighbourhoods() -> bool:
    """Has not been seen."""
    return False


def most_exact() -> str:
    """JAX has float64 only for whole processes, which then are slower in all else."""
    return "float32"


def compiled(function: Callable[..., Any], any_size: bool, stateful: bool) -> Callable[..., Any]:
    """By XLA, but not where variables change, which would be constants of the compiled function.

    Slices must not depend on values there, so each place in a picture has a function of its own.
    """
    import jax

    if stateful:
        return function
    if not any_size:
        return jax.jit(function)

    @cache
    def at(*box: int) -> Callable[..., Any]:
        return jax.jit(lambda picture, *nests: function(picture, np.array(box), *nests))

    return lambda picture, box, *nests: at(*box.tolist())(picture, *nests)


def with_gradient(function: Callable[[Any], tuple[Tensor, Any]], at: Any) -> tuple[Any, Any]:
    """By reverse-mode differentiation."""
    import jax

    return jax.grad(function, has_aux=True)(at)


def pulled_back(function: Callable[[Tensor], Any], at: Tensor, slopes: Any) -> Tensor:
    """By a vector-Jacobian product."""
    import jax

    return jax.vjp(function, at)[1](slopes)[0]


def by_variables(function: Callable[[], tuple[Tensor, Any]], variables: Sequence[Any]) -> Any:
    """As a function of the variables' values, which Keras then reads in their place."""
    import jax
    import keras

    def of_values(values: Any) -> tuple[Tensor, Any]:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function()

    return jax.grad(of_values, has_aux=True)([variable.value for variable in variables])


def padded(values: Tensor, rows: tuple[int, int], columns: tuple[int, int], mode: str) -> Tensor:
    """By Keras."""
    import keras

    return keras.ops.pad(values, ((0, 0), rows, columns, (0, 0)), mode=mode)


def variable(values: Tensor) -> Any:
    """The same array: JAX's do not change."""
    return values


def added_at(whole: Any, place: tuple[slice, ...], values: Tensor) -> Any:
    """As a new array."""
    return whole.at[place].add(values)


def put_rows(matrix: Tensor, rows: Sequence[int], values: Tensor) -> Tensor:
    """As a new array."""
    return matrix.at[np.array(rows)].set(values)


def products(left: Tensor, right: Tensor) -> Any:
    """Computed as precisely as everything else."""
    return np.asarray(left @ right.T)
