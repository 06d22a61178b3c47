"""The seed's method against today's on room.avi at 224x224: `python -m benchmarks.seed [frames]`.

The seed's method is the preset `seed`: the network built for every frame, 600 evaluations from
noise by SciPy's L-BFGS. Today's is the standard look's: the network kept, the content or the
warped painted frame before as the start, its optimizer over frequencies. Both minimise the seed's
losses with the same weights; today's ends at the seed's final loss. Prints Markdown.
"""

import sys
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.problems import SHARED, config_of, neighbour, room, stylizer_of, weights_of
from gramflow.arrays import Picture
from gramflow.assembly import make_flow
from gramflow.config import presets
from gramflow.engine.device import prepare
from gramflow.engine.optimizers import Curve
from gramflow.engine.stylizers import Neighbour, Painted, Stylizer
from gramflow.media.pictures import resize

NETWORK = "vgg19"
TODAY: dict[str, Any] = {
    "preset": "seed",
    "start": "previous",
    "evaluations": 100,
    "epoch": 1,
    "optimizer": presets()["standard"]["optimizer"],
}


def seed(frame: Picture) -> Painted:
    """A frame in the seed's way."""
    config = config_of("night", {"preset": "seed"}, NETWORK)
    return stylizer_of(config).paint(frame, {}, 0, lambda _: None)


def today(
    stylizer: Stylizer, frame: Picture, neighbours: Mapping[int, Neighbour], goal: float
) -> Painted:
    """A frame until its loss is the goal."""

    def watch(curve: Curve) -> None:
        if curve.lowest <= goal:
            curve.stop = 2  # no epoch can bring that much

    return stylizer.paint(frame, neighbours, 0, watch)


def row(number: int, way: str, painted: Painted, seconds: float) -> None:
    """Print a line of the table."""
    loss = painted.losses[-1][1]
    print(f"| {number} | {way} | {seconds:.1f} | {painted.evaluations} | {loss:.2f} |", flush=True)


def main(count: int = 2) -> None:
    """Print the table, a row as soon as it is known, and what the film's frames gain."""
    if not SHARED.is_dir():
        sys.exit(f"{SHARED}: no such folder; give the test material's folder as SHARED=...")
    prepare(2)
    frames = [resize(frame, 224, 224) for frame in room(count)]
    config = config_of("night", TODAY, NETWORK)
    stylizer = stylizer_of(config)
    flow = make_flow(config, config.looks["default"])
    print(f"Network: {NETWORK}, weights from {weights_of(NETWORK).source}.\n")
    print("| frame | method | seconds | evaluations | loss |\n| --- | --- | --- | --- | --- |")
    gains, neighbours, painted = [], {}, frames[0]
    for number, frame in enumerate(frames):
        started = time.perf_counter()
        slow = seed(frame)
        slow_seconds = time.perf_counter() - started
        row(number + 1, "seed", slow, slow_seconds)
        started = time.perf_counter()
        if number:
            neighbours[1] = neighbour(flow, frame, frames[number - 1], painted)
        fast = today(stylizer, frame, neighbours, slow.losses[-1][1])
        seconds = time.perf_counter() - started
        row(number + 1, "today", fast, seconds)
        painted = fast.picture
        gains.append(slow_seconds / seconds)
    print(f"\nTimes as fast, frame by frame: {', '.join(f'{gain:.1f}' for gain in gains)}.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
