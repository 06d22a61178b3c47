"""Optimizers: how the picture is changed until the loss is low."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gramflow import ops
from gramflow.engine.variables import Frequencies

Function = Callable[[NDArray[np.float32]], tuple[Any, Any]]
"""Loss (a scalar tensor) and gradient (a tensor of the picture's shape) at a picture."""
Bounds = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Least and greatest values, each of a shape that broadcasts to the picture's."""


@dataclass
class Curve:
    """The loss against the evaluations of one optimisation, and when it is time to end.

    epoch: evaluations between two points. stop: the least relative progress an epoch must make.
    points: evaluations made and the lowest loss so far; after the first and after every epoch.
    """

    epoch: int
    stop: float
    on_epoch: Callable[["Curve"], None] = lambda _: None
    evaluations: int = 0
    lowest: float = np.inf
    points: list[tuple[int, float]] = field(default_factory=list)

    def add(self, loss: float) -> None:
        """Count one evaluation."""
        self.evaluations += 1
        self.lowest = min(self.lowest, loss)
        if self.evaluations == 1 or self.evaluations % self.epoch == 0:
            self.close()
            self.on_epoch(self)

    def close(self) -> None:
        """Note where the curve is, if that is not its last point already."""
        if not self.points or self.points[-1][0] != self.evaluations:
            self.points.append((self.evaluations, self.lowest))

    @property
    def flat(self) -> bool:
        """Whether the last epoch brought less than `stop`, relatively."""
        if self.stop == 0 or len(self.points) < 2:
            return False
        (_, before), (_, after) = self.points[-2:]
        return before - after < self.stop * before


class Optimizer:
    """The base of every optimizer."""

    kind: ClassVar[str] = "optimizers"

    @dataclass(frozen=True)
    class Settings:
        """What every optimizer has: the variables it works on (see `Frequencies`)."""

        frequency_exponent: float = field(
            default=0.0,
            metadata={
                "doc": "how much broad shapes are favoured over single pixels; 0: not at all",
                "minimum": 0,
            },
        )
        frequency_cutoff: float = field(
            default=0.005,
            metadata={
                "doc": "cycles per pixel below which all frequencies count the same",
                "exclusiveMinimum": 0,
            },
        )

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @property
    def held(self) -> int:
        """Bytes that it keeps per value of the picture, as far as they are known."""
        return 0

    def minimize(
        self,
        function: Function,
        start: NDArray[np.float32],
        bounds: Bounds | None,
        evaluations: int,
        curve: Curve,
    ) -> NDArray[np.float32]:
        """The picture, of the shape of `start`, after about `evaluations` evaluations.

        Every evaluation is added to `curve`; the optimizer ends early when the curve is flat.
        `bounds` hold for pixels only: with frequencies as variables there are none.
        """
        if self.settings.frequency_exponent == 0:
            return self.descend(function, start, bounds, evaluations, curve)
        space = Frequencies(start, self.settings.frequency_exponent, self.settings.frequency_cutoff)

        def transformed(variables: NDArray[np.float32]) -> tuple[Any, Any]:
            loss, gradient = function(space.picture(variables))
            return loss, space.gradient(ops.convert_to_numpy(gradient))

        zero = np.zeros_like(start)
        return space.picture(self.descend(transformed, zero, None, evaluations, curve))

    def descend(
        self,
        function: Function,
        start: NDArray[np.float32],
        bounds: Bounds | None,
        evaluations: int,
        curve: Curve,
    ) -> NDArray[np.float32]:
        """The algorithm itself, over whatever the variables are."""
        raise NotImplementedError


class ScipyLBFGS(Optimizer):
    """SciPy's L-BFGS-B (Byrd et al. 1995), in float64 on the CPU."""

    @dataclass(frozen=True)
    class Settings(Optimizer.Settings):
        """The memory, and the seed's way to use it."""

        memory: int = field(
            default=20,
            metadata={"doc": "past steps that shape the next one", "minimum": 1},
        )
        restart: bool = field(
            default=False, metadata={"doc": "forget them after every epoch, as the seed does"}
        )

    @property
    def held(self) -> int:
        """Two vectors of float64 per step in memory, and about 15 more."""
        return 8 * (2 * self.settings.memory + 15)

    def descend(
        self,
        function: Function,
        start: NDArray[np.float32],
        bounds: Bounds | None,
        evaluations: int,
        curve: Curve,
    ) -> NDArray[np.float32]:
        """The last line search may go a few evaluations over the limit."""
        from scipy.optimize import fmin_l_bfgs_b

        def evaluate(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            loss, gradient = function(flat.astype(np.float32).reshape(start.shape))
            curve.add(float(loss))
            return float(loss), ops.convert_to_numpy(gradient).astype(np.float64).ravel()

        def check(_: NDArray[np.float64]) -> None:
            if curve.flat:
                raise StopIteration

        flat = start.astype(np.float64).ravel()
        limits = None if bounds is None else _flat_bounds(bounds, start.shape)
        restart = self.settings.restart
        for _ in range(-(-evaluations // curve.epoch) if restart else 1):
            flat, _, _ = fmin_l_bfgs_b(
                evaluate,
                flat,
                m=self.settings.memory,
                bounds=limits,
                maxfun=curve.epoch if restart else evaluations,
                maxiter=evaluations,
                factr=0,
                pgtol=0,
                callback=check,
            )
            if curve.flat:
                break
        return flat.astype(np.float32).reshape(start.shape)


def _flat_bounds(bounds: Bounds, shape: tuple[int, ...]) -> list[tuple[float, float]]:
    low, high = (np.broadcast_to(bound, shape).ravel().tolist() for bound in bounds)
    return list(zip(low, high, strict=True))
