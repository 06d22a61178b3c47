"""Mixed precision: chooses the device's fast number format and guards against its overflows."""

from math import ceil
from pathlib import Path
from typing import Any

from gramflow.base.arrays import Tensor
from gramflow.base.errors import GramflowError
from gramflow.engine import ops
from gramflow.engine.backend import gpu_capability
from gramflow.engine.networks import in_precision

EXACT_SHARE = 0.1
"""Fraction of a frame's evaluations, the last ones, that `auto` computes in float32."""

_FLOAT16_SCALE = 2.0**24
"""Initial loss scale for float16: gradients of normalised losses by the features are about 1e-8."""


def chosen(precision: str) -> str:
    """Keras's dtype policy for a look's `precision`; `auto` is resolved for the device."""
    return _fast() if precision == "auto" else precision


def lowered(extractor: Any, precision: str, where: str) -> Any:
    """Copy the network in the look's 16-bit precision; None if float32 is to be used throughout.

    With `auto`, also None if the network cannot be copied.
    where: the look's name, for errors. Raises GramflowError if the network cannot be copied in a
    precision that the look names.
    """
    name = chosen(precision)
    if name == "float32":
        return None
    try:
        return in_precision(extractor, name)
    except Exception as error:  # whatever a plugin's layers may raise
        if precision == "auto":
            return None
        raise GramflowError(
            f"{where}.precision: the network cannot be copied in {precision} "
            f"({error}); give float32"
        ) from error


def exact_evaluations(precision: str, evaluations: int) -> int:
    """How many of a frame's evaluations, at the end, are made in float32.

    At least one, so that the final loss is exact.
    """
    return ceil(EXACT_SHARE * evaluations) if precision == "auto" else 1


def _fast() -> str:
    """The fast dtype policy of the device, by its instruction set.

    NVIDIA: bfloat16 from compute capability 8.0, float16 from 7.0. CPU: bfloat16 if /proc/cpuinfo
    lists AVX-512 or AMX instructions for it. Nothing is timed, so that the answer is always the
    same on one device.
    """
    if (capability := gpu_capability()) is not None:
        formats = {(8, 0): "mixed_bfloat16", (7, 0): "mixed_float16"}
        return next((name for least, name in formats.items() if capability >= least), "float32")
    told = Path("/proc/cpuinfo")
    flags = told.read_text().split() if told.is_file() else []
    return "mixed_bfloat16" if {"avx512_bf16", "amx_bf16"} & set(flags) else "float32"


class Guarded:
    """An objective in low precision with loss scaling, which falls back to float32 on failure.

    Small float16 gradients underflow. So the loss is multiplied by a power of two before it is
    differentiated, and this scale is halved until no gradient overflows (Micikevicius et al. 2018,
    arXiv:1710.03740, section 3.2). Each frame has its own `Guarded`, which starts from the initial
    scale again, so that a frame does not depend on those painted before. bfloat16 needs no scale.

    low, exact: objectives. `exact` takes over once the loss itself is not finite, or gradients are
    not at any scale down to 1; `failed` is true from then on.
    """

    def __init__(self, low: Any, exact: Any, precision: str) -> None:
        self.low = low
        self.exact = exact
        self.scale = _FLOAT16_SCALE if precision == "mixed_float16" else 1.0

    @property
    def failed(self) -> bool:
        """Whether the low precision was given up."""
        return self.scale < 1

    def __call__(self, picture: Tensor, targets: Any) -> Any:
        """Total loss, gradient and terms, as of `Objective`."""
        while not self.failed:
            evaluation = self.low(picture, targets, self.scale)
            loss, gradient, _ = evaluation
            if bool(ops.all(ops.isfinite(gradient))) and bool(ops.isfinite(loss)):
                return evaluation
            self.scale = self.scale / 2 if bool(ops.isfinite(loss)) else 0.0
        return self.exact(picture, targets)
