"""Measures the steadiness of a painted film frame by frame, and flags faulty frames."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Self

import cv2
import numpy as np

from gramflow.base.arrays import SMALLEST, Picture, resized
from gramflow.base.files import Document
from gramflow.base.progress import Every, Say
from gramflow.engine.flows import DIS, Flow, Map, scaled, warp
from gramflow.engine.steadiness import Neighbour, Steadiness, steadiness
from gramflow.engine.trust import match
from gramflow.film.manifest import Manifest
from gramflow.film.sizes import working_size
from gramflow.media.pictures import from_pixels, resize
from gramflow.painting.neighbours import Neighbours
from gramflow.settings.config import Config
from gramflow.settings.looks import Look
from gramflow.settings.renders import Render
from gramflow.store.frames import extracted_store, painted_store
from gramflow.store.records import Record

WIDTH = 640
"""Maximum width, in pixels, at which films are measured and their flow is computed."""
REPEATED = Steadiness(0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
"""Measurement of a frame that repeats the picture before it; not part of the median."""
_ERROR = 3.0  # flagged if the error is more than this many times the median
_DRAGGED = 0.02  # flagged if the flow is wrong in more than this share of the picture,
_FOLLOWED = 0.5  # and the paint lacks more than this share of the film's change there
_CONTENT = 0.25  # flagged if the content term changed by more, relative to the shot's first frame
_DRIFT = 0.05  # flagged if brightness or saturation drifted by more, relative to the same
_AT_ONCE = 256  # number of frames submitted to the thread pool at a time


@dataclass(frozen=True)
class TemporalReport(Document):
    """How steady a render is, and which frames are faulty.

    frames: number of every frame that is not a shot's first; the lists have one value for each.
    errors, trusted, dragged, followed: compared with the frame before, see Steadiness.
    bare: share of the picture that was not visible in the shot's first frame: trusted flow does not
        lead from there to what was painted in that frame.
    content, style: sum of the loss terms that compare with the frame, and with the style,
        unweighted, relative to that of the shot's first frame; above 1 the picture resembles the
        film, or the style, less. Empty if the records lack such terms.
    brightness, saturation: relative drift since the shot's first frame.
    median, percentile_95: of the errors, without repeated pictures, whose error is 0.
    flagged: by frame number, what is wrong with it, in plain sentences.
    """

    render: str
    frames: list[int]
    errors: list[float]
    trusted: list[float]
    dragged: list[float]
    followed: list[float]
    bare: list[float]
    content: list[float]
    style: list[float]
    brightness: list[float]
    saturation: list[float]
    median: float
    percentile_95: float
    flagged: dict[int, list[str]]

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """Return the report of the values that `to_values` gave; JSON's keys are texts."""
        flagged = {int(frame): reasons for frame, reasons in values["flagged"].items()}
        return cls(**values | {"flagged": flagged})


def measure_film(
    config: Config,
    render: Render,
    manifest: Manifest,
    records: Sequence[Record],
    threads: int,
    say: Say,
) -> TemporalReport:
    """Measure a render's steadiness by DIS flow.

    records: those of the film's frames, in order.
    threads: number of frames that are measured at once.
    """
    cv2.setNumThreads(1)  # one frame per thread
    looks = [config.looks[config.painted[record.render].look] for record in records]
    film = _Film(
        config,
        config.looks[render.look],
        manifest,
        [frame["key"] for record in records for frame in record.frames],
        _painted_frames(records, looks),
        threads,
    )
    starts = set(manifest.shots)
    numbers = [number for number in range(len(manifest.frames)) if number not in starts]
    found: list[Steadiness] = []
    bare: list[float] = []
    due = Every(10)
    for number, (measured, motion) in zip(numbers, film.measured(numbers, threads), strict=True):
        found.append(measured)
        if number - 1 in starts:
            unseen = np.zeros(film.size[::-1], np.float32)
        unseen = unseen if motion is None else _unseen(unseen, motion)
        bare.append(float(unseen.mean()))
        if due:
            say(f"{render.name}: measured {len(found)} of {len(numbers)} frames")
    terms = {
        source: _relative(
            manifest.shots,
            numbers,
            _summed(records, [_of_source(config, look, source) for look in looks]),
        )
        for source in ("frame", "style")
    }
    report = _report(render.name, manifest.shots, numbers, found, bare, terms)
    return replace(report, flagged=_with_troubles(report.flagged, records))


