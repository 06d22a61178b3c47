"""Peak memory and time of one evaluation, whole and in tiles: `python -m benchmarks.memory`.

VGG-16 with random weights and the loss terms of the preset `standard`, for 16:9 pictures of 224 to
1080 lines, each in a process of its own. Pictures that are estimated to need more memory than the
machine has are left out. Prints Markdown; the plot is written to benchmarks/results/.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.material import RESULTS

LINES = (224, 360, 480, 720, 1080)
LIMITS = {"whole": None, "2 GiB": 2, "4 GiB": 4, "8 GiB": 8}
GIB = 2**30


def measure(lines: int, limit: int | None) -> dict[str, Any]:
    """Run one evaluation of loss and gradient in this process.

    lines: the picture's height. limit: of memory, in GiB; None for any. Returns the estimated and
    the peak memory in bytes, the seconds, and the number of tiles. Empty if no tile fits the limit,
    or if the machine has too little memory.
    """
    from gramflow.engine.backend import prepare

    prepare(0)
    import numpy as np

    from gramflow.base.errors import GramflowError
    from gramflow.engine.networks import build, displayable
    from gramflow.engine.objective import Objective
    from gramflow.engine.tiling import Plan
    from gramflow.painting.setup import make_losses, make_network
    from gramflow.settings.config import load

    file = [__file__]
    config = load({"videos": {"v": {"path": file[0]}}, "styles": {"s": {"images": file}}})
    look, network = config.looks["default"], make_network(config, config.network)
    losses = make_losses(config, look)
    layers = sorted({layer for loss in losses.values() for layer in loss.layers})
    extractor = build(network, None, layers, look.pooling, look.padding)
    plan = Plan(extractor, losses, None if limit is None else limit * GIB)
    height, width = lines, 2 * round(lines * 16 / 9 / 2)
    try:
        tiles = plan.tiles(height, width)
    except GramflowError:
        return {}
    estimate = plan.estimate(height, width, max(tile.pixels for tile in tiles))
    if estimate > machine():
        return {}
    objective = Objective(extractor, losses, plan)
    pictures = np.random.default_rng(0).uniform(-100, 100, (2, 1, height, width, 3))
    picture, content = pictures.astype(np.float32)
    del pictures
    targets = objective.targets(content, "frame") | objective.targets(content[:, :224], "style")
    trust = np.ones((1, height, width, 1), np.float32)
    targets["temporal"] = {"pictures": content, "trust": trust}
    black, white = displayable(network)
    targets["gamut"] = {"black": black, "white": white}
    started = time.monotonic()
    float(objective(picture, targets)[0])
    seconds = time.monotonic() - started
    return {"estimate": estimate, "peak": peak(), "seconds": seconds, "tiles": len(tiles)}


def machine() -> int:
    """Bytes of memory that painting may use on this machine."""
    from gramflow.engine.memory import limit

    return limit(None)


def peak() -> int:
    """Peak resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def apart(lines: int, limit: int | None) -> dict[str, Any]:
    """Run `measure` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", json.dumps([lines, limit])]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the table row by row and draw the plot."""
    RESULTS.mkdir(exist_ok=True)
    print("| lines | limit | tiles | estimate, GiB | peak, GiB | seconds |")
    print("| --- " * 6 + "|", flush=True)
    points: dict[str, list[tuple[int, float]]] = {name: [] for name in LIMITS}
    for lines in LINES:
        for name, limit in LIMITS.items():
            found = apart(lines, limit)
            if not found or (limit is not None and found["tiles"] == 1):
                continue
            sizes = f"{found['estimate'] / GIB:.2f} | {found['peak'] / GIB:.2f}"
            print(
                f"| {lines} | {name} | {found['tiles']} | {sizes} | {found['seconds']:.1f} |",
                flush=True,
            )
            points[name].append((lines, found["peak"] / GIB))
    draw(points)


def draw(points: dict[str, list[tuple[int, float]]]) -> None:
    """Plot peak memory against the number of lines."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, curve in points.items():
        axes.plot(*zip(*curve, strict=True), "o-", label=name) if curve else None
    axes.set(xlabel="lines", ylabel="peak memory, GiB", ylim=(0, None))
    axes.legend()
    figure.savefig(RESULTS / "memory.png", dpi=120)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(json.dumps(measure(*json.loads(sys.argv[1]))))
    else:
        main()
