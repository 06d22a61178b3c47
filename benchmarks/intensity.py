"""How evenly a painting goes from the film to the style: `python -m benchmarks intensity [WIDTH]`.

Paints the demo's street in six styles at ten intensities, by the preset `draft`, at one width.
Prints how much of the way the distance from the style has gone, from that of the street itself at
intensity 0 to that at intensity 1. An even course has the intensity itself in each column.
"""

import sys
from typing import Any

import numpy as np

from benchmarks.steady import Painter
from demo.draw.contents import CONTENTS
from gramflow.base.arrays import Picture
from gramflow.engine.areas import Area
from gramflow.engine.backend import prepare
from gramflow.media.pictures import resize

STYLES = ("starry_night", "mosaic", "oil", "ink", "watercolour", "cut_paper")
STEPS = [number / 10 for number in range(1, 11)]
WIDTH, ASPECT = 192, 9 / 16


def distances(painter: Painter, frame: Picture) -> list[float]:
    """Distance from the style of the film itself, then of the painting at each intensity."""
    stylizer: Any = painter.stylizer
    network, (style,) = stylizer.palette.network, stylizer.palette.styles
    targets = stylizer._targets(frame.shape[1], frame, {})
    _, _, terms = stylizer.objective(network.preprocess(frame), targets)
    found = [float(terms["moments"])]
    everywhere = np.ones(frame.shape[:2], np.float32)
    for intensity in STEPS:
        stylizer.areas = [Area(everywhere, {style: 1.0}, intensity)]
        found.append(painter.paint(frame)[0].terms["moments"])
    return found


def main(width: int = WIDTH) -> None:
    """Print the table, a row for each style, and the mean distance from an even course."""
    prepare(2)
    frame = resize(CONTENTS["day"](), width, round(width * ASPECT))
    print("| style | " + " | ".join(f"{step:g}" for step in STEPS) + " |")
    print("| --- |" + " --- |" * len(STEPS))
    rows = []
    for style in STYLES:
        found = np.array(distances(Painter(style, {"preset": "draft"}, *frame.shape[1::-1]), frame))
        rows.append((found[0] - found[1:]) / (found[0] - found[-1]))
        cells = " | ".join(f"{value:.2f}" for value in rows[-1])
        print(f"| {style} | {cells} |", flush=True)
    mean = np.mean(rows, 0)
    print("| mean | " + " | ".join(f"{value:.2f}" for value in mean) + " |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
