"""How exact flow is, and how often what is trusted is wrong: `python -m benchmarks flow`.

Drawn scenes and real ones with known motion (benchmarks/motions.py), in steps from plain DIS at the
working size to what the looks have. All is measured at 512 pixels wide, over pixels that both
frames show: the end point error in pixels, the share that is trusted, the share of this that is
wrong by over 3 pixels and by over 1; and how far pixels are trusted that the other frame does not
show. Means over all scenes, and each scene before and after; all of it is in
benchmarks/results/flow.json. Scenes may be named. Needs the folder of test material (SHARED).
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
from gramflow.engine.device import prepare
from gramflow.engine.flows import DIS, Flow, Map, grey, scaled
from gramflow.engine.trust import Match, match, reliability

WIDTH = 512
Method = Callable[[Picture, Picture], tuple[Flow, Map]]
"""The flow of a pair, and how far it is trusted."""


@dataclass(frozen=True)
class Score:
    """What is found of a pair; see above. hidden: None where too little is.

    seconds: for both flows and what is done to them.
    """

    mean: float
    median: float
    trusted: float
    wrong_by_3: float
    wrong_by_1: float
    hidden: float | None
    seconds: float


class Near(DIS):
    """`dis` without matched blocks."""

    def between(self, frame: Picture, other: Picture) -> Flow:
        """As the base says."""
        return self.near(frame, other)


def plain(finest: int | None) -> Method:
    """OpenCV's DIS by its preset `medium`, down to this scale (None: the preset's, 1)."""
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if finest is not None:
        method.setFinestScale(finest)

    def found(frame: Picture, other: Picture) -> tuple[Flow, Map]:
        first, second = grey(frame), grey(other)
        flow, reverse = method.calc(first, second, None), method.calc(second, first, None)
        return flow, reliability(flow, reverse)

    return found


def agreeing(method: DIS, seen: bool) -> Method:
    """A plugin's, trusted where it agrees with its reverse, and, if `seen`, where it fits."""

    def found(frame: Picture, other: Picture) -> tuple[Flow, Map]:
        flow, reverse = method.between(frame, other), method.between(other, frame)
        known = Match(frame, other, flow, reverse).trust if seen else reliability(flow, reverse)
        return flow, known

    return found


def of(method: DIS) -> Method:
    """A plugin's, as looks have it."""

    def found(frame: Picture, other: Picture) -> tuple[Flow, Map]:
        known = match(method, frame, other)
        return known.flow, known.trust

    return found


def small(method: Method) -> Method:
    """At the size that is measured at."""

    def found(frame: Picture, other: Picture) -> tuple[Flow, Map]:
        size = _size(frame)
        return method(resized(frame, *size), resized(other, *size))

    return found


def _size(frame: Picture) -> tuple[int, int]:
    return WIDTH, round(frame.shape[0] * WIDTH / frame.shape[1])


def score(pair: Pair, flow: Flow, known: Map, seconds: float) -> Score:
    """What a flow and its trust, of any size, are worth."""
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
    """Of every pair, by its name."""
    found = {}
    for pair in pairs:
        started = time.perf_counter()
        flow, known = method(pair.frame, pair.other)
        found[pair.name] = score(pair, flow, known, time.perf_counter() - started)
    return found


def steps() -> dict[str, Method]:
    """From plain DIS to what looks have."""
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
    """The means as cells of a table."""

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
    """Print the tables, rows as soon as they are known."""
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
