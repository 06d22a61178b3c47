"""How steady a painted film is: measured along its motion, frame by frame."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gramflow.config import Config, Render
from gramflow.engine.flows import DIS
from gramflow.engine.networks import SMALLEST
from gramflow.engine.steadiness import Steadiness, steadiness
from gramflow.files import read_json, write_json
from gramflow.footage import Footage
from gramflow.manifest import Manifest
from gramflow.progress import Every, Say
from gramflow.recipes import working_size

WIDTH = 640
"""Films are measured at this width, or at their own if that is less."""
REPEATED = Steadiness(0.0, 1.0, 0.0, 0.0)
"""A frame that is the same picture as the one before; it does not count for the median."""
_FLAGGED = 3.0  # times the median
_AT_ONCE = 256  # frames given to the threads


@dataclass(frozen=True)
class TemporalReport:
    """How steady a render is.

    frames: the number of every frame that is not a shot's first; each is compared with the one
    before. errors, trusted: see Steadiness. brightness, saturation: how far, relatively, each has
    drifted from its shot's first frame. median, percentile_95: of the errors, without those of
    repeated pictures, which are 0. flagged: frames with an error of more than three times the
    median.
    """

    render: str
    frames: list[int]
    errors: list[float]
    trusted: list[float]
    brightness: list[float]
    saturation: list[float]
    median: float
    percentile_95: float
    flagged: list[int]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> "TemporalReport":
        """Read what `save` wrote."""
        values: dict[str, Any] = read_json(path)
        return cls(**values)


def measure_film(
    config: Config, render: Render, manifest: Manifest, keys: Sequence[str], threads: int, say: Say
) -> TemporalReport:
    """Measure a render by DIS flow; `keys` are those of its painted frames in the store."""
    cv2.setNumThreads(1)  # one frame per thread
    size = _measured_size(*working_size(config.looks[render.look], manifest))
    footage = Footage(config.store, manifest.frames, size, DIS(DIS.Settings()), 2 * threads + 2)

    def measure(number: int) -> Steadiness:
        if keys[number] == keys[number - 1]:
            return REPEATED
        motion = footage.motion(number, number - 1)
        before = footage.neighbour(number - 1, keys[number - 1], motion)
        return steadiness(footage.painting(keys[number]), footage.frame(number), before)

    starts = set(manifest.shots)
    numbers = [number for number in range(len(manifest.frames)) if number not in starts]
    found: list[Steadiness] = []
    due = Every(10)
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(numbers), _AT_ONCE):
            found += pool.map(measure, numbers[first : first + _AT_ONCE])
            if due:
                say(f"{render.name}: measured {len(found)} of {len(numbers)} frames")
    return _report(render.name, manifest.shots, numbers, found)


def _measured_size(width: int, height: int) -> tuple[int, int]:
    """At most `WIDTH` wide, unless it were too low for the flow then."""
    if width <= WIDTH or height * WIDTH < SMALLEST * width:
        return width, height
    return WIDTH, round(height * WIDTH / width)


def _report(
    render: str, shots: Sequence[int], numbers: list[int], found: list[Steadiness]
) -> TemporalReport:
    errors = [pair.error for pair in found]
    changing = [pair.error for pair in found if pair is not REPEATED]
    median, high = np.percentile(changing, [50, 95]).tolist() if changing else (0.0, 0.0)
    flagged = [
        number for number, error in zip(numbers, errors, strict=True) if error > _FLAGGED * median
    ]
    return TemporalReport(
        render,
        numbers,
        _rounded(errors),
        _rounded([pair.trusted for pair in found]),
        _rounded(_drift(shots, numbers, [pair.brightness for pair in found])),
        _rounded(_drift(shots, numbers, [pair.saturation for pair in found])),
        median=_rounded([median])[0],
        percentile_95=_rounded([high])[0],
        flagged=flagged,
    )


def _drift(shots: Sequence[int], numbers: list[int], changes: list[float]) -> list[float]:
    """Relative changes from frame to frame, summed up from every shot's first frame."""
    starts, drift, total = set(shots), [], 1.0
    for number, change in zip(numbers, changes, strict=True):
        total = (1.0 if number - 1 in starts else total) * (1 + change)
        drift.append(total - 1)
    return drift


def _rounded(values: Sequence[float]) -> list[float]:
    """Six digits are more than is known."""
    return [float(f"{value:.6g}") for value in values]
