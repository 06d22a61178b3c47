"""Adam with averaged iterates."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gramflow.base.arrays import Tensor
from gramflow.engine import ops
from gramflow.engine.optimizers import Bounds, Curve, Function, Optimizer


class Adam(Optimizer):
    """Adam (Kingma and Ba 2014), its result a running mean of the pictures on its way."""

    @dataclass(frozen=True)
    class Settings(Optimizer.Settings):
        """Step size and decay rates of the moments and of the averaged picture."""

        step: float = field(
            default=4.0,
            metadata={"doc": "change of a value by a step, in grey levels", "exclusiveMinimum": 0},
        )
        momentum: float = field(
            default=0.9,
            metadata={"doc": "share of the past in a step", "minimum": 0, "exclusiveMaximum": 1},
        )
        scaling: float = field(
            default=0.99,
            metadata={
                "doc": "share of the past in a value's mean squared gradient",
                "minimum": 0,
                "exclusiveMaximum": 1,
            },
        )
        averaging: float = field(
            default=0.95,
            metadata={
                "doc": "share of the past in the running mean; 0: the last picture alone",
                "minimum": 0,
                "exclusiveMaximum": 1,
            },
        )

    def descend(
        self,
        function: Function,
        start: Tensor,
        bounds: Bounds | None,
        evaluations: int,
        curve: Curve,
        kept: dict[str, Any],
    ) -> Tensor:
        """Return the running mean of the iterates; the last evaluation measures its loss."""
        given = self.settings
        low, high = (-np.inf, np.inf) if bounds is None else bounds
        zero = ops.zeros_like(start)
        at, mean, first, second, count = kept.get("state", (start, start, zero, zero, 0))
        while curve.evaluations < evaluations - 1:
            loss, gradient = function(at)
            curve.add(float(loss))
            if curve.flat:
                break
            count += 1
            first = _mixed(first, gradient, given.momentum, count)
            second = _mixed(second, ops.square(gradient), given.scaling, count)
            # far less than the paper's epsilon of 1e-8, which would exceed the losses' gradients
            at = ops.clip(at - given.step * first / ops.maximum(ops.sqrt(second), 1e-18), low, high)
            mean = _mixed(mean, at, given.averaging, count)
        kept["state"] = at, mean, first, second, count
        curve.add(float(function(mean)[0]))
        return mean


def _mixed(past: Tensor, present: Tensor, share: float, count: int) -> Tensor:
    """Update a bias-corrected exponential moving average with its `count`-th value.

    `share` is the decay rate. Folds the bias correction of Kingma and Ba 2014, section 3, into one
    recursion; the initial `past` has no influence on the result.
    """
    return past + (1 - share) / (1 - share**count) * (present - past)
