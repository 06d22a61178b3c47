"""Speed and loss by number format: `python -m benchmarks.precision [width [evaluations]]`.

The standard look with VGG-19. The first table times one loss and gradient in TensorFlow and, if it
is installed, in PyTorch with the same weights, layers and losses (their values are printed for
comparison): the best of several rounds, in turns. The second table has frames painted in each of
the look's precisions: the final loss relative to float32's, and the time. Prints Markdown.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.material import need
from benchmarks.problems import alley, config_of, neighbour, room, stylizer_of, weights_of
from gramflow.base.arrays import Picture
from gramflow.engine import ops
from gramflow.engine.backend import prepare
from gramflow.engine.networks import in_precision
from gramflow.engine.objective import Objective
from gramflow.engine.optimize import Optimize
from gramflow.engine.optimizers import Curve
from gramflow.engine.precision import chosen
from gramflow.engine.steadiness import Neighbour
from gramflow.media.pictures import resize
from gramflow.painting.setup import make_flow

NETWORK = "vgg19"
LOW = "mixed_bfloat16"
PRECISIONS = ("float32", LOW, "auto")
SIZES = ((224, 224), (640, 360))
ROUNDS = 5
TERMS = ("content", "gram", "tv")
Evaluate = Callable[[], float]


def stylizer(width: int, height: int, **look: Any) -> Optimize:
    """Stylizer of the standard look with VGG-19, with the terms, pooling and padding that
    `pytorch` implements."""
    losses = {"gram": {"weight": 20}, "moments": {"weight": 0}, "gamut": {"weight": 0}}
    layers = {"pooling": "average", "padding": "zeros"}
    look |= {"width": width, "height": height, "losses": losses | look.get("losses", {})} | layers
    made = stylizer_of(config_of("night", look, NETWORK))
    assert isinstance(made, Optimize)
    return made


def evaluations(frame: Picture) -> dict[str, Evaluate]:
    """Functions by name that compute one loss and gradient of a frame and return the loss."""
    height, width = frame.shape[:2]
    made = stylizer(width, height, losses={"temporal": {"weight": 0}})
    extractor, losses = made.objective.network, made.objective.losses
    at = made.palette.network.preprocess(frame)
    # the content target is the frame upside down: with the frame itself the term would be 0
    targets = made.styles[width] | made.objective.targets(at[:, ::-1], "frame")

    def tensorflow(objective: Objective) -> Evaluate:
        def evaluate() -> float:
            loss, gradient, _ = objective(at, targets)
            ops.convert_to_numpy(gradient)
            return float(loss)

        return evaluate

    found = {
        "TensorFlow float32": tensorflow(made.objective),
        f"TensorFlow {LOW}": tensorflow(Objective(in_precision(extractor, LOW), losses)),
    }
    try:
        import torch
    except ImportError:
        return found
    torch.set_num_threads(2)
    for name, kind in {"PyTorch float32": None, "PyTorch bfloat16": torch.bfloat16}.items():
        found[name] = pytorch(made, at, targets, kind)
    return found


def pytorch(made: Optimize, at: Any, targets: Any, kind: Any) -> Evaluate:
    """The same evaluation in PyTorch. kind: dtype of its convolutions, None for float32."""
    import torch

    losses = made.objective.losses
    layers = made.objective.network.layers[1:]
    kernels = {
        layer.name: [
            torch.tensor(np.ascontiguousarray(np.transpose(kernel, (3, 2, 0, 1)))),
            torch.tensor(bias),
        ]
        for layer in layers
        if layer.get_weights()
        for kernel, bias in [layer.get_weights()]
    }
    content = {
        layer: torch.tensor(np.moveaxis(ops.convert_to_numpy(value), -1, 1))
        for layer, value in targets["content"].items()
    }
    grams = {
        layer: torch.tensor(ops.convert_to_numpy(value)) for layer, value in targets["gram"].items()
    }
    start = np.ascontiguousarray(np.moveaxis(at, -1, 1))

    def features(picture: Any) -> dict[str, Any]:
        values, found = picture, {}
        for layer in layers:
            if layer.name in kernels:
                kernel, bias = kernels[layer.name]
                values = torch.relu(torch.nn.functional.conv2d(values, kernel, bias, padding=1))
            else:
                values = torch.nn.functional.avg_pool2d(values, 2)
            found[layer.name] = values
        return found

    def total(picture: Any, found: dict[str, Any]) -> Any:
        terms: dict[str, Any] = dict.fromkeys(TERMS, 0.0)
        for layer, weight in losses["content"].settings.layers.items():
            difference = found[layer].float() - content[layer]
            terms["content"] += weight * (difference.square().sum() / content[layer].square().sum())
        for layer, weight in losses["gram"].settings.layers.items():
            rows = found[layer].float().flatten(2)[0]
            gram = rows @ rows.T / rows.numel()
            goal = grams[layer]
            terms["gram"] += weight * ((gram - goal).square().mean() / goal.square().mean())
        terms["tv"] = sum(picture.diff(dim=axis).square().mean() for axis in (2, 3))
        return sum(losses[name].settings.weight * term for name, term in terms.items())

    def evaluate() -> float:
        picture = torch.tensor(start, requires_grad=True)
        with torch.autocast("cpu", dtype=kind or torch.bfloat16, enabled=kind is not None):
            found = features(picture)
        loss = total(picture, found)
        loss.backward()
        return loss.item()

    return evaluate


def timed(frame: Picture) -> None:
    """Print a row per function: loss, least seconds, and speed relative to TensorFlow's float32."""
    ways = evaluations(frame)
    losses = {name: way() for name, way in ways.items()}  # traces the functions before timing
    seconds = dict.fromkeys(ways, np.inf)
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name] = min(seconds[name], time.perf_counter() - started)
    height, width = frame.shape[:2]
    base = seconds["TensorFlow float32"]
    for name in ways:
        print(
            f"| {width}x{height} | {name} | {losses[name]:.5g} | {seconds[name]:.3f} "
            f"| {base / seconds[name]:.2f} |",
            flush=True,
        )


