"""The seed's method against today's on room.avi: `python -m benchmarks.seed [frames [size]]`.

The seed's method is the preset `seed`: the network built for every frame, 600 evaluations from
noise by SciPy's L-BFGS with a restart every 20. Today's is the standard look's: the network kept,
the content or the warped painted frame before as the start, its optimizer over frequencies. Both
minimise the same losses with the same weights, and today's ends at the seed's final loss. With the
seed's losses the content itself is lower than that; so the standard look's are measured, too.
Prints Markdown.
"""

import sys
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.material import need
from benchmarks.problems import config_of, neighbour, room, stylizer_of, weights_of
from gramflow.arrays import Picture
from gramflow.assembly import make_flow
from gramflow.config import presets
from gramflow.engine.device import prepare
from gramflow.engine.optimizers import Curve
from gramflow.engine.steadiness import Neighbour
from gramflow.engine.stylizers import Painted, Stylizer
from gramflow.media.pictures import resize

NETWORK = "vgg19"
STANDARD: dict[str, Any] = presets()["standard"]
LOSSES: dict[str, dict[str, Any]] = {
    "seed": {},
    "standard": {name: term for name, term in STANDARD["losses"].items() if name != "temporal"},
}
TODAY: dict[str, Any] = {
    "start": "previous",
    "evaluations": 100,
    "epoch": 1,
    "optimizer": STANDARD["optimizer"],
}


def seed(frame: Picture, look: dict[str, Any]) -> Painted:
    """A frame in the seed's way."""
    return stylizer_of(config_of("night", look, NETWORK)).paint(frame, {}, 0, lambda _: None)


def today(
    stylizer: Stylizer, frame: Picture, neighbours: Mapping[int, Neighbour], goal: float
) -> Painted:
    """A frame until its loss is the goal."""

    def watch(curve: Curve) -> None:
        if curve.lowest <= goal:
            curve.stop = 2  # no epoch can bring that much

    return stylizer.paint(frame, neighbours, 0, watch)


def compare(losses: str, frames: list[Picture]) -> None:
    """Paint the frames both ways, and print a row for each."""
    size = frames[0].shape[0]
    look = {"preset": "seed", "width": size, "height": size, "losses": LOSSES[losses]}
    config = config_of("night", look | TODAY, NETWORK)
    stylizer = stylizer_of(config)
    flow = make_flow(config, config.looks["default"])
    neighbours, painted = {}, frames[0]
    for number, frame in enumerate(frames, 1):
        started = time.perf_counter()
        slow = seed(frame, look)
        middle = time.perf_counter()
        if number > 1:
            neighbours[1] = neighbour(flow, frame, frames[number - 2], painted)
        fast = today(stylizer, frame, neighbours, slow.losses[-1][1])
        painted = fast.picture
        seconds = middle - started, time.perf_counter() - middle
        for way, result, taken in zip(("seed", "today"), (slow, fast), seconds, strict=True):
            (_, first), (_, last) = result.losses[0], result.losses[-1]
            print(
                f"| {losses} | {number} | {way} | {first:.4g} | {last:.4g} | {result.evaluations} "
                f"| {taken:.1f} | {seconds[0] / taken:.1f} |",
                flush=True,
            )


def main(count: int = 2, size: int = 224) -> None:
    """Print the table, two rows as soon as they are known."""
    need()
    prepare(2)
    frames = [resize(frame, size, size) for frame in room(count)]
    print(f"{size}x{size}, {NETWORK}, weights: {weights_of(NETWORK).source}.\n")
    print("| losses | frame | method | first loss | last | evaluations | seconds | times as fast |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for losses in LOSSES:
        compare(losses, frames)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
