"""Painting a segment frame by frame: what is in the store stays, what lacks is made."""

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from gramflow import recipes
from gramflow.assembly import make_flow, make_stylizer
from gramflow.config import Config, Look, Render
from gramflow.engine.device import prepare
from gramflow.engine.optimizers import Curve
from gramflow.engine.stylizers import Painted, Stylizer
from gramflow.errors import GramflowError
from gramflow.files import canonical
from gramflow.footage import Footage
from gramflow.manifest import Manifest, Segment
from gramflow.media.pictures import to_pixels
from gramflow.progress import Every, Say, clock
from gramflow.records import Record
from gramflow.styles import load_targets
from gramflow.weights import Weights


@dataclass(frozen=True)
class SegmentFiles:
    """The files of a segment's job."""

    manifest: Path
    targets: Path
    weights: Path
    record: Path


def paint_segment(
    config: Config, render: Render, segment: Segment, files: SegmentFiles, threads: int, say: Say
) -> None:
    """Paint the frames of a segment that the store lacks, then write its record.

    May be killed at any time: every finished frame is in the store, and the next try goes on
    after it. A second process with the same segment waits for the first.
    """
    manifest, weights = Manifest.load(files.manifest), Weights.load(files.weights)
    keys = recipes.painted_keys(config, render, manifest, weights.identity)
    claim = recipes.plans(config, render, manifest)[segment.name].claim
    look = config.looks[render.look]
    if files.targets.stem != recipes.target_name(config, config.styles[render.style], look):
        raise recipes.replaced(f"styles.{render.style}")

    def stylizer() -> Stylizer:
        device = prepare(threads)
        made = make_stylizer(config, look, weights, load_targets(files.targets))
        width, height = recipes.working_size(look, manifest)
        facts = [f"painting on {device}", f"{weights.source} weights", made.needs(height, width)]
        say(f"{render.name} {segment.name}: {', '.join(filter(None, facts))}")
        return made

    footage = Footage(
        config.store,
        manifest.frames,
        keys,
        recipes.working_size(look, manifest),
        recipes.neighbours(config, look),
        make_flow(config, look),
        manifest.shot_start(segment.first),
    )
    name = f"{render.name} {segment.name}"
    with _alone(files.record.with_suffix(".lock"), say):
        made = _Segment(name, segment, look, footage, say).paint(stylizer)
    frames = [
        {"frame": number, "key": keys[number], "reused": number not in made}
        | json.loads(footage.painted.note(keys[number]))
        for number in segment.frames
    ]
    Record(claim, render.name, asdict(weights), frames).save(files.record)


@contextmanager
def _alone(path: Path, say: Say) -> Iterator[None]:
    """One process at a time; a dead one's lock is free at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{path.stem}: another process is at it; waiting for what it makes")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass
class _Segment:
    """The frames of one segment being painted."""

    name: str
    segment: Segment
    look: Look
    footage: Footage
    say: Say

    def paint(self, make_stylizer: Callable[[], Stylizer]) -> set[int]:
        """Paint what the store lacks; returns the numbers of the frames made."""
        keys, painted = self.footage.keys, self.footage.painted
        count = len(self.segment.frames)
        # a frame may stand in a film more than once
        first = {keys[number]: number for number in reversed(self.segment.frames)}
        missing = sorted(number for key, number in first.items() if key not in painted)
        if len(missing) < count:
            self.say(f"{self.name}: {count - len(missing)} of {count} frames are there")
        if not missing:
            return set()
        stylizer = make_stylizer()
        started = time.monotonic()
        made = set()
        for done, number in enumerate(missing, 1):
            if keys[number] in painted:  # another render's job made it meanwhile
                continue
            line = self._paint_frame(stylizer, number, missing[done : done + 1])
            made.add(number)
            left = (time.monotonic() - started) / done * (len(missing) - done)
            self.say(f"{self.name}: {self._place(number)}, {line}, {clock(left)} left")
        return made

    def _place(self, number: int) -> str:
        return f"frame {number - self.segment.first + 1}/{len(self.segment.frames)}"

    def _paint_frame(self, stylizer: Stylizer, number: int, following: list[int]) -> str:
        """Paint one frame into the store; returns what to tell of it."""
        started, footage = time.monotonic(), self.footage
        neighbours = footage.neighbours(number)
        for later in following:
            footage.look_ahead(later)
        result = stylizer.paint(
            footage.frame(number),
            neighbours,
            _seed(self.look.seed, footage.frames[number]),
            self._reporter(number),
        )
        seconds = time.monotonic() - started
        if not np.isfinite(result.picture).all():
            raise GramflowError(
                f"looks.{self.look.name}: the loss of {self._place(number)} is not finite; lower "
                "the weights of its loss terms"
            )
        pixels = to_pixels(result.picture)
        footage.painted.write(footage.keys[number], pixels, _note(result, seconds))
        loss = f"loss {result.losses[-1][1]:.4g}, " if result.losses else ""
        return f"{result.evaluations} evaluations, {loss}{seconds:.1f} s"

    def _reporter(self, number: int) -> Callable[[Curve], None]:
        """Tells every ten seconds how far a frame is."""
        due = Every(10)

        def report(curve: Curve) -> None:
            if due:
                self.say(
                    f"{self.name}: {self._place(number)}, evaluation {curve.evaluations}, "
                    f"loss {curve.lowest:.4g}"
                )

        return report


def _seed(seed: int, frame: str) -> int:
    """A frame's own seed: the same picture always starts from the same noise."""
    return int(hashlib.sha256(f"{seed} {frame}".encode()).hexdigest()[:16], 16)


def _note(painted: Painted, seconds: float) -> str:
    """How a frame came about, to travel in its file."""
    return canonical(
        {
            "evaluations": painted.evaluations,
            "losses": [[count, float(f"{loss:.6g}")] for count, loss in painted.losses],
            "terms": {name: float(f"{value:.6g}") for name, value in painted.terms.items()},
            "seconds": round(seconds, 2),
        }
    )
