"""Number formats: which one a device is fast at, and how few bits are kept from doing harm."""

from math import ceil
from pathlib import Path
from typing import Any

from gramflow.base.arrays import Tensor
from gramflow.base.errors import GramflowError
from gramflow.engine import ops
from gramflow.engine.networks import in_precision

EXACT_SHARE = 0.1
"""Of a frame's evaluations, with `auto`, those at the end that are made in float32."""

_FLOAT16_SCALE = 2.0**24
"""Where the search begins: normalised losses have gradients of about 1e-8 by the features."""


def chosen(precision: str) -> str:
    """Keras's name of the number format for a look's `precision`."""
    return _fast() if precision == "auto" else precision


def lowered(extractor: Any, precision: str, where: str) -> Any:
    """A copy of the network in 16 bits; None where float32 is wanted, or all that `auto` can have.

    where: the look, for the GramflowError of a network that cannot be copied as it is asked for.
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
    """How many of so many evaluations, those at the end, are made in float32.

    One at least, so that the last loss that is told is exact.
    """
    return ceil(EXACT_SHARE * evaluations) if precision == "auto" else 1


def _fast() -> str:
    """What the device has instructions for; never timed, so that it is always the same.

    NVIDIA: bfloat16 from compute capability 8.0, float16 from 7.0. CPU: bfloat16 with AVX-512's or
    AMX's instructions for it, as Linux tells.
    """
    import tensorflow as tf

    if gpus := tf.config.get_visible_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpus[0])
        capability = details.get("compute_capability", (0, 0))
        formats = {(8, 0): "mixed_bfloat16", (7, 0): "mixed_float16"}
        return next((name for least, name in formats.items() if capability >= least), "float32")
    told = Path("/proc/cpuinfo")
    flags = told.read_text().split() if told.is_file() else []
    return "mixed_bfloat16" if {"avx512_bf16", "amx_bf16"} & set(flags) else "float32"


class Guarded:
    """Evaluations in low precision, in float32 where they fail.

    A float16 gradient vanishes where it is small: the loss is scaled up by a power of two before
    it is differentiated, which is halved until no gradient overflows (Micikevicius et al. 2018,
    arXiv:1710.03740, section 3.2). The factor is found anew by every `Guarded`, of which each frame
    has its own: a frame does not depend on those painted before. bfloat16 needs no factor.

    low, exact: objectives; the second one takes over when a loss is not a number at any scale.
    """

    def __init__(self, low: Any, exact: Any, precision: str) -> None:
        self.low = low
        self.exact = exact
        self.scale = _FLOAT16_SCALE if precision == "mixed_float16" else 1.0

    def __call__(self, picture: Tensor, targets: Any) -> Any:
        """As an objective's: loss, gradient and terms."""
        while self.scale >= 1:
            evaluation = self.low(picture, targets, self.scale)
            loss, gradient, _ = evaluation
            if bool(ops.all(ops.isfinite(gradient))) and bool(ops.isfinite(loss)):
                return evaluation
            self.scale = self.scale / 2 if bool(ops.isfinite(loss)) else 0.0
        return self.exact(picture, targets)
