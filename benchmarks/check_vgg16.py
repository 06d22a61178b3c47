"""Checks that the preset `seed` reproduces the losses that the original notebook published.

`make check-vgg16 WEIGHTS=vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5` paints frames of
room.avi in The Starry Night with ImageNet's VGG-16, and compares the final losses with the
published ones. The noise and number formats differ, so a mean within 10% passes.

The notebook gave OpenCV's BGR pictures to a preprocessing function that expects RGB, so its
network saw red and blue swapped. They are swapped here, too. About ten minutes a frame on two CPU
cores.
"""

import csv
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.look import save
from benchmarks.material import SHARED, need
from benchmarks.problems import room, stylizer_of
from gramflow.engine.backend import prepare
from gramflow.engine.networks import VGG16
from gramflow.media.pictures import read_picture, resize
from gramflow.painting.weights import resolve
from gramflow.settings.config import Config, load

SIZE = 224
ALIKE = 0.1
"""Greatest relative deviation of the mean loss from the published mean."""


def main(weights: str, count: int = 3, evaluations: int = 600) -> None:
    """Print both losses of each frame; exit with an error if their means differ too much."""
    need()
    prepare(2)
    found = resolve(weights, "vgg16", VGG16(), (), lambda line: print(line, file=sys.stderr))
    with (SHARED / "data/seed/published_run.csv").open() as file:
        published = [float(row["final_loss"]) for row in csv.DictReader(file)][:count]
    with tempfile.TemporaryDirectory() as folder:
        stylizer = stylizer_of(_config(Path(folder) / "night.png", evaluations), found)
    print("| frame | published | here |\n| --- | --- | --- |")
    losses = []
    for number, frame in enumerate(room(count)):
        content = resize(frame[..., ::-1], SIZE, SIZE)
        painted = stylizer.paint(content, {}, number, lambda _: None)
        losses.append(painted.losses[-1][1])
        print(f"| {number} | {published[number]:.2f} | {losses[-1]:.2f} |", flush=True)
    off = np.mean(losses) / np.mean(published) - 1
    print(f"\nmean: {off:+.1%}")
    if abs(off) > ALIKE:
        sys.exit("these are not the published losses; are the weights ImageNet's VGG-16?")


def _config(night: Path, evaluations: int) -> Config:
    """Config with the seed's look. Writes its style, red and blue swapped, to the file `night`."""
    style = read_picture(SHARED / "data/seed/starry_night.jpg")
    save(night, style[..., ::-1])
    return load(
        {
            "network": "vgg16",
            "videos": {"room": {"path": str(SHARED / "data/seed/room.avi")}},
            "styles": {"night": {"images": [str(night)]}},
            "looks": {"default": {"preset": "seed", "evaluations": evaluations}},
        }
    )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: make check-vgg16 WEIGHTS=vgg16_..._notop.h5")
    main(sys.argv[1], *map(int, sys.argv[2:]))
