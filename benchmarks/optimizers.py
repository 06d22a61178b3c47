"""Evaluations that each optimizer needs: `python -m benchmarks.optimizers [width [evaluations]]`.

Five problems of the standard look with VGG-19. The goal of each is SciPy's loss after the given
number of evaluations, plus 0.5%; every method may make 1.5 times as many. All methods work on the
same frequency variables, except Adam, which is better over pixels. PyTorch's L-BFGS is measured if
PyTorch is installed. A second table has the methods' own time per evaluation at 1280x720, without
loss and gradient. Prints Markdown; the loss curves are written to benchmarks/results/ as a plot and
as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks.material import RESULTS, need
from benchmarks.problems import Problem, alley, problem, room
from gramflow.base.arrays import Tensor
from gramflow.engine import ops
from gramflow.engine.adam import Adam
from gramflow.engine.backend import prepare
from gramflow.engine.lbfgs import LBFGS
from gramflow.engine.optimizers import Bounds, Curve, Function, Optimizer, Phase, ScipyLBFGS


class TorchLBFGS(Optimizer):
    """PyTorch's L-BFGS with its strong-Wolfe line search."""

    @dataclass(frozen=True)
    class Settings(Optimizer.Settings):
        """Number of stored steps, the same as SciPy's."""

        memory: int = 20

    def descend(
        self,
        function: Function,
        start: Tensor,
        bounds: Bounds | None,
        evaluations: int,
        curve: Curve,
        kept: dict[str, Any],
    ) -> Tensor:
        """Run PyTorch's L-BFGS, with loss and gradient converted through NumPy arrays."""
        import torch

        torch.set_num_threads(2)
        at = torch.tensor(ops.convert_to_numpy(start), requires_grad=True)
        method = torch.optim.LBFGS(
            [at],
            max_iter=evaluations,
            max_eval=evaluations,
            history_size=self.settings.memory,
            line_search_fn="strong_wolfe",
            tolerance_grad=0,
            tolerance_change=0,
        )

        def closure() -> float:
            loss, gradient = function(ops.convert_to_tensor(at.detach().numpy()))
            curve.add(float(loss))
            at.grad = torch.tensor(ops.convert_to_numpy(gradient))
            return float(loss)

        method.step(closure)
        return ops.convert_to_tensor(at.detach().numpy())


METHODS: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {
    "SciPy": (ScipyLBFGS, {"first_step": None}),
    "scipy-lbfgs": (ScipyLBFGS, {}),
    "lbfgs": (LBFGS, {}),
    "adam": (Adam, {"frequency_exponent": 0.0}),
}
if find_spec("torch"):
    METHODS["PyTorch"] = (TorchLBFGS, {})


def method_of(name: str, **changes: Any) -> Optimizer:
    """Make an optimizer of `METHODS`, over frequencies unless its settings say otherwise."""
    cls, settings = METHODS[name]
    return cls(cls.Settings(**{"frequency_exponent": 0.5, **settings, **changes}))


def problems(width: int) -> list[Callable[[], Problem]]:
    """Factories of the problems; the names say video, style and start."""
    look: dict[str, Any] = {"preset": "standard", "width": width}
    wide, high = (2 * round(width * share / 2) for share in (218 / 512, 3 / 4))
    content, noise = look | {"start": "content"}, look | {"start": "noise"}
    return [
        lambda: problem("room, night, content", room, "night", content, high),
        lambda: problem("room, nude, content", room, "nude", content, high),
        lambda: problem("room, night, noise", room, "night", noise, high),
        lambda: problem("room, nude, warped", room, "nude", look, high, after=60),
        lambda: problem("alley, night, warped", alley, "night", look, wide, after=60),
    ]


def losses_of(method: Optimizer, task: Problem, evaluations: int) -> list[float]:
    """Minimise a problem and return the lowest loss so far after each evaluation."""
    losses = []

    def function(at: Tensor) -> tuple[Tensor, Tensor]:
        loss, gradient = task.function(at)
        losses.append(float(loss))
        return loss, gradient

    method.minimize([Phase(function, evaluations)], task.start, None, Curve(evaluations, 0.0))
    return np.minimum.accumulate(losses).tolist()


