"""How evenly a painting goes from the film to the style: `python -m benchmarks intensity [WIDTH]`.

Paints the demo's street in six styles at ten intensities, by the preset `draft`, at one width.
Prints how much of the way the distance from the style has gone, from that of the street itself at
intensity 0 to that at intensity 1. An even course has the intensity itself in each column.
"""

import sys
from typing import Any

import numpy as np

from benchmarks.material import DEMO
from demo.draw.contents import CONTENTS
from gramflow.base.arrays import Picture
from gramflow.engine.areas import Area
from gramflow.engine.backend import prepare
from gramflow.media.pictures import resize, to_pixels
from gramflow.painting.picture import PicturePainter
from gramflow.painting.quick import config_of
from gramflow.painting.setup import find_weights
from gramflow.settings.config import load

STYLES = ("starry_night", "mosaic", "oil", "ink", "watercolour", "cut_paper")
STEPS = [number / 10 for number in range(1, 11)]
WIDTH, ASPECT = 128, 9 / 16


def distances(style: str, frame: Picture, width: int) -> list[float]:
    """Distance from the style of the film itself, then of the painting at each intensity."""
    path = str(DEMO / f"styles/{style}.jpg")
    settings = {"intensity": 0.5}  # any, so that the style is calibrated
    config = load(config_of(path, [path], "draft", width, settings, "vgg19", "bundled"))
    weights, look = find_weights(config, lambda _: None), config.looks["default"]
    painter = PicturePainter(config, config.styles[style], look, weights)
    stylizer: Any = painter._stylizer
    targets = stylizer._targets(width, frame, {})
    _, _, terms = stylizer.objective(stylizer.palette.network.preprocess(frame), targets)
    everywhere = np.ones(frame.shape[:2], np.float32)
    found = [float(terms["moments"])]
    for step in STEPS:
        areas = [Area(everywhere, {style: 1.0}, step)]
        made = painter.paint(to_pixels(frame), style, areas=lambda _, areas=areas: areas)
        found.append(made.painted.terms["moments"])
    return found


def main(width: int = WIDTH) -> None:
    """Print the table, a row for each style, and the mean distance from an even course."""
    prepare(2)
    frame = resize(CONTENTS["day"](), width, round(width * ASPECT))
    print("| style | " + " | ".join(f"{step:g}" for step in STEPS) + " |")
    print("| --- |" + " --- |" * len(STEPS))
    rows = []
    for style in STYLES:
        found = np.array(distances(style, frame, width))
        rows.append((found[0] - found[1:]) / (found[0] - found[-1]))
        cells = " | ".join(f"{value:.2f}" for value in rows[-1])
        print(f"| {style} | {cells} |", flush=True)
    mean = np.mean(rows, 0)
    print("| mean | " + " | ".join(f"{value:.2f}" for value in mean) + " |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
