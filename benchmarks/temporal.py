"""How steady each way of painting is: `make bench-temporal`.

On two neighbouring frames of MPI Sintel (alley_1, 512x218) with their ground-truth flow, painted
like The Starry Night with VGG-19: the temporal error between them (mean squared difference of
values in 0..1 outside occlusions, by cubic interpolation), the loss of the second without its
temporal term, relative to that of painting it on its own, and the evaluations it took. Prints a
Markdown table. Needs a folder of test material that is not part of the project (SHARED).
"""

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gramflow.arrays import Picture
from gramflow.assembly import make_extractor, make_flow, make_losses, make_network, make_stylizer
from gramflow.config import Config, load
from gramflow.engine.device import prepare
from gramflow.engine.flows import reliability, warp
from gramflow.engine.stylizers import Neighbour, Painted
from gramflow.engine.targets import style_targets
from gramflow.media.pictures import from_pixels, read_picture, resize, to_pixels
from gramflow.recipes import neighbours, style_side
from gramflow.styles import style_pictures
from gramflow.weights import Weights

SHARED = Path(os.environ.get("SHARED", Path(__file__).parents[2] / "shared"))
SINTEL = SHARED / "data/sintel_easy"
WIDTH, HEIGHT = 512, 218
ALONE: dict[str, Any] = {"evaluations": 150, "stop": 0}
NO_TERM = {"temporal": {"weight": 0}}
MODES: dict[str, dict[str, Any]] = {
    "each from noise": {"start": "noise", **ALONE},
    "each from its content": {"start": "content", **ALONE},
    "previous": {"start": "previous", "flow": "still", "losses": NO_TERM},
    "warped": {"start": "previous", "losses": NO_TERM},
    "temporal (`standard`)": {"start": "previous"},
    "long-term": {"start": "previous", "losses": {"temporal": {"distances": [1, 2]}}},
}


def config_of(look: dict[str, Any]) -> Config:
    """The standard look with changes."""
    return load(
        {
            "network": "vgg19",
            "videos": {"alley": {"path": str(SINTEL / "frame_000*.png"), "fps": 24}},
            "styles": {"night": {"images": [str(SHARED / "data/seed/starry_night.jpg")]}},
            "looks": {"default": {"preset": "standard", "width": WIDTH, "height": HEIGHT, **look}},
        }
    )


class Bench:
    """Paints the frames in memory, as a segment's job does with files."""

    def __init__(self) -> None:
        self.frames = [
            resize(read_picture(SINTEL / f"frame_000{number}.png"), WIDTH, HEIGHT)
            for number in (1, 2, 3)
        ]
        path = SHARED / "weights/vgg19_imagenet_notop.h5"
        self.weights = Weights("file", str(path), hashlib.sha256(path.read_bytes()).hexdigest())
        self.truth, self.seen = ground_truth()

    def paint(self, look: dict[str, Any], first: Painted | None) -> list[Painted]:
        """The frames in turn; `first` is the first one, painted already."""
        from gramflow.engine.objective import Objective

        config = config_of(look)
        settings = config.looks["default"]
        extractor = make_extractor(config, settings, self.weights)
        objective = Objective(extractor, make_losses(config, settings))
        style = style_pictures(config.styles["night"], style_side(settings))
        targets = style_targets(objective, make_network(config), style, [1.0])
        stylizer = make_stylizer(config, settings, self.weights, targets)
        flow, backs = make_flow(config, settings), neighbours(config, settings)
        painted = [] if first is None else [first]
        while len(painted) < (1 if first is None else len(self.frames)):
            number = len(painted)
            found = {
                back: self._neighbour(flow, number, back, painted[number - back].picture)
                for back in backs
                if back <= number
            }
            result = stylizer.paint(self.frames[number], found, number, lambda _: None)
            stored = from_pixels(to_pixels(result.picture))
            painted.append(Painted(stored, result.evaluations, result.losses, result.terms))
        return painted

    def _neighbour(self, flow: Any, number: int, back: int, painted: Picture) -> Neighbour:
        frame, other = self.frames[number], self.frames[number - back]
        motion = flow.between(frame, other)
        trust = reliability(motion, flow.between(other, frame))
        return Neighbour(warp(painted, motion), trust)

    def error(self, before: Picture, after: Picture) -> float:
        """The temporal error between two pictures of the second and the third frame."""
        difference = np.square(warp(after, self.truth) - before).mean(-1)
        return float(difference[self.seen].mean())


def ground_truth() -> tuple[Any, Any]:
    """The flow from the second frame into the third at the working size, and where it holds."""
    data = (SINTEL / "flow_2_to_3.flo").read_bytes()
    width, height = np.frombuffer(data, np.int32, 2, 4)
    flow = np.frombuffer(data, np.float32, offset=12).reshape(height, width, 2)
    small = cv2.resize(flow, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    masks = [
        cv2.imread(str(SINTEL / name), cv2.IMREAD_GRAYSCALE)
        for name in ("occlusion_2_to_3.png", "invalid_2.png")
    ]
    hidden = cv2.resize(np.maximum(*masks), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return small * np.float32([WIDTH / width, HEIGHT / height]), hidden == 0


def loss_of(painted: Painted) -> float:
    """The standard look's loss without its temporal term."""
    weights = {name: term["weight"] for name, term in config_of({}).looks["default"].losses.items()}
    return sum(weights[name] * term for name, term in painted.terms.items() if name != "temporal")


def main() -> None:
    """Print the table, a row as soon as it is known."""
    if not SINTEL.is_dir():
        sys.exit(f"{SINTEL}: no such folder; give the test material's folder as SHARED=...")
    prepare(os.cpu_count() or 1)
    bench = Bench()
    floor = bench.error(bench.frames[1], bench.frames[2])
    print("| frames 2 and 3 | temporal error | loss of frame 3 | its evaluations |")
    print("| --- | --- | --- | --- |")
    print(f"| the film itself | {floor:.5f} | | |", flush=True)
    first = bench.paint({"start": "content", **ALONE}, None)[0]
    rows = {name: bench.paint(look, first)[1:] for name, look in MODES.items()}
    alone = loss_of(rows["each from its content"][1])
    for name, (before, after) in rows.items():
        error, loss = bench.error(before.picture, after.picture), loss_of(after)
        print(f"| {name} | {error:.5f} | {loss / alone - 1:+.1%} | {after.evaluations} |")


if __name__ == "__main__":
    main()