def needed(losses: list[float], goal: float) -> int | None:
    """Number of evaluations until the loss reaches the goal; None if it never does."""
    return next((count for count, loss in enumerate(losses, 1) if loss <= goal), None)


def row(name: str, curves: dict[str, list[float]], evaluations: int) -> str:
    """A row of the table: evaluations to the goal, or how far above it each method ended."""
    goal = 1.005 * curves["SciPy"][evaluations - 1]
    cells = []
    for losses in curves.values():
        count = needed(losses, goal)
        cells.append(f"{losses[-1] / goal - 1:+.1%}" if count is None else str(count))
    return f"| {name} | {goal:.4f} | {' | '.join(cells)} |"


def save(curves: dict[str, dict[str, list[float]]]) -> None:
    """Write the loss curves as JSON and as a plot with a panel per problem."""
    RESULTS.mkdir(exist_ok=True)
    rounded = {
        name: {
            method: [float(f"{loss:.5g}") for loss in losses] for method, losses in methods.items()
        }
        for name, methods in curves.items()
    }
    (RESULTS / "optimizers.json").write_text(json.dumps(rounded) + "\n")
    figure = Figure(figsize=(4 * len(curves), 3.5), layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, (name, methods) in zip(panels, curves.items(), strict=True):
        for method, losses in methods.items():
            axes.loglog(range(1, len(losses) + 1), losses, label=method)
        axes.set(title=name, xlabel="evaluations")
    figure.axes[0].set_ylabel("lowest loss")
    figure.axes[0].legend()
    figure.savefig(RESULTS / "optimizers.png", dpi=80)


def own_cost(width: int = 1280, height: int = 720, evaluations: int = 25) -> None:
    """Print the seconds of one loss and gradient, and the methods' own seconds per evaluation."""
    look = {"preset": "standard", "width": width, "start": "content"}
    task = problem("", room, "night", look, height)
    times = []
    for _ in range(2):  # `problem` has traced the function already
        started = time.perf_counter()
        float(task.function(ops.convert_to_tensor(task.start))[0])
        times.append(time.perf_counter() - started)
    whole = min(times)
    print(f"\nOne loss and gradient at {width}x{height}: {whole:.2f} s. Beyond it, each takes:\n")
    print("| method | over pixels | over frequencies |\n| --- | --- | --- |")
    curvature = ops.convert_to_tensor(np.geomspace(1, 1e4, task.start.size, dtype=np.float32))
    curvature = ops.reshape(curvature, task.start.shape)
    for name in METHODS:
        seconds = [
            _beyond(method_of(name, frequency_exponent=exponent), task, curvature, evaluations)
            for exponent in (0.0, 0.5)
        ]
        cells = " | ".join(f"{value:.3f} s, {value / whole:.1%}" for value in seconds)
        print(f"| {name} | {cells} |", flush=True)


def _beyond(method: Optimizer, task: Problem, curvature: Tensor, evaluations: int) -> float:
    """Seconds per evaluation that an optimizer spends itself, on a cheap quadratic function."""
    inside = 0.0

    def function(at: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal inside
        started = time.perf_counter()
        gradient = curvature * at
        loss = ops.sum(gradient * at) / 2
        float(loss)
        inside += time.perf_counter() - started
        return loss, gradient

    curve = Curve(evaluations, 0.0)
    started = time.perf_counter()
    method.minimize([Phase(function, evaluations)], task.start, None, curve)
    return (time.perf_counter() - started - inside) / curve.evaluations


def main(width: int = 160, evaluations: int = 80) -> None:
    """Print both tables row by row."""
    need()
    prepare(2)
    print(
        f"Evaluations to SciPy's loss after {evaluations} plus 0.5%, {width} pixels wide; a "
        f"percentage: how far above it after {evaluations * 3 // 2}.\n"
    )
    print("| problem | goal | " + " | ".join(METHODS) + " |")
    print("| --- |" + " --- |" * (len(METHODS) + 1), flush=True)
    curves = {}
    for make in problems(width):
        task = make()
        curves[task.name] = {
            name: losses_of(method_of(name), task, evaluations * 3 // 2) for name in METHODS
        }
        print(row(task.name, curves[task.name], evaluations), flush=True)
        save(curves)
    own_cost()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
