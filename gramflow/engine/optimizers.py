"""Optimizers: iterative minimisation of the loss over the picture's values or frequencies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Tensor
from gramflow.engine import ops
from gramflow.engine.variables import Frequencies

Function = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Maps a picture to its loss, a scalar, and gradient, of its shape; all float32 tensors."""
Bounds = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Lower and upper bounds, each of a shape that broadcasts to the picture's."""


@dataclass(frozen=True)
class Phase:
    """A part of an optimisation: the function to minimise and its approximate evaluations."""

    function: Function
    evaluations: int


@dataclass
class Curve:
    """Records the loss during one optimisation and decides when to stop.

    epoch: number of evaluations between two points of a phase. stop: least relative decrease of the
        loss that an epoch must bring; 0 never stops.
    on_epoch: called with the curve after the first evaluation of a phase and after every epoch.
    points: pairs of evaluations made and lowest loss of the phase so far, recorded after a phase's
        first and last evaluation and after every epoch.
    """

    epoch: int
    stop: float
    on_epoch: Callable[["Curve"], None] = lambda _: None
    evaluations: int = 0
    lowest: float = np.inf
    points: list[tuple[int, float]] = field(default_factory=list)
    _begun: int = 0
    _earlier: int = 0

    def begin(self) -> None:
        """Start a phase. The lowest loss is reset: losses of different phases do not compare."""
        self.close()
        self.lowest = np.inf
        self._begun, self._earlier = self.evaluations, len(self.points)

    def add(self, loss: float) -> None:
        """Record one evaluation; at the end of an epoch add a point and call `on_epoch`."""
        self.evaluations += 1
        self.lowest = min(self.lowest, loss)
        made = self.evaluations - self._begun
        if made == 1 or made % self.epoch == 0:
            self.close()
            self.on_epoch(self)

    def close(self) -> None:
        """Add a point for the current evaluation, if there is none yet."""
        if self.evaluations and (not self.points or self.points[-1][0] != self.evaluations):
            self.points.append((self.evaluations, self.lowest))

    @property
    def flat(self) -> bool:
        """Whether the last epoch decreased the loss by less than the fraction `stop`."""
        if self.stop == 0 or len(self.points) - self._earlier < 2:
            return False
        (_, before), (_, after) = self.points[-2:]
        return before - after < self.stop * before


class Optimizer:
    """The base of every optimizer."""

    kind: ClassVar[str] = "optimizers"

    @dataclass(frozen=True)
    class Settings:
        """Settings of every optimizer: the variables that it changes (see `Frequencies`)."""

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
        """Bytes of optimizer state per pixel value; here for one without a history of steps."""
        return 44

    def minimize(
        self,
        phases: Sequence[Phase],
        start: NDArray[np.float32],
        bounds: Bounds | None,
        curve: Curve,
    ) -> NDArray[np.float32]:
        """Minimise from `start`, (1, height, width, 3), and return the picture after all phases.

        phases: approximations of one function, each more exact than the one before, for example in
        low precision and then in float32. Each continues where the last one ended.
        Every evaluation is added to `curve`; a phase ends early when the curve is flat.
        `bounds` are applied to pixels only, and ignored when frequencies are the variables.
        """
        picture = ops.convert_to_tensor(start, "float32")
        exponent, cutoff = self.settings.frequency_exponent, self.settings.frequency_cutoff
        if exponent == 0:
            return ops.convert_to_numpy(self._descend_all(phases, picture, bounds, curve))
        space = Frequencies(picture, exponent, cutoff)
        phases = [replace(phase, function=_over(space, phase.function)) for phase in phases]
        found = self._descend_all(phases, ops.zeros_like(picture), None, curve)
        return ops.convert_to_numpy(space.picture(found))

    def _descend_all(
        self, phases: Sequence[Phase], at: Tensor, bounds: Bounds | None, curve: Curve
    ) -> Tensor:
        kept: dict[str, Any] = {}
        for phase in phases:
            curve.begin()
            end = curve.evaluations + phase.evaluations
            at = self.descend(phase.function, at, bounds, end, curve, kept)
        return at

    def descend(
        self,
        function: Function,
        start: Tensor,
        bounds: Bounds | None,
        evaluations: int,
        curve: Curve,
        kept: dict[str, Any],
    ) -> Tensor:
        """Run the algorithm of a subclass for one phase and return the final variables.

        function, start and the result are in terms of the variables: pixels or frequencies.
        evaluations: how many the curve should have at the end, earlier phases included. kept: state
        that the optimizer passes on to the next phase of the same picture; empty in the first.
        """
        raise NotImplementedError


