"""What each job of a render paints, worked out once and kept as a file.

Rules, jobs, `gramflow plan` and `gramflow status` all read the same plan.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from gramflow.base.files import Document
from gramflow.film.identity import Weights
from gramflow.film.keys import (
    Keys,
    digest,
    neighbours,
    painted_keys,
    parts,
    target_name,
    working_size,
)
from gramflow.film.manifest import Manifest
from gramflow.film.order import Chain, Part, Step
from gramflow.settings.config import Config, Render


@dataclass(frozen=True)
class KeyRun(Mapping[int, str]):
    """The store's keys of evenly numbered frames, by number.

    text: the keys, one after the other; a feature film's plan has a million of them.
    """

    frames: range
    text: str

    @classmethod
    def of(cls, frames: Iterable[int], keys: Mapping[int, str]) -> "KeyRun":
        """The keys of these frames. Raises ValueError for frames that are not evenly numbered."""
        found = sorted(frames)
        run = range(found[0], found[-1] + 1, found[1] - found[0] if len(found) > 1 else 1)
        if found != list(run):
            raise ValueError(f"frames are not evenly numbered: {found}")
        return cls(run, "".join(keys[number] for number in run))

    def __getitem__(self, number: int) -> str:
        place = self.frames.index(number) if number in self.frames else None
        if place is None:
            raise KeyError(number)
        return self.text[_DIGITS * place : _DIGITS * (place + 1)]

    def __iter__(self) -> Iterator[int]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


_DIGITS = 64  # of a key


@dataclass(frozen=True)
class Job:
    """What one job paints.

    part: the frames, their order, and the jobs that come before.
    keys: the store's keys of the painted frames that the job makes or goes on from, by stage (0 for
        keyframes, else the pass) and frame.
    claim: digest of the keys of the frames that its record tells of; part of the record's name.
    final: whether the film is made of its frames.
    """

    part: Part
    keys: dict[int, KeyRun]
    claim: str
    final: bool

    @property
    def told(self) -> list[str]:
        """The keys of the frames that its record tells of, in order."""
        painted = self.keys[self.part.stage]
        return [painted[number] for number in self.part.frames]

    @property
    def made(self) -> list[str]:
        """The keys of the pictures that it paints, in order."""
        return [self.keys[stage][number] for stage, number in self.part.places]


@dataclass(frozen=True)
class Plan(Document):
    """All jobs of a render, each after those that it needs.

    manifest: digest of the video's manifest. weights: the network and its weights; None before they
    are found. size: width and height that is painted at.
    target: name of the style's targets. backs: how many steps back the painted frames are that a
    frame needs, rising; empty where frames do not depend on each other.
    """

    render: str
    manifest: str
    weights: Weights | None
    size: tuple[int, int]
    target: str
    backs: tuple[int, ...]
    jobs: dict[str, Job]

    @property
    def frames(self) -> list[str]:
        """The keys of the film's frames, in order."""
        return [key for job in self.final for key in job.told]

    @property
    def final(self) -> list[Job]:
        """The jobs whose frames make the film, in its order."""
        return [job for job in self.jobs.values() if job.final]

    def to_values(self) -> dict[str, Any]:
        """Return the fields as JSON values; the jobs in a list, as their order matters."""
        weights = self.weights and self.weights.to_values()
        jobs = [_job_values(job) for job in self.jobs.values()]
        return vars(self) | {"jobs": jobs, "weights": weights}

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """Return the plan of the values that `to_values` gave."""
        jobs = [_job(job) for job in values["jobs"]]
        weights = values["weights"] and Weights.from_values(values["weights"])
        tuples = {key: tuple(values[key]) for key in ("size", "backs")}
        found = {job.part.name: job for job in jobs}
        return cls(**values | tuples | {"jobs": found, "weights": weights})


def make_plan(config: Config, render: Render, manifest: Manifest, weights: Weights | None) -> Plan:
    """Plan a render.

    weights: None before they are found; the keys are then not those of the store.
    Raises GramflowError for a size that cannot be painted, and for a style that is gone.
    """
    look = config.looks[render.look]
    keys = painted_keys(config, render, manifest, weights)
    backs = tuple(neighbours(config, look))
    jobs = {}
    for part in parts(config, render, manifest):
        claim = digest([keys[part.stage][number] for number in part.frames])
        jobs[part.name] = Job(part, _touched(part, backs, keys), claim, part.stage == len(keys) - 1)
    return Plan(
        render=render.name,
        manifest=manifest.digest,
        weights=weights,
        size=working_size(look, manifest),
        target=target_name(config, config.styles[render.style], look, weights),
        backs=backs,
        jobs=jobs,
    )


def _touched(part: Part, backs: tuple[int, ...], keys: Keys) -> dict[int, KeyRun]:
    """Of all keys those that a part's job makes or reads."""
    found: dict[int, set[int]] = {}
    for stage, numbers in _read_or_made(part, backs):
        found.setdefault(stage, set()).update(numbers)
    return {stage: KeyRun.of(numbers, keys[stage]) for stage, numbers in found.items() if numbers}


def _read_or_made(part: Part, backs: tuple[int, ...]) -> list[tuple[int, set[int]]]:
    """Stage and numbers of the painted frames that a part's job makes or reads."""
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
