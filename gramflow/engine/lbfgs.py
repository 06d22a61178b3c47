"""L-BFGS whose vectors stay on the computing device, without copies to the host."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gramflow.base.arrays import Tensor
from gramflow.engine import ops
from gramflow.engine.backend import products, put_rows
from gramflow.engine.optimizers import Bounds, Curve, Function, Optimizer


class LBFGS(Optimizer):
    """L-BFGS in float32 where the network computes (Nocedal and Wright 2006, chapters 3 and 7)."""

    @dataclass(frozen=True)
    class Settings(Optimizer.Settings):
        """Number of stored steps and length of the first step."""

        memory: int = field(
            default=20,
            metadata={
                "doc": "past steps that shape the next one",
                "minimum": 1,
                "maximum": 1000,
            },
        )
        first_step: float = field(
            default=1.0,
            metadata={
                "doc": "root mean square change of the first step, in grey levels of 255",
                "exclusiveMinimum": 0,
            },
        )

    @property
    def held(self) -> int:
        """Bytes per pixel value: two float32 per stored step, and 18 more (measured)."""
        return 4 * (2 * self.settings.memory + 18)

    def descend(
        self,
        function: Function,
        start: Tensor,
        bounds: Bounds | None,
        evaluations: int,
        curve: Curve,
        kept: dict[str, Any],
    ) -> Tensor:
        """Minimise from `start` and return the last accepted point.

        The curvature history is put into `kept` for the next phase. Bounds are enforced by
        projection: steps are clipped, and values at a bound whose gradient points out of the box
        are left out of the step (Bertsekas 1982).
        """
        size = int(np.prod(start.shape))
        length = self.settings.first_step * np.sqrt(size)
        if "history" not in kept:
            kept["history"] = History(self.settings.memory, size, length)
        history = kept["history"]
        box = _Box(*((-np.inf, np.inf) if bounds is None else map(ops.convert_to_tensor, bounds)))
        at = box.clip(start)
        loss, gradient = _counted(function, at, curve)
        while curve.evaluations < evaluations and not curve.flat:
            free = box.free(at, gradient)
            direction = free * ops.reshape(history.direction(free * gradient), start.shape)
            here = Trial(0.0, loss, float(ops.sum(gradient * direction)), (at, gradient))
            line = _Line(function, curve, box, at, direction)
            found = strong_wolfe(line, here, min(20, evaluations - curve.evaluations))
            if found.step > 0:
                there, ahead = found.point
                history.add(there - at, free * (ahead - gradient))
                at, loss, gradient = there, found.loss, ahead
            elif history.order:
                history.forget()
            else:
                break
        return at


def _counted(function: Function, at: Tensor, curve: Curve) -> tuple[float, Tensor]:
    loss, gradient = function(at)
    curve.add(float(loss))
    return float(loss), gradient


@dataclass(frozen=True)
class _Box:
    """Box constraints: a lower and an upper bound, which may be infinite."""

    low: Any
    high: Any

    def clip(self, at: Tensor) -> Tensor:
        """The nearest point within the bounds."""
        return ops.clip(at, self.low, self.high)

    def free(self, at: Tensor, gradient: Tensor) -> Tensor:
        """Mask of free variables: 0 where a value is at a bound and descent would leave the box."""
        falling = (at > self.low) | (gradient < 0)
        rising = (at < self.high) | (gradient > 0)
        return ops.cast(falling & rising, "float32")


@dataclass(frozen=True)
class _Line:
    """A function along a search direction, projected onto the box."""

    function: Function
    curve: Curve
    box: _Box
    at: Tensor
    direction: Tensor

    def __call__(self, step: float) -> "Trial":
        """Evaluate at a step length; the trial's point is the pair of position and gradient."""
        straight = self.at + step * self.direction
        there = self.box.clip(straight)
        loss, gradient = _counted(self.function, there, self.curve)
        moving = ops.cast(there == straight, "float32")
        slope = float(ops.sum(gradient * self.direction * moving))
        return Trial(step, loss, slope, (there, gradient))