def _with_troubles(
    flagged: Mapping[int, list[str]], records: Sequence[Record]
) -> dict[int, list[str]]:
    """The flagged frames, with those whose numbers were odd when they were painted."""
    found = dict(flagged)
    for record in records:
        for frame in record.frames:
            if "troubles" in frame:
                number = frame["frame"]
                found[number] = found.get(number, []) + frame["troubles"]
    return dict(sorted(found.items()))


class _Film:
    """Reads a render's painted and extracted frames, and compares consecutive ones.

    keys: store keys of the painted frames.
    painted_of: of every frame, the number of the one that its picture was painted of.
    size: width and height, in pixels, of the measurement.
    """

    def __init__(
        self,
        config: Config,
        look: Look,
        manifest: Manifest,
        keys: Sequence[str],
        painted_of: Sequence[int],
        threads: int,
    ) -> None:
        self.keys = keys
        self.size = _measured_size(*working_size(look, manifest))
        self._painted = painted_store(config.store)
        self._dis = DIS(DIS.Settings())
        # frames for the flow have the video's size (at most WIDTH) even where the look's is less
        whole = _measured_size(manifest.width, manifest.height)
        extracted = extracted_store(config.store)
        self._views = Neighbours(
            lambda number: extracted.read(manifest.frames[painted_of[number]]),
            whole,
            self._dis,
            2 * threads + 2,
        )

    def measured(
        self, numbers: Sequence[int], threads: int
    ) -> Iterator[tuple[Steadiness, tuple[Flow, Map] | None]]:
        """Measure these frames, in order, each against the one before it.

        Yields the measurement, and the flow into the frame before with its trust; None in place of
        these if the picture is repeated.
        """
        with ThreadPoolExecutor(threads) as pool:
            for first in range(0, len(numbers), _AT_ONCE):
                yield from pool.map(self._measure, numbers[first : first + _AT_ONCE])

    def _measure(self, number: int) -> tuple[Steadiness, tuple[Flow, Map] | None]:
        key, before = self.keys[number], self.keys[number - 1]
        if key == before:
            return REPEATED, None
        frame, other = self._views.frame(number), self._views.frame(number - 1)
        found = match(self._dis, frame, other)
        flow, known, astray = (
            scaled(found.flow, *self.size),
            self._map(found.trust),
            self._map(found.wrong),
        )
        film = resize(frame, *self.size), warp(resize(other, *self.size), flow)
        neighbour = Neighbour(warp(self._painting(before), flow), film[1], known)
        return steadiness(self._painting(key), film[0], neighbour, astray), (flow, known)

    def _painting(self, key: str) -> Picture:
        return resize(from_pixels(self._painted.read(key)), *self.size)

    def _map(self, values: Map) -> Map:
        return np.clip(resized(values, *self.size), 0, 1)


def _painted_frames(records: Sequence[Record], looks: Sequence[Look]) -> list[int]:
    """Of every frame, the number of the one that its picture was painted of.

    looks: of each record. A look that holds its frames paints the first of every `hold`.
    """
    found: list[int] = []
    for record, look in zip(records, looks, strict=True):
        first = len(found)
        found += (first + place - place % look.hold for place in range(len(record.frames)))
    return found


def _measured_size(width: int, height: int) -> tuple[int, int]:
    """Width and height to measure at: at most WIDTH wide.

    Kept as they are where the height would become too low for the flow.
    """
    if width <= WIDTH or height * WIDTH < SMALLEST * width:
        return width, height
    return WIDTH, round(height * WIDTH / width)


def _unseen(before: Map, motion: tuple[Flow, Map]) -> Map:
    """Map of what was not visible in the shot's first frame: 0 visible, 1 not.

    before: the same map of the frame before.
    motion: the flow into that frame, and its trust.
    """
    flow, known = motion
    return 1 - known * (1 - np.clip(warp(before, flow), 0, 1))


