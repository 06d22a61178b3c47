"""What a run will take, before it begins: frames, jobs, time, memory and disk."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from gramflow import recipes, store
from gramflow.assembly import make_extractor, make_losses, make_network
from gramflow.config import Config, Look, Render, is_live, is_stored, video_files
from gramflow.engine.precision import lowered
from gramflow.errors import GramflowError
from gramflow.files import read_json, write_json
from gramflow.manifest import Manifest
from gramflow.media.probe import Probe, probe
from gramflow.media.source import Source
from gramflow.resources import frames_mb, network_mb
from gramflow.weights import found_in, random_weights

CALIBRATION = Path("work/calibration.json")
_WIDTH, _HEIGHT = 256, 192  # of the picture that is timed
_TIMED = 3  # evaluations
JOB_SECONDS = 15.0
"""To start a job, load TensorFlow and trace the network."""


@dataclass(frozen=True)
class RenderPlan:
    """What a render will take.

    frames: to paint in all, over all passes. made: of them, what the store lacks and no render
    planned before makes, each picture once. jobs: of painting that have something to do. chain: the
    most frames that wait for each other: a shot's keyframes, then all passes over one of its
    segments. seconds: of one GPU; less where the stop rule ends early. memory_mb: of a job.
    disk_mb: of the frames to be painted.
    """

    name: str
    frames: int
    made: int
    jobs: int
    chain: int
    seconds: float
    memory_mb: int
    disk_mb: int


def plan_render(
    config: Config,
    render: Render,
    seconds: float,
    folder: Path = Path(),
    planned: set[str] | None = None,
) -> RenderPlan:
    """The plan of a render whose workflow runs in `folder`.

    seconds: per megapixel and evaluation (see calibrate). planned: the store's keys of what the
    renders before it make; those of this one are added. Raises GramflowError when the video cannot
    be read yet.
    """
    planned = set() if planned is None else planned
    look = config.looks[render.look]
    manifest = _manifest(config, render.video, folder)
    keys = recipes.painted_keys(config, render, manifest, found_in(folder))
    painted = store.painted(folder / config.store)
    width, height = recipes.working_size(look, manifest)
    chained = bool(recipes.neighbours(config, look))
    frames = made = jobs = 0
    whole = 0.0
    chains: dict[str, int] = {}
    for part in recipes.parts(config, render, manifest):
        found = {keys[stage][number] for stage, number in part.places}
        lacking = {key for key in found - planned if key not in painted}
        planned |= lacking
        missing = len(lacking)
        frames, made, jobs = frames + len(part.places), made + missing, jobs + (missing > 0)
        chains[part.name] = missing + max((chains[name] for name in part.needs), default=0)
        anew = sum(stage == 0 for stage, _ in part.places) if chained else missing
        whole += look.evaluations_of(missing, min(anew, missing))
    return RenderPlan(
        render.name,
        frames,
        made,
        jobs,
        max(chains.values()),
        seconds * width * height / 1e6 * whole + JOB_SECONDS * jobs,
        network_mb(width, height, config.memory),
        frames_mb(width, height, made, bits=16),
    )


def duration(plans: Sequence[RenderPlan], gpus: int) -> float:
    """Seconds that several GPUs take for all, painting at once whatever does not wait."""
    longest = max((plan.chain / max(plan.made, 1) * plan.seconds for plan in plans), default=0.0)
    return max(sum(plan.seconds for plan in plans) / gpus, longest)


def _manifest(config: Config, video: str, folder: Path) -> Manifest:
    """A video's manifest; before its extraction one of as many frames, in a single shot."""
    path = folder / f"work/{video}/manifest.json"
    if path.is_file():
        return Manifest.load(path)
    settings = config.videos[video]
    probed = folder / f"work/{video}/probe.json"
    if not probed.is_file() and (is_live(settings["path"]) or is_stored(settings["path"])):
        raise GramflowError(
            f"videos.{video}.path: {settings['path']} is not here yet, so its frames cannot be "
            "counted; run snakemake --until probe first"
        )
    files = video_files(settings)
    source = Source.from_config(video, settings, files or [str(path)])
    found = Probe.load(probed) if probed.is_file() else probe(source)
    whole = float(Fraction(found.duration))
    end = whole if source.end is None else min(float(source.end), whole)
    share = max(end - float(source.start or 0), 0) / whole
    numbers = range(max(round(found.frames * share), 1))
    width, height = source.size(*found.upright)
    return Manifest(width, height, "1/1", 0, [str(n) for n in numbers], list(numbers), 1, [0])


def calibrate(config: Config, look: Look, device: str) -> float:
    """Seconds of one evaluation per megapixel on this machine's device.

    Timed once with random weights, a few evaluations of a small picture, and kept in
    work/calibration.json for this network, this precision, these loss terms and this device.
    """
    recipe = [device, config.network, look.pooling, look.padding, look.precision, look.losses]
    name = recipes.digest(recipe)[:16]
    known: dict[str, float] = read_json(CALIBRATION) if CALIBRATION.is_file() else {}
    if name not in known:
        known[name] = _timed(config, look)
        write_json(CALIBRATION, known)
    return known[name]


def _timed(config: Config, look: Look) -> float:
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
    objective(picture, targets)  # traces
    started = time.monotonic()
    for _ in range(_TIMED):
        float(objective(picture, targets)[0])
    return (time.monotonic() - started) / _TIMED / (_WIDTH * _HEIGHT / 1e6)