def _over(space: Frequencies, function: Function) -> Function:
    """Express a function of pictures as a function of frequency variables."""

    def transformed(variables: Tensor) -> tuple[Tensor, Tensor]:
        loss, gradient = function(space.picture(variables))
        return loss, space.gradient(gradient)

    return transformed


class ScipyLBFGS(Optimizer):
    """SciPy's L-BFGS-B (Byrd et al. 1995), in float64 on the CPU."""

    @dataclass(frozen=True)
    class Settings(Optimizer.Settings):
        """Number of stored steps, length of the first step, and restarts."""

        memory: int = field(
            default=20,
            metadata={
                "doc": "past steps that shape the next one",
                "minimum": 1,
                "maximum": 1000,
            },
        )
        first_step: float | None = field(
            default=1.0,
            metadata={
                "doc": "root mean square change of the first step, in grey levels of 255; null: "
                "all values together change by 1",
                "exclusiveMinimum": 0,
            },
        )
        restart: bool = field(
            default=False, metadata={"doc": "forget them after every epoch, as the seed does"}
        )

    @property
    def held(self) -> int:
        """Bytes per pixel value: two float64 per stored step, and 22 more (measured)."""
        return 8 * (2 * self.settings.memory + 22)

    def descend(
        self,
        function: Function,
        start: Tensor,
        bounds: Bounds | None,
        evaluations: int,
        curve: Curve,
        kept: dict[str, Any],
    ) -> Tensor:
        """Run SciPy's L-BFGS-B. The last line search may exceed the limit by a few evaluations."""
        from scipy.optimize import fmin_l_bfgs_b

        # SciPy's first step has length 1 in its own variables, which are divided by `unit`
        first = self.settings.first_step
        unit = 1.0 if first is None else first * np.sqrt(np.prod(start.shape))

        def picture(flat: NDArray[np.float64]) -> NDArray[np.float32]:
            return (unit * flat).astype(np.float32).reshape(start.shape)

        def evaluate(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            loss, gradient = function(ops.convert_to_tensor(picture(flat)))
            curve.add(float(loss))
            return float(loss), unit * ops.convert_to_numpy(gradient).astype(np.float64).ravel()

        def check(_: NDArray[np.float64]) -> None:
            if curve.flat:
                raise StopIteration

        flat = ops.convert_to_numpy(start).astype(np.float64).ravel() / unit
        limits = None if bounds is None else _flat_bounds(bounds, start.shape, unit)
        left = evaluations - curve.evaluations
        epoch = curve.epoch if self.settings.restart else left
        for begun in range(0, left, epoch):
            flat, _, _ = fmin_l_bfgs_b(
                evaluate,
                flat,
                m=self.settings.memory,
                bounds=limits,
                maxfun=min(epoch, left - begun),
                maxiter=left,
                factr=0,
                pgtol=0,
                callback=check,
            )
            if curve.flat:
                break
        return ops.convert_to_tensor(picture(flat))


def _flat_bounds(bounds: Bounds, shape: tuple[int, ...], unit: float) -> list[tuple[float, float]]:
    low, high = ((np.broadcast_to(bound, shape).ravel() / unit).tolist() for bound in bounds)
    return list(zip(low, high, strict=True))