def _of_source(config: Config, look: Look, source: str) -> list[str]:
    """Names of the look's loss terms whose target is made from `source`, see Loss."""
    return [
        name for name in look.losses if config.registry.find("losses", name).cls.source == source
    ]


def _summed(records: Sequence[Record], names: Sequence[Sequence[str]]) -> list[float]:
    """Sum of some loss terms for every frame; empty unless all records have them.

    names: of the terms, for each record.
    """
    sums: list[float] = []
    for record, wanted in zip(records, names, strict=True):
        told = [frame.get("terms", {}) for frame in record.frames]
        if not wanted or any(name not in terms for terms in told for name in wanted):
            return []
        sums += (sum(terms[name] for name in wanted) for terms in told)
    return sums


def _relative(shots: Sequence[int], numbers: list[int], values: list[float]) -> list[float]:
    """Every frame's value divided by that of its shot's first frame."""
    if not values:
        return []
    firsts = [values[shots[bisect_right(shots, number) - 1]] for number in numbers]
    return [
        values[number] / max(first, 1e-12) for number, first in zip(numbers, firsts, strict=True)
    ]


def _report(
    render: str,
    shots: Sequence[int],
    numbers: list[int],
    found: list[Steadiness],
    bare: list[float],
    terms: dict[str, list[float]],
) -> TemporalReport:
    changing = [pair.error for pair in found if pair is not REPEATED]
    median, high = np.percentile(changing, [50, 95]).tolist() if changing else (0.0, 0.0)
    brightness = _drift(shots, numbers, [pair.brightness for pair in found])
    saturation = _drift(shots, numbers, [pair.saturation for pair in found])
    contents = terms["frame"] or [1.0] * len(numbers)
    reasons = [
        _reasons(pair, median, content, drifts)
        for pair, content, *drifts in zip(found, contents, brightness, saturation, strict=True)
    ]
    return TemporalReport(
        render,
        numbers,
        _rounded([pair.error for pair in found]),
        _rounded([pair.trusted for pair in found]),
        _rounded([pair.dragged for pair in found]),
        _rounded([pair.followed for pair in found]),
        _rounded(bare),
        _rounded(terms["frame"]),
        _rounded(terms["style"]),
        _rounded(brightness),
        _rounded(saturation),
        median=_rounded([median])[0],
        percentile_95=_rounded([high])[0],
        flagged={number: said for number, said in zip(numbers, reasons, strict=True) if said},
    )


def _reasons(pair: Steadiness, median: float, content: float, drifts: Sequence[float]) -> list[str]:
    """Why a frame is flagged, in sentences; empty if it is not.

    median: of the film's errors.
    content: the content term, relative to that of the shot's first frame.
    drifts: relative drift of brightness and of saturation.
    """
    reasons = []
    if pair.error > _ERROR * median:
        reasons.append(f"The temporal error is more than {_ERROR:g} times the median.")
    if pair.dragged > _DRAGGED and pair.followed > _FOLLOWED:
        reasons.append(
            f"In {pair.dragged:.0%} of the picture the flow is wrong and the paint went along."
        )
    if abs(content - 1) > _CONTENT:
        less = "less" if content > 1 else "more"
        reasons.append(
            f"It shows {less} of the film: its content term is {content:.2f} times that of the "
            "shot's first frame."
        )
    for name, value in zip(("brightness", "saturation"), drifts, strict=True):
        if abs(value) > _DRIFT:
            reasons.append(f"The {name} has drifted by {value:+.0%} in this shot.")
    return reasons


def _drift(shots: Sequence[int], numbers: list[int], changes: list[float]) -> list[float]:
    """Compound relative changes from frame to frame into the drift since the shot's first."""
    starts, drift, total = set(shots), [], 1.0
    for number, change in zip(numbers, changes, strict=True):
        total = (1.0 if number - 1 in starts else total) * (1 + change)
        drift.append(total - 1)
    return drift


def _rounded(values: Sequence[float]) -> list[float]:
    """Round to six significant digits, which is finer than the measurement."""
    return [float(f"{value:.6g}") for value in values]
