"""Forecasts of a run before it begins: frames, jobs, time, memory and disk space."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from gramflow.base.errors import GramflowError
from gramflow.base.files import read_json, write_json
from gramflow.base.machine import snakemake_command
from gramflow.engine.precision import lowered
from gramflow.film.digests import short_digest
from gramflow.film.identity import random_weights
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan, make_plan
from gramflow.media.probe import Probe, probe
from gramflow.media.source import Source
from gramflow.painting.setup import make_extractor, make_losses, make_network
from gramflow.settings.config import Config
from gramflow.settings.looks import Look
from gramflow.settings.renders import Render
from gramflow.settings.videos import is_live, is_stored, video_files
from gramflow.store.frames import Listing, Store
from gramflow.store.layout import CALIBRATION, Layout
from gramflow.store.plans import is_untrained
from gramflow.view.estimates import effort_of, evaluations_of, frames_mb, network_mb

_WIDTH, _HEIGHT = 256, 192  # pixels of the picture that is timed
_TIMED = 3  # number of evaluations
JOB_SECONDS = 15.0
"""Seconds that a job takes to start, load TensorFlow and trace the network."""


@dataclass(frozen=True)
class Forecast:
    """Forecast of one render.

    frames: pictures to paint in total, over all passes.
    made: those of them that neither the store has nor an earlier render of the run makes; each key
        counts once.
    jobs: painting jobs that have something to paint.
    chain: the longest sequence of frames that wait for each other: a shot's keyframes, then all
        passes over one of its segments.
    evaluations: maximum number of evaluations of the loss, in units of one at the full size.
    width, height: pixels of a frame.
    memory: the config's memory limit.
    """

    name: str
    frames: int
    made: int
    jobs: int
    chain: int
    evaluations: float
    width: int
    height: int
    memory: str | None

    def seconds(self, speed: float) -> float:
        """Maximum time on one GPU; less where the stop rule ends frames early.

        speed: seconds per megapixel and evaluation, as `calibrate` returns them.
        """
        return speed * self.width * self.height / 1e6 * self.evaluations + JOB_SECONDS * self.jobs

    @property
    def memory_mb(self) -> int:
        """Megabytes of memory that a job needs."""
        return network_mb(self.width, self.height, self.memory)

    @property
    def disk_mb(self) -> int:
        """Megabytes on disk of the frames to be painted."""
        return frames_mb(self.width, self.height, self.made, bits=16)


def forecast(
    config: Config, plan: Plan, painted: Store | Listing, planned: set[str] | None = None
) -> Forecast:
    """Forecast a render from its plan.

    painted: the store of painted frames.
    planned: store keys of the frames that earlier renders of the run make; this render's are added
        in place.
    """
    look = config.looks[config.painted[plan.render].look]
    effort = effort_of(config, look, plan.size)
    planned = set() if planned is None else planned
    frames = made = jobs = 0
    chains: dict[str, int] = {}
    evaluations = 0.0
    for job in plan.jobs.values():
        wanted = set(job.made) - planned
        wanted -= painted.sizes(wanted).keys()
        planned |= wanted
        missing = len(wanted)
        frames, made, jobs = frames + len(job.made), made + missing, jobs + bool(missing)
        before = max((chains[name] for name in job.part.needs), default=0)
        chains[job.part.name] = missing + before
        evaluations += evaluations_of(look, effort, missing, job.anew(missing, bool(plan.backs)))
    if made and is_untrained(plan):
        evaluations += effort.training or 0
    return Forecast(
        plan.render,
        frames,
        made,
        jobs,
        max(chains.values(), default=0),
        evaluations,
        *plan.size,
        config.memory,
    )


def guessed_plan(config: Config, render: Render, found: Probe) -> Plan:
    """The plan as expected before extraction: the probe's number of frames in a single shot.

    Shots of other looks count as the film's own: a render that paints only such has no frames.
    """
    plain = replace(render, shots=(), only=())
    # times and shots of the guessed film are not those that a timeline names
    looks = {name: replace(look, timeline=[]) for name, look in config.looks.items()}
    config = replace(config, looks=looks)
    return make_plan(config, plain, _guessed_manifest(config, render.video, found), None)


def in_words(forecasts: Sequence[Forecast], unknown: Sequence[str], guessed: Sequence[str]) -> str:
    """One line that says how many frames are to be painted; empty if there are none.

    unknown: videos whose frames cannot be counted yet.
    guessed: videos that are not planned yet, so that their numbers are estimates.
    """
    frames, jobs = sum(each.made for each in forecasts), sum(each.jobs for each in forecasts)
    if not frames and not unknown:
        return ""
    about = "about " if guessed else ""
    counted = f"{about}{frames} frame{'s' * (frames != 1)}"
    line = f"{counted} to paint in {about}{jobs} job{'s' * (jobs != 1)}"
    if guessed:
        line += f"; not planned yet: {', '.join(guessed)}"
    if unknown:
        line += f"; not known yet: {', '.join(unknown)}"
    return line


def duration(forecasts: Sequence[Forecast], speeds: Sequence[float], gpus: int) -> float:
    """Seconds to paint all renders on several GPUs; no less than the longest chain takes on one.

    speeds: of each forecast, seconds per megapixel and evaluation.
    """
    seconds = [each.seconds(speed) for each, speed in zip(forecasts, speeds, strict=True)]
    longest = max(
        (
            each.chain / max(each.made, 1) * own
            for each, own in zip(forecasts, seconds, strict=True)
        ),
        default=0.0,
    )
    return max(sum(seconds) / gpus, longest)


def probe_of(config: Config, video: str, layout: Layout) -> Probe:
    """What a run found about a video, or else what probing its file tells now.

    Raises GramflowError when the video cannot be read yet.
    """
    settings, probed = config.videos[video], Path(layout.probe(video))
    with suppress(FileNotFoundError, ValueError):
        return Probe.load(probed)
    if is_live(settings["path"]) or is_stored(settings["path"]):
        raise GramflowError(
            f"videos.{video}.path: {settings['path']} is not here yet, so its frames cannot be "
            f"counted; run {snakemake_command('--until', 'probe')} first"
        )
    return probe(Source.from_config(video, settings, video_files(settings)))


def extraction_mb(config: Config, video: str, layout: Layout, frames: Listing) -> int:
    """Megabytes of a video's source frames that the store has not yet, by the probe's count.

    frames: listing of the store of extracted frames. Errors as of `probe_of`.
    """
    with suppress(FileNotFoundError, ValueError):
        wanted = set(Manifest.load(Path(layout.manifest(video))).frames)
        if not wanted - frames.sizes(wanted).keys():
            return 0
    found = probe_of(config, video, layout)
    guessed = _guessed_manifest(config, video, found)
    return frames_mb(guessed.width, guessed.height, len(guessed.frames), found.bits)


def _guessed_manifest(config: Config, video: str, found: Probe) -> Manifest:
    """A manifest with the expected number of frames in a single shot; its hashes are fake."""
    source = Source.from_config(video, config.videos[video], [""])
    whole = float(Fraction(found.duration))
    end = whole if source.end is None else min(float(source.end), whole)
    share = max(end - float(source.start or 0), 0) / whole
    numbers = range(max(round(found.frames * share), 1))
    width, height = source.size(*found.upright)
    return Manifest(width, height, "1/1", 0, [str(n) for n in numbers], list(numbers), 1, [0])


def calibrate(config: Config, look: Look, device: str) -> float:
    """Seconds per megapixel that one evaluation of the loss takes on this machine.

    device: name of the device that computes.
    Measured once, on a small picture with random weights. The result is kept in
    work/calibration.json for this network, pooling, padding, precision, loss terms and device.
    """
    recipe = [device, config.network, look.pooling, look.padding, look.precision, look.losses]
    name = short_digest(recipe)
    path = Path(CALIBRATION)
    known: dict[str, float] = {}
    with suppress(OSError, ValueError):  # it is not there yet, or damaged
        known = dict(read_json(path))
    if name not in known:
        known[name] = _timed(config, look)
        write_json(path, known)
    return known[name]


def _timed(config: Config, look: Look) -> float:
    """Measure what `calibrate` returns."""
    from gramflow.engine.objective import Objective

    network = make_network(config, config.network)
    extractor = make_extractor(config, look, random_weights(config.network))
    losses = {name: loss for name, loss in make_losses(config, look).items() if loss.layers}
    objective = Objective(extractor, losses)
    low = lowered(extractor, look.precision, f"looks.{look.name}")
    noise = np.random.default_rng(0).uniform(0, 1, (_HEIGHT, _WIDTH, 3)).astype(np.float32)
    picture = network.preprocess(noise)
    targets = objective.targets(picture, "frame") | objective.targets(picture, "style")
    if low is not None:
        objective = Objective(low, losses)
    objective(picture, targets)  # the first call traces the graph, and is not timed
    started = time.monotonic()
    for _ in range(_TIMED):
        float(objective(picture, targets)[0])
    return (time.monotonic() - started) / _TIMED / (_WIDTH * _HEIGHT / 1e6)
