"""Accuracy of optical flow and of its trust: `python -m benchmarks flow [scene ...]`.

An ablation from plain DIS at the working size to the complete method of the looks, on drawn and
filmed scenes with known flow (benchmarks/motions.py). Measured at a width of 512 pixels, over
pixels visible in both frames: mean and median end-point error in pixels, mean trust, and the
fraction of the trust that lies on errors over 3 pixels and over 1 pixel. Also the mean trust of
occluded pixels, which should be 0. Prints means over all scenes, then each scene with the first and
the last method. All numbers are written to benchmarks/results/flow.json, unless scenes are named.
Needs the folder of test material (SHARED).
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from benchmarks.material import RESULTS, need
from benchmarks.motions import Pair, drawn_scenes, filmed_scenes
from gramflow.base.arrays import Picture, resized
from gramflow.engine.backend import prepare
from gramflow.engine.flows import DIS, Flow, Map, grey, scaled
from gramflow.engine.trust import Match, match, reliability

WIDTH = 512
Method = Callable[[Picture, Picture], tuple[Flow, Map]]
"""Maps two frames to the flow between them and its trust."""


@dataclass(frozen=True)
class Score:
    """The measures of one pair of frames.

    mean, median: end-point error in pixels. trusted: mean trust. wrong_by_3, wrong_by_1: fraction
    of the trust on larger errors than this. hidden: mean trust of occluded pixels; None if there
    are too few. seconds: for the flows in both directions and their processing.
    """

    mean: float
    median: float
    trusted: float
    wrong_by_3: float
    wrong_by_1: float
    hidden: float | None
    seconds: float


class Near(DIS):
    """The plugin `dis` without block matching."""

    def between(self, frame: Picture, other: Picture) -> Flow:
        """Return the flow of `DIS.near`."""
        return self.near(frame, other)


def plain(finest: int | None) -> Method:
    """OpenCV's DIS with preset `medium`; finest: its finest scale (None: the preset's, 1)."""
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if finest is not None:
        method.setFinestScale(finest)

    def found(frame: Picture, other: Picture) -> tuple[Flow, Map]:
        first, second = grey(frame), grey(other)
        flow, reverse = method.calc(first, second, None), method.calc(second, first, None)
        return flow, reliability(flow, reverse)

    return found


def agreeing(method: DIS, seen: bool) -> Method:
    """A plugin's flow, with trust by `reliability`, or by `Match.trust` if `seen`."""

    def found(frame: Picture, other: Picture) -> tuple[Flow, Map]:
        flow, reverse = method.between(frame, other), method.between(other, frame)
        known = Match(frame, other, flow, reverse).trust if seen else reliability(flow, reverse)
        return flow, known

    return found


def of(method: DIS) -> Method:
    """A plugin's flow and trust as looks use them, by `match`."""

    def found(frame: Picture, other: Picture) -> tuple[Flow, Map]:
        known = match(method, frame, other)
        return known.flow, known.trust

    return found


def small(method: Method) -> Method:
    """Run a method on frames shrunk to the measured size."""

    def found(frame: Picture, other: Picture) -> tuple[Flow, Map]:
        size = _size(frame)
        return method(resized(frame, *size), resized(other, *size))

    return found


def _size(frame: Picture) -> tuple[int, int]:
    return WIDTH, round(frame.shape[0] * WIDTH / frame.shape[1])


def score(pair: Pair, flow: Flow, known: Map, seconds: float) -> Score:
    """Compare a flow and its trust, of any size, with the ground truth at the measured size."""
    size = _size(pair.frame)
    flow, truth, known = scaled(flow, *size), scaled(pair.flow, *size), resized(known, *size)
    both, one = (resized(mask.astype(np.float32), *size) for mask in (pair.seen, pair.known))
    seen, hidden = both > 0.999, (both < 0.001) & (one > 0.999)
    error, sure = np.linalg.norm(flow - truth, axis=-1)[seen], known[seen]
    wrong = [float((sure * (error > limit)).sum() / sure.sum()) for limit in (3, 1)]
    return Score(
        float(error.mean()),
        float(np.median(error)),
        float(sure.mean()),
        *wrong,
        float(known[hidden].mean()) if hidden.sum() > 50 else None,
        seconds,
    )


def scores(pairs: list[Pair], method: Method) -> dict[str, Score]:
    """Run a method on every pair and return the scores by the pairs' names."""
    found = {}
    for pair in pairs:
        started = time.perf_counter()
        flow, known = method(pair.frame, pair.other)
        found[pair.name] = score(pair, flow, known, time.perf_counter() - started)
    return found


def steps() -> dict[str, Method]:
    """The methods of the ablation by name, from plain DIS to the complete method of the looks."""
    dis, near = DIS(DIS.Settings()), Near(DIS.Settings())
    return {
        "DIS at 512 wide": small(plain(None)),
        "at the film's own size": plain(None),
        "down to single pixels": plain(0),
        "or smooth, per pixel": agreeing(near, seen=False),
        "or from matched blocks": agreeing(dis, seen=False),
        "trusted where it fits": agreeing(dis, seen=True),
        "`dis`: flat areas by their edges": of(dis),
    }


def cells(found: list[Score]) -> str:
    """Format the means of scores as cells of a Markdown table."""

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    hidden = [each.hidden for each in found if each.hidden is not None]
    return (
        f"{mean([each.mean for each in found]):.3f} | {mean([each.median for each in found]):.3f} "
        f"| {mean([each.trusted for each in found]):.1%} "
        f"| {mean([each.wrong_by_3 for each in found]):.2%} "
        f"| {mean([each.wrong_by_1 for each in found]):.2%} "
        f"| {f'{mean(hidden):.1%}' if hidden else '-'} "
        f"| {mean([each.seconds for each in found]):.2f} |"
    )


def main(*names: str) -> None:
    """Print the tables row by row, for the named scenes or for all."""
    need()
    prepare(2)
    pairs = [
        pair for pair in (*drawn_scenes(), *filmed_scenes()) if pair.name in names or not names
    ]
    head = "mean error | median | trusted | wrong by 3 | by 1 | hidden, trusted | seconds |"
    print(f"| all {len(pairs)} | {head}")
    print("| --- " * 8 + "|", flush=True)
    found = {}
    for name, method in steps().items():
        found[name] = scores(pairs, method)
        print(f"| {name} | {cells(list(found[name].values()))}", flush=True)
    print(f"\n| scene | flow | {head}")
    print("| --- " * 9 + "|")
    before, *_, best = found
    for pair in pairs:
        for name in (before, best):
            print(f"| {pair.name} | {name} | {cells([found[name][pair.name]])}")
    if not names:
        values = {name: {n: asdict(s) for n, s in each.items()} for name, each in found.items()}
        (RESULTS / "flow.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
