"""The seed's method against today's on room.avi: `python -m benchmarks.seed [frames [size]]`.

The seed's method is the preset `seed`: the network is built for every frame, and 600 evaluations in
float32 start from noise, by SciPy's L-BFGS with a restart every 20. Today's method is that of the
standard look: the network is kept, the start is the content or the warped painted frame before, the
optimizer works over frequencies, in 16 bits where the device is fast at them.

Both minimise the same losses with the same weights: the standard look's losses, and the seed's. For
the latter the content itself already has a lower loss than the seed's result. `to its loss` stops
at the seed's final loss; `as it is` stops by the look's own rule. Prints Markdown.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.material import need
from benchmarks.problems import config_of, neighbour, room, stylizer_of, weights_of
from gramflow.base.arrays import Picture
from gramflow.engine.backend import prepare
from gramflow.engine.optimizers import Curve
from gramflow.engine.steadiness import Neighbour
from gramflow.engine.stylizers import Painted
from gramflow.media.pictures import resize
from gramflow.painting.setup import make_flow
from gramflow.settings.reading import presets

NETWORK = "vgg19"
STANDARD: dict[str, Any] = presets()["standard"]
LOSSES: dict[str, dict[str, Any]] = {
    "standard": {name: term for name, term in STANDARD["losses"].items() if name != "temporal"},
    "seed": {},
}
TODAY: dict[str, Any] = {
    key: STANDARD[key]
    for key in ("start", "evaluations", "first", "epoch", "stop", "optimizer", "precision")
}


def until(goal: float) -> Callable[[Curve], None]:
    """Make an `on_epoch` callback that stops the optimisation once the loss reaches the goal."""

    def watch(curve: Curve) -> None:
        if curve.lowest <= goal:
            curve.stop = 2  # ends the phase: no epoch can lower the loss by 200%

    return watch


class Today:
    """Paints frames in sequence by today's method, with the network kept."""

    def __init__(self, look: dict[str, Any]) -> None:
        config = config_of("night", look | TODAY, NETWORK)
        self.own = stylizer_of(config)
        patient = {"evaluations": 300, "epoch": 1, "stop": 0}
        self.patient = stylizer_of(config_of("night", look | TODAY | patient, NETWORK))
        self.flow = make_flow(config, config.looks["default"])
        self.before: tuple[Picture, Painted] | None = None

    def paint(self, frame: Picture, goal: float) -> dict[str, tuple[Painted, float]]:
        """Paint a frame with both stopping rules.

        goal: the loss at which `to its loss` stops. Returns results and seconds by rule. The next
        frame's neighbour is the result of `as it is`.
        """
        found = {}
        for name, stylizer, watch in (
            ("to its loss", self.patient, until(goal)),
            ("as it is", self.own, lambda _: None),
        ):
            started = time.perf_counter()
            neighbours: dict[int, Neighbour] = {}
            if self.before is not None:
                neighbours[1] = neighbour(self.flow, frame, *self.before)
            painted = stylizer.paint(frame, neighbours, 0, watch)
            found[name] = painted, time.perf_counter() - started
        self.before = frame, found["as it is"][0]
        return found


def compare(losses: str, frames: list[Picture]) -> None:
    """Paint the frames by both methods and print a row for each result. losses: of `LOSSES`."""
    size = frames[0].shape[0]
    look = {"preset": "seed", "width": size, "height": size, "losses": LOSSES[losses]}
    today = Today(look)
    for number, frame in enumerate(frames, 1):
        started = time.perf_counter()
        slow = stylizer_of(config_of("night", look, NETWORK)).paint(frame, {}, 0, lambda _: None)
        seconds = time.perf_counter() - started
        ways = {"seed": (slow, seconds)} | today.paint(frame, slow.losses[-1][1])
        for way, (result, taken) in ways.items():
            (_, first), (_, last) = result.losses[0], result.losses[-1]
            print(
                f"| {losses} | {number} | {way} | {first:.4g} | {last:.4g} | {result.evaluations} "
                f"| {taken:.1f} | {seconds / taken:.1f} |",
                flush=True,
            )


def main(count: int = 2, size: int = 224) -> None:
    """Print the table row by row."""
    need()
    prepare(2)
    frames = [resize(frame, size, size) for frame in room(count)]
    print(f"{size}x{size}, {NETWORK}, weights: {weights_of(NETWORK).source}.\n")
    print("| losses | frame | method | first loss | last | evaluations | seconds | times as fast |")
    print("| --- " * 8 + "|", flush=True)
    for losses in LOSSES:
        compare(losses, frames)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
