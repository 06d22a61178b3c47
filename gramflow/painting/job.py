"""Paints the frames of one job that are missing from the store, one after the other."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from gramflow.base.arrays import Picture
from gramflow.base.progress import WARNING, Every, Progress, Say
from gramflow.engine.backend import prepare
from gramflow.engine.colours import Colours
from gramflow.engine.optimizers import Curve
from gramflow.engine.stylizers import Painted, Stylizer
from gramflow.film.keys import frame_settings
from gramflow.film.manifest import Manifest
from gramflow.film.order import Step
from gramflow.film.plan import Job
from gramflow.film.scenes import led
from gramflow.media.pictures import to_pixels
from gramflow.painting import gpus
from gramflow.painting.frame import paint_frame
from gramflow.painting.frames import PaintedFrames
from gramflow.painting.inputs import Inputs, Opened
from gramflow.painting.neighbours import Neighbours
from gramflow.painting.scenes import Scenes
from gramflow.painting.setup import make_colours, make_features, make_flow
from gramflow.settings.config import Config
from gramflow.settings.looks import Look
from gramflow.settings.renders import Render
from gramflow.store.frames import Store, extracted_store, lock_file, painted_store
from gramflow.store.records import Record

OnFrame = Callable[[int, Picture, Picture], None]
"""Called with the number of a painted frame, its source, and its painting, at the same size."""


def paint_job(
    config: Config,
    render: Render,
    name: str,
    files: Inputs,
    output: Path,
    threads: int,
    say: Say,
    on_frame: OnFrame = lambda number, source, painted: None,
) -> None:
    """Paint the frames of a job that are missing from the store, then write the job's record.

    name: of the part that the job paints. output: path of the record. threads: CPU threads for
    painting. say: prints a line of progress. on_frame: called after each painted frame, so that it
    can be shown.
    The process may be killed at any time: finished frames stay in the store, and the next run
    continues after them. A second process with the same job waits until the first has ended.
    Raises GramflowError for a loss that is not finite, when the disk is full, and like `Opened`.
    """
    opened = Opened(config, render, files)
    plan, manifest, look, weights = opened.plan, opened.manifest, opened.look, opened.weights
    job = plan.jobs[name]
    title, colours = f"{render.name} {name}", make_colours(config, look)
    painted, extracted = painted_store(config.store), extracted_store(config.store)

    def stylizer() -> Stylizer:
        gpu.enter_context(gpus.lent(say))
        device = prepare(threads)
        made = opened.stylizer(job.part.frames[0])
        width, height = plan.size
        facts = [f"painting on {device}", f"{weights.source} weights", made.needs(height, width)]
        say(f"{title}: {', '.join(filter(None, facts))}")
        return made

    sources = Neighbours(
        read=lambda number: extracted.read(manifest.frames[number]),
        size=plan.size,
        flow=make_flow(config, look, make_features(config, look, weights)),
        kept=max(plan.backs, default=0) + 3,
        colours=colours,
    )
    frames = PaintedFrames(painted)
    now = frame_settings(config, look, manifest)
    painting = _Painting(
        title,
        job,
        plan.backs,
        look,
        manifest,
        now,
        opened.scenes(),
        sources,
        colours,
        frames,
        say,
        on_frame,
    )
    with _alone(lock_file(config.store, job.claim), title, say), ExitStack() as gpu:
        made = painting.paint(stylizer)
    Record(job.claim, render.name, asdict(weights), _told(job, made, painted)).save(output)


def _told(job: Job, made: set[str], painted: Store) -> list[dict[str, Any]]:
    """What the record tells of each frame; `made` holds the keys painted by this process."""
    frames = []
    for number, key in zip(job.part.frames, job.told, strict=True):
        told = painted.told(key) | {"frame": number, "reused": key not in made}
        frames.append({name: value for name, value in told.items() if name != "pixels"})
    return frames


@contextmanager
def _alone(path: Path, title: str, say: Say) -> Iterator[None]:
    """Hold an exclusive lock on a file, so that only one process works on a job.

    The system releases the lock when the process ends, even if it is killed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{title}: another process is at it; waiting for what it makes")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass
