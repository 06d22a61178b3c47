"""The plan: all jobs of a render with the keys of their frames, computed once and saved as JSON.

Rules, jobs, `gramflow plan` and `gramflow status` all read the same plan.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Self

from gramflow.base.errors import GramflowError
from gramflow.base.files import Document
from gramflow.film.colours import sampled_colours
from gramflow.film.digests import DIGITS, digest
from gramflow.film.identity import Weights
from gramflow.film.keys import Keys, Masks, painted_keys, parts, pictures
from gramflow.film.manifest import Manifest
from gramflow.film.order import Chain, Part, Step
from gramflow.film.recipes import learns, neighbours, recipe, target_name
from gramflow.film.scenes import scenes
from gramflow.film.sizes import working_size
from gramflow.settings.config import Config
from gramflow.settings.renders import Render


@dataclass(frozen=True)
class KeyRun(Mapping[int, str]):
    """Mapping from frame numbers at constant spacing to the frames' keys.

    text: the keys, concatenated to one string, since a feature film's plan has a million of them.
    """

    frames: range
    text: str

    @classmethod
    def of(cls, frames: Iterable[int], keys: Mapping[int, str]) -> "KeyRun":
        """Select the keys of some frames. Raises ValueError unless their spacing is constant."""
        found = sorted(frames)
        run = range(found[0], found[-1] + 1, found[1] - found[0] if len(found) > 1 else 1)
        if found != list(run):
            raise ValueError(f"frames are not evenly numbered: {found}")
        return cls(run, "".join(keys[number] for number in run))

    def __getitem__(self, number: int) -> str:
        try:
            place = self.frames.index(number)
        except ValueError as error:
            raise KeyError(number) from error
        return self.text[_DIGITS * place : _DIGITS * (place + 1)]

    def __iter__(self) -> Iterator[int]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


_DIGITS = 64  # hexadecimal digits of a key


@dataclass(frozen=True)
class Job:
    """One painting job.

    part: the frames, their order, and the parts that must be painted before.
    keys: keys of the painted frames that the job makes or reads, by stage (0 for keyframes, else
        the pass) and frame number.
    claim: digest of the keys of the frames that the job's record lists; part of the record's name.
    final: whether the job's frames are frames of the film (those of the last pass).
    """

    part: Part
    keys: dict[int, KeyRun]
    claim: str
    final: bool

    def anew(self, frames: int, chained: bool) -> int:
        """How many of the first so many missing frames have nothing painted to start from.

        chained: whether frames start from each other; then only keyframes may have nothing.
        """
        keyframes = sum(stage == 0 for stage, _ in self.part.places)
        return min(keyframes, frames) if chained else frames

    @property
    def told(self) -> list[str]:
        """Keys of the frames that the job's record lists, in order."""
        painted = self.keys[self.part.stage]
        return [painted[number] for number in self.part.frames]

    @property
    def made(self) -> list[str]:
        """Keys of the pictures that the job paints, in order of painting."""
        return [self.keys[stage][number] for stage, number in self.part.places]


@dataclass(frozen=True)
class Plan(Document):
    """All jobs of a render, each after the jobs that it needs.

    manifest: digest of the video's manifest.
    weights: the network and its weights; None while they are unknown.
    recipe: digest of all that determines a painted frame, but the frame (see `recipes.recipe`).
    size: width and height to paint at, in pixels.
    targets: names of the target files, by style (see `Config.styles_of`); empty if the style gets
        the colours of each shot, whose job computes them then.
    trained: name of the file with what the look's stylizer learns before it paints; "" if it learns
        nothing.
    backs: distances of the painted neighbours that a frame needs, in steps back, rising; empty if
        frames do not depend on each other.
    jobs: by the part's name.
    others: of a film some of whose shots other renders paint, their final jobs, by the render.
    """

    render: str
    manifest: str
    weights: Weights | None
    recipe: str
    size: tuple[int, int]
    targets: dict[str, str]
    trained: str
    backs: tuple[int, ...]
    jobs: dict[str, Job]
    others: dict[str, list[Job]] = field(default_factory=dict)

    @property
    def film(self) -> list[tuple[str, Job]]:
        """The jobs whose frames are the film's, in its order, each with its render's name."""
        own = [(self.render, job) for job in self.final]
        others = [(name, job) for name, jobs in self.others.items() for job in jobs]
        return sorted([*own, *others], key=lambda each: each[1].part.frames.start)

    @property
    def frames(self) -> list[str]:
        """Keys of the film's painted frames, in order."""
        return [key for _, job in self.film for key in job.told]

    @property
    def made(self) -> list[str]:
        """Keys of all pictures that the jobs paint, over all passes."""
        return [key for job in self.jobs.values() for key in job.made]

    @property
    def length(self) -> int:
        """Number of the film's frames."""
        return sum(len(job.part.frames) for _, job in self.film)

    @property
    def final(self) -> list[Job]:
        """The jobs of this render whose frames are the film's, in the film's order."""
        return [job for job in self.jobs.values() if job.final]

    def to_values(self) -> dict[str, Any]:
        """Return the fields as JSON values; jobs as a list, since JSON keys get sorted."""
        weights = self.weights and self.weights.to_values()
        jobs = [_job_values(job) for job in self.jobs.values()]
        others = {name: list(map(_job_values, found)) for name, found in self.others.items()}
        return vars(self) | {"jobs": jobs, "weights": weights, "others": others}

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """Return the plan of the values that `to_values` gave."""
        jobs = [_job(job) for job in values["jobs"]]
        weights = values["weights"] and Weights.from_values(values["weights"])
        tuples = {key: tuple(values[key]) for key in ("size", "backs")}
        found = {job.part.name: job for job in jobs}
        # plans of versions without other shots do not have them
        borrowed = values.get("others", {})
        others = {name: list(map(_job, found)) for name, found in borrowed.items()}
        return cls(**values | tuples | {"jobs": found, "weights": weights, "others": others})