def painted(name: str, frame: Picture, neighbours: dict[int, Neighbour], count: int) -> None:
    """Print a row per precision: a frame's final loss and its time."""
    height, width = frame.shape[:2]
    exact, base = 0.0, 0.0
    for precision in PRECISIONS:
        made = stylizer(width, height, precision=precision, evaluations=count, stop=0)
        made.paint(frame, neighbours, 0, _at_once)  # traces the functions before timing
        started = time.perf_counter()
        result = made.paint(frame, neighbours, 0, lambda _: None)
        seconds = time.perf_counter() - started
        loss = result.losses[-1][1]
        exact, base = exact or loss, base or seconds
        print(
            f"| {name} | {precision} | {result.evaluations} | {loss:.5g} | {loss / exact - 1:+.2%} "
            f"| {seconds:.1f} | {base / seconds:.2f} |",
            flush=True,
        )


def _at_once(curve: Curve) -> None:
    curve.stop = 2  # ends the phase: no epoch can lower the loss by 200%


def frames_of(film: Callable[[int], list[Picture]], width: int, aspect: float) -> list[Picture]:
    """The first two frames of a video at the width, with an even height."""
    return [resize(frame, width, 2 * round(width / aspect / 2)) for frame in film(2)]


def main(width: int = 224, count: int = 120) -> None:
    """Print both tables row by row."""
    need()
    prepare(2)
    print(f"{NETWORK}, weights: {weights_of(NETWORK).source}; auto is {chosen('auto')} here.\n")
    print("| size | one evaluation | loss | seconds | times as fast |")
    print("| --- " * 5 + "|", flush=True)
    for size in SIZES:
        timed(resize(room(1)[0], *size))
    print("\n| frame | precision | evaluations | final loss | beyond | seconds | times as fast |")
    print("| --- " * 7 + "|", flush=True)
    for name, film, aspect in (("room", room, 4 / 3), ("alley", alley, 1024 / 436)):
        one, two = frames_of(film, width, aspect)
        painted(f"{name}, first", one, {}, count)
        look = {"evaluations": count // 2, "stop": 0, "precision": "float32"}
        before = stylizer(*one.shape[1::-1], **look).paint(one, {}, 0, lambda _: None)
        config = config_of("night", {})
        flow = make_flow(config, config.looks["default"])
        painted(f"{name}, second", two, {1: neighbour(flow, two, one, before)}, count)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