class _Painting:
    """A job being painted. now: returns, by a frame's number, the settings that it alone has.

    backs: distances, in steps back, of the painted neighbours that a frame needs.
    """

    title: str
    job: Job
    backs: tuple[int, ...]
    look: Look
    manifest: Manifest
    now: Callable[[int], dict[str, Any]]
    scenes: Scenes
    sources: Neighbours
    colours: Colours
    painted: PaintedFrames
    say: Say
    on_frame: OnFrame

    def paint(self, make_stylizer: Callable[[], Stylizer]) -> set[str]:
        """Paint the missing frames, wait until they are stored, and return their keys."""
        missing = self._missing()
        total = len(self.job.part.places)
        if len(missing) < total:
            self.say(f"{self.title}: {total - len(missing)} of {total} frames are there")
        if not missing:
            return set()
        try:
            return self._paint_all(make_stylizer(), missing, total)
        finally:
            self.painted.settle()

    def _paint_all(
        self, stylizer: Stylizer, missing: list[tuple[int, Step]], total: int
    ) -> set[str]:
        """Paint the `missing` of `total` pictures; return the keys of those painted.

        The last picture may still be being written when this returns.
        """
        started = time.monotonic()
        made, troubles = set(), []
        for done, (stage, step) in enumerate(missing, 1):
            key = self.job.keys[stage][step.number]
            if self.painted.store.is_intact(key):  # another render's job has painted it meanwhile
                continue
            place = Progress(self.title, total - len(missing) + done, total, 0)
            result, seconds = self._paint_frame(
                stylizer, stage, step, place, missing[done : done + 1]
            )
            made.add(key)
            left = (time.monotonic() - started) / done * (len(missing) - done)
            line = str(replace(_told_of(place, result), seconds=seconds, left=left))
            pixels, note = to_pixels(result.picture), _note(result, seconds)
            troubles += [f"frame {step.number}: {trouble}" for trouble in result.troubles]
            self.painted.keep(key, pixels, note, partial(self.say, line))
            self.on_frame(step.number, self.sources.source(step.number), result.picture)
        if troubles:
            others = f" (and {len(troubles) - 1} more, see the report)" if troubles[1:] else ""
            self.say(f"{WARNING}{self.title}: {troubles[0]}{others}")
        return made

    def _missing(self) -> list[tuple[int, Step]]:
        """Stage and step of the frames whose pictures are not in the store, once per key."""
        found: dict[str, tuple[int, Step]] = {}
        for chain in self.job.part.chains:
            for unled in chain.steps(list(self.backs)):
                step = led(unled, self.scenes.scene)
                key = self.job.keys[chain.stage][step.number]
                if not self.painted.store.is_intact(key):
                    found.setdefault(key, (chain.stage, step))
        return list(found.values())

    def _paint_frame(
        self,
        stylizer: Stylizer,
        stage: int,
        step: Step,
        place: Progress,
        following: list[tuple[int, Step]],
    ) -> tuple[Painted, float]:
        """Paint one frame; return the result and the seconds it took.

        place: the frame's position in the job. following: the next step, if any, whose flow is
        computed meanwhile.
        """
        started, keys = time.monotonic(), self.job.keys
        own = keys[stage - 1][step.number] if stage > 1 else None
        neighbours = self.sources.of(
            step,
            lambda number: self.painted.picture(keys[stage][number]),
            None if own is None else self.painted.picture(own),
        )
        for _, later in following:
            self.sources.look_ahead(later)
        neighbours, stylizer.turning = self.scenes.faded(step.number, step.neighbours, neighbours)
        stylizer.now = self.now(step.number)
        stylizer.areas = self.scenes.areas(step.number)
        result = paint_frame(
            stylizer,
            self.colours,
            self.look,
            self.sources.source(step.number),
            neighbours,
            self.manifest.frames[step.number],
            self._reporter(place),
            f"frame {place.frame}/{place.frames}",
        )
        return result, time.monotonic() - started

    def _reporter(self, place: Progress) -> Callable[[Curve], None]:
        """Return an `on_epoch` callback that prints progress within a frame every ten seconds."""
        due = Every(10)

        def report(curve: Curve) -> None:
            if due:
                now = replace(place, evaluations=curve.evaluations, loss=curve.lowest)
                self.say(str(now))

        return report


def _told_of(place: Progress, painted: Painted) -> Progress:
    """What is said of a painted frame."""
    loss = painted.losses[-1][1] if painted.losses else None
    return replace(place, evaluations=painted.evaluations, loss=loss)


def _note(painted: Painted, seconds: float) -> dict[str, Any]:
    """Metadata to store in a painted frame's PNG file."""
    return {
        "backend": os.environ["KERAS_BACKEND"],
        "evaluations": painted.evaluations,
        "losses": [[count, float(f"{loss:.6g}")] for count, loss in painted.losses],
        "terms": {name: float(f"{value:.6g}") for name, value in painted.terms.items()},
        "seconds": round(seconds, 2),
        **({"troubles": painted.troubles} if painted.troubles else {}),
    }