def make_plan(
    config: Config,
    render: Render,
    manifest: Manifest,
    weights: Weights | None,
    masks: Masks = MappingProxyType({}),
) -> Plan:
    """Plan a render: compute its parts, keys and jobs.

    weights: None while they are unknown; the keys are then not those of the store. masks: those of
    the video that the look needs (see `Config.masks_of`), and those that its examples need.
    Raises GramflowError for a size that cannot be painted, for shots that the video lacks, and for
    a timeline that does not fit the film.
    """
    _check_shots(render, manifest)
    look = config.looks[render.look]
    size, backs = working_size(look, manifest), tuple(neighbours(config, look))
    examples = [
        make_plan(config, example, manifest, weights, masks).frames
        for example in config.examples_of(render)
    ]
    made_of = recipe(config, render, size, weights)
    learnt_from = [*examples, manifest.frames] if learns(config, look) else examples
    base = digest([made_of, learnt_from] if learnt_from else made_of)
    found = [
        part
        for part in parts(config, look, manifest)
        if render.paints(manifest.shot_of(part.frames.start))
    ]
    scene = scenes(look, render.style, manifest)
    frames = pictures(config, render, manifest, weights, masks, scene)
    keys = painted_keys(found, backs, frames, base, scene)
    jobs = {}
    for part in found:
        claim = digest([keys[part.stage][number] for number in part.frames])
        jobs[part.name] = Job(part, _touched(part, backs, keys), claim, part.stage == len(keys) - 1)
    return Plan(
        render=render.name,
        manifest=manifest.digest,
        weights=weights,
        recipe=digest(made_of),
        size=size,
        targets={
            style: target_name(config, config.styles[style], look, weights)
            for style in config.styles_of(render)
            if sampled_colours(config, look) == "none"
        },
        trained=base[:DIGITS] if learns(config, look) else "",
        backs=backs,
        jobs=jobs,
        others={
            other.name: make_plan(config, other, manifest, weights, masks).final
            for other in render.others
        },
    )


def _check_shots(render: Render, manifest: Manifest) -> None:
    """Raise GramflowError for shots that the video does not have."""
    numbers, count = [*(number for number, _, _ in render.shots), *render.only], len(manifest.shots)
    for number in numbers:
        if number > count:
            raise GramflowError(
                f"renders.shots.{number}: {render.film or render.name} has no such shot; the last "
                f"one of {render.video} is {count}"
            )


def _touched(part: Part, backs: tuple[int, ...], keys: Keys) -> dict[int, KeyRun]:
    """Keys of the painted frames that a part's job makes or reads, by stage."""
    found: dict[int, set[int]] = {}
    for stage, numbers in _read_or_made(part, backs):
        found.setdefault(stage, set()).update(numbers)
    return {stage: KeyRun.of(numbers, keys[stage]) for stage, numbers in found.items() if numbers}


def _read_or_made(part: Part, backs: tuple[int, ...]) -> list[tuple[int, set[int]]]:
    """Stages and frame numbers of the pictures that a part's job makes or reads."""
    found: list[tuple[int, set[int]]] = [(part.stage, set(part.frames))]
    for chain in part.chains:
        steps = list(chain.steps(list(backs)))
        found.append((chain.stage, {number for step in steps for number in _sources(step)}))
        if chain.stage > 1:
            found.append((chain.stage - 1, {step.number for step in steps}))
    return found


def _sources(step: Step) -> list[int]:
    lead = [] if step.lead is None else [step.lead]
    return [step.number, *step.neighbours.values(), *lead]


def _job_values(job: Job) -> dict[str, Any]:
    part = job.part
    return {
        "name": part.name,
        "frames": _limits(part.frames),
        "chains": [asdict(chain) | {"numbers": _limits(chain.numbers)} for chain in part.chains],
        "needs": part.needs,
        "keys": {stage: [_limits(run.frames), run.text] for stage, run in job.keys.items()},
        "claim": job.claim,
        "final": job.final,
    }


def _limits(numbers: range) -> list[int]:
    return [numbers.start, numbers.stop, numbers.step]


def _job(values: dict[str, Any]) -> Job:
    chains = tuple(
        Chain(**chain | {"numbers": range(*chain["numbers"])}) for chain in values["chains"]
    )
    part = Part(values["name"], range(*values["frames"]), chains, tuple(values["needs"]))
    keys = {
        int(stage): KeyRun(range(*numbers), text)
        for stage, (numbers, text) in values["keys"].items()
    }
    return Job(part, keys, values["claim"], values["final"])
