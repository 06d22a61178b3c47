"""L-BFGS whose memory and arithmetic stay on the device."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gramflow.base.arrays import Tensor
from gramflow.engine import ops
from gramflow.engine.optimizers import Bounds, Curve, Function, Optimizer


class LBFGS(Optimizer):
    """L-BFGS in float32 where the network computes (Nocedal and Wright 2006, chapters 3 and 7)."""

    @dataclass(frozen=True)
    class Settings(Optimizer.Settings):
        """The memory, and how far the first step goes."""

        memory: int = field(
            default=20,
            metadata={"doc": "past steps that shape the next one", "minimum": 1},
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
        """Two float32 per step in memory, and 18 more (measured)."""
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
        """The point of the lowest loss found; what was learned of the curvature is kept.

        Bounds are held by projection: steps are clipped, and values that a step would push
        over their bound are left out of it (Bertsekas 1982).
        """
        size = int(np.prod(start.shape))
        length = self.settings.first_step * np.sqrt(size)
        if "history" not in kept:
            kept["history"] = History(self.settings.memory, size, length)
        history = kept["history"]
        box = _Box(*((-np.inf, np.inf) if bounds is None else bounds))
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
    """The values between two bounds, which may be infinite."""

    low: Any
    high: Any

    def clip(self, at: Tensor) -> Tensor:
        """The nearest point within the bounds."""
        return ops.clip(at, self.low, self.high)

    def free(self, at: Tensor, gradient: Tensor) -> Tensor:
        """1 where a value may go against its gradient, 0 where a bound holds it."""
        falling = (at > self.low) | (gradient < 0)
        rising = (at < self.high) | (gradient > 0)
        return ops.cast(falling & rising, "float32")


@dataclass(frozen=True)
class _Line:
    """A function along a direction, bent where it meets the box."""

    function: Function
    curve: Curve
    box: _Box
    at: Tensor
    direction: Tensor

    def __call__(self, step: float) -> "Trial":
        """What is found there; the trial's point is the place and the gradient."""
        straight = self.at + step * self.direction
        there = self.box.clip(straight)
        loss, gradient = _counted(self.function, there, self.curve)
        moving = ops.cast(there == straight, "float32")
        slope = float(ops.sum(gradient * self.direction * moving))
        return Trial(step, loss, slope, (there, gradient))


class History:
    """The last steps s and changes of gradient y, and the direction that they suggest.

    Three passes over one (2 * memory + 1, size) tensor of all s, all y and the gradient make a
    direction: the products of its new rows with all rows go to the host, where the two-loop
    recursion (Nocedal and Wright, algorithm 7.4) runs over them in place of the vectors (Chen,
    Wang and Zhou 2014); the sum of the rows by the resulting weights is the direction.
    """

    def __init__(self, memory: int, size: int, first_length: float) -> None:
        self.memory, self.first_length = memory, first_length
        self.order: deque[int] = deque(maxlen=memory)
        self._next = 0
        self._rows = ops.zeros((2 * memory + 1, size), "float32")
        self._products = np.zeros((2 * memory + 1, 2 * memory + 1))

    def forget(self) -> None:
        """Start anew, with steepest descent."""
        self.order.clear()

    def add(self, step: Tensor, change: Tensor) -> None:
        """Remember a step and how it changed the gradient, unless it tells of no curvature."""
        slot = self._next
        if slot in self.order:
            self.order.remove(slot)
        self._put([slot, self.memory + slot], [step, change])
        curvature, square = self._products[self.memory + slot, [slot, self.memory + slot]]
        if curvature > 1e-10 * square:
            self.order.append(slot)
            self._next = (slot + 1) % self.memory

    def direction(self, gradient: Tensor) -> Tensor:
        """Downhill, of the shape (size,); the first one, with nothing known, of `first_length`."""
        self._put([2 * self.memory], [gradient])
        return ops.matmul(ops.convert_to_tensor(self._weights()[None], "float32"), self._rows)[0]

    def _weights(self) -> Any:
        """How much of each row the direction has."""
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
        """Write rows in place, for which Keras has no word, and take their products with all."""
        import tensorflow as tf

        stacked = ops.stack([ops.reshape(value, (-1,)) for value in values])
        self._rows = tf.raw_ops.InplaceUpdate(x=self._rows, i=rows, v=stacked)
        products = tf.matmul(stacked, self._rows, transpose_b=True).numpy()
        self._products[rows] = products
        self._products[:, rows] = products.T


@dataclass(frozen=True)
class Trial:
    """What was found at a step along a direction: the loss, its slope, and the point itself."""

    step: float
    loss: float
    slope: float
    point: Any = None


LOWER, FLATTER = 1e-3, 0.9
"""How much lower and flatter a step has to make the loss: SciPy's numbers."""


def strong_wolfe(along: Callable[[float], Trial], start: Trial, trials: int) -> Trial:
    """A step that lowers the loss enough and flattens its slope enough.

    Nocedal and Wright 2006, algorithms 3.5 and 3.6.
    Tries step 1 first. Without success in `trials`: the lowest trial so far, perhaps `start`.
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
    """Enough below the start, and below another trial; a loss that is not a number is not."""
    return trial.loss <= start.loss + LOWER * trial.step * start.slope and (
        than is start or trial.loss < than.loss
    )


def _zoom(
    along: Callable[[float], Trial], start: Trial, low: Trial, high: Trial, trials: int
) -> Trial:
    """Narrow an interval that holds good steps; `low` is the lower one of its ends."""
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
    """The minimum of the cubic through two trials and their slopes (equation 3.59); may be nan."""
    with np.errstate(all="ignore"):
        width = np.float64(two.step - one.step)
        mean = one.slope + two.slope - 3 * (two.loss - one.loss) / width
        root = np.sign(width) * np.sqrt(mean**2 - one.slope * two.slope)
        return float(
            two.step - width * (two.slope + root - mean) / (two.slope - one.slope + 2 * root)
        )


def _between(step: float, least: float, most: float) -> float:
    """The step within its limits; halfway, if it is not a number."""
    return min(max(step, least), most) if np.isfinite(step) else (least + most) / 2