class History:
    """The last steps s and gradient changes y, and the L-BFGS direction that follows from them.

    One (2 * memory + 1, size) tensor holds all s, all y and the gradient. Inner products of new
    rows with all rows are copied to the host. There the two-loop recursion (Nocedal and Wright
    2006, algorithm 7.4) runs over inner products in place of vectors (Chen, Wang and Zhou 2014).
    Its result is one weight per row; the direction is the weighted sum of the rows. Three passes
    over the tensor make a direction.
    """

    def __init__(self, memory: int, size: int, first_length: float) -> None:
        self.memory, self.first_length = memory, first_length
        self.order: deque[int] = deque(maxlen=memory)
        self._next = 0
        self._rows = ops.zeros((2 * memory + 1, size), "float32")
        self._products = np.zeros((2 * memory + 1, 2 * memory + 1))

    def forget(self) -> None:
        """Discard the history: the next direction is steepest descent."""
        self.order.clear()

    def add(self, step: Tensor, change: Tensor) -> None:
        """Store a step and its change of gradient, unless their curvature s'y is too small."""
        slot = self._next
        if slot in self.order:
            self.order.remove(slot)
        self._put([slot, self.memory + slot], [step, change])
        curvature, square = self._products[self.memory + slot, [slot, self.memory + slot]]
        if curvature > 1e-10 * square:
            self.order.append(slot)
            self._next = (slot + 1) % self.memory

    def direction(self, gradient: Tensor) -> Tensor:
        """Return the descent direction, (size,).

        Without any history this is steepest descent, scaled to the length `first_length`.
        """
        self._put([2 * self.memory], [gradient])
        return ops.matmul(ops.convert_to_tensor(self._weights()[None], "float32"), self._rows)[0]

    def _weights(self) -> Any:
        """Weight of each row in the direction, by the two-loop recursion over inner products."""
        products, memory = self._products, self.memory
        weights, alphas = np.zeros(len(products)), {}
        weights[-1] = -1
        if not self.order:
            return weights * self.first_length / max(np.sqrt(products[-1, -1]), 1e-30)
        for slot in reversed(self.order):
            alphas[slot] = weights @ products[slot] / products[slot, memory + slot]
            weights[memory + slot] -= alphas[slot]
        last = self.order[-1]
        weights *= products[last, memory + last] / products[memory + last, memory + last]
        for slot in self.order:
            beta = weights @ products[memory + slot] / products[slot, memory + slot]
            weights[slot] += alphas[slot] - beta
        return weights

    def _put(self, rows: list[int], values: list[Tensor]) -> None:
        """Write rows in place (Keras has no operation for that) and update the inner products."""
        stacked = ops.stack([ops.reshape(value, (-1,)) for value in values])
        self._rows = put_rows(self._rows, rows, stacked)
        found = products(stacked, self._rows)
        self._products[rows] = found
        self._products[:, rows] = found.T


@dataclass(frozen=True)
class Trial:
    """An evaluation of a line search: step length, loss, directional derivative, and point."""

    step: float
    loss: float
    slope: float
    point: Any = None


LOWER, FLATTER = 1e-3, 0.9
"""Constants c1 (sufficient decrease) and c2 (curvature) of the Wolfe conditions, as in SciPy."""


def strong_wolfe(along: Callable[[float], Trial], start: Trial, trials: int) -> Trial:
    """Find a step that satisfies the strong Wolfe conditions.

    Nocedal and Wright 2006, algorithms 3.5 and 3.6. Step 1 is tried first. Without success in
    `trials` evaluations, returns the best trial so far, which may be `start`.
    """
    before, step = start, 1.0
    for left in range(trials - 1, -1, -1):
        trial = along(step)
        if not _lower(trial, start, before):
            return _zoom(along, start, before, trial, left)
        if abs(trial.slope) <= FLATTER * abs(start.slope):
            return trial
        if trial.slope >= 0:
            return _zoom(along, start, trial, before, left)
        width = trial.step - before.step
        step = _between(_cubic(before, trial), trial.step + 1.1 * width, trial.step + 4 * width)
        before = trial
    return before


def _lower(trial: Trial, start: Trial, than: Trial) -> bool:
    """Whether a trial has sufficient decrease and is below `than`; False if its loss is NaN."""
    return trial.loss <= start.loss + LOWER * trial.step * start.slope and (
        than is start or trial.loss < than.loss
    )


def _zoom(
    along: Callable[[float], Trial], start: Trial, low: Trial, high: Trial, trials: int
) -> Trial:
    """Shrink an interval that contains acceptable steps (algorithm 3.6).

    low: the end of the interval with the lower loss.
    """
    for _ in range(trials):
        width = abs(high.step - low.step)
        if low.step and width <= 0.1 * max(low.step, high.step):
            break
        least = min(low.step, high.step)
        step = _between(_cubic(low, high), least + 0.1 * width, least + 0.9 * width)
        trial = along(step)
        if not _lower(trial, start, low):
            high = trial
            continue
        if abs(trial.slope) <= FLATTER * abs(start.slope):
            return trial
        if trial.slope * (high.step - low.step) >= 0:
            high = low
        low = trial
    return low


def _cubic(one: Trial, two: Trial) -> float:
    """Minimiser of the cubic through two trials and their slopes (equation 3.59); may be NaN."""
    with np.errstate(all="ignore"):
        width = np.float64(two.step - one.step)
        mean = one.slope + two.slope - 3 * (two.loss - one.loss) / width
        root = np.sign(width) * np.sqrt(mean**2 - one.slope * two.slope)
        return float(
            two.step - width * (two.slope + root - mean) / (two.slope - one.slope + 2 * root)
        )


def _between(step: float, least: float, most: float) -> float:
    """Clip a step to its limits; the midpoint if the step is not finite."""
    return min(max(step, least), most) if np.isfinite(step) else (least + most) / 2
