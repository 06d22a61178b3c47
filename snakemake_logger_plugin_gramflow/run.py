"""What a run has told so far, and the lines that a person reads of it. Reads and writes nothing.

Times are in seconds, of any clock that only rises.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gramflow.base.progress import WARNING, Progress, clock
from snakemake_logger_plugin_gramflow.painting import Due, Painting

PAINTING = "stylize"
ENCODING = "encode"

Line = tuple[tuple[str, str], ...]
"""Texts with their styles, as rich names them. Together they are one line."""


def line(text: str, style: str = "") -> Line:
    """A line in one style."""
    return ((text, style),)


def plain(shown: Line) -> str:
    """A line's text."""
    return "".join(text for text, _ in shown)


@dataclass(frozen=True)
class Job:
    """A job that runs.

    rule: without the prefix that another workflow may give it. name: of what it works on.
    frames: how many it paints. films: the films among its outputs, by render.
    """

    rule: str
    name: str
    started: float
    frames: int = 0
    films: tuple[tuple[str, str], ...] = ()


@dataclass
class Bar:
    """How far something is, for a terminal. share: from 0 to 1; None if that is unknown."""

    name: str
    share: float | None
    text: str


@dataclass
class Stage:
    """The jobs of a rule. known: how many there will be, as far as Snakemake has said."""

    known: int = 0
    done: int = 0
    began: float = 0.0
    running: set[int] = field(default_factory=set)
    names: list[str] = field(default_factory=list)


class Run:
    """All jobs of a run. Methods that are told of an event return the lines to show."""

    def __init__(self, now: float) -> None:
        self.began = now
        self.jobs: dict[int, Job] = {}
        self.stages: dict[str, Stage] = {}
        self.renders: dict[str, Painting] = {}
        self.films: dict[str, str] = {}
        self.latest: dict[int, str] = {}  # what each running job said last
        self._due: dict[int, Due] = {}

    def announced(self, counts: Mapping[str, int]) -> None:
        """Snakemake tells how many jobs of each rule there will be, as far as it knows."""
        for rule, count in counts.items():
            self.stages.setdefault(rule, Stage()).known = count

    def forecast(self, frames: Mapping[str, tuple[int, int]], now: float) -> None:
        """The workflow tells of each render how many frames are to be painted, of how many."""
        for name, (made, total) in frames.items():
            painting = self._painting(name, now)
            if painting.planned is None:
                painting.planned, painting.there = made, total - made

    def started(self, number: int, job: Job) -> list[Line]:
        """A job begins."""
        shown: list[Line] = []
        self.jobs[number] = job
        self._due[number] = Due(job.started)
        stage = self.stages.setdefault(job.rule, Stage())
        if not stage.running and not stage.done:
            stage.began = job.started
        stage.running.add(number)
        if job.rule == PAINTING:
            self._painting(job.name, job.started).started(number, job.frames, job.started)
        if job.rule == ENCODING:
            shown = self._painted(job.name, job.started)
        return shown

    def said(self, number: int, text: str) -> list[Line]:
        """A job has written a line to its log."""
        job = self.jobs[number]
        if text.startswith(WARNING):
            return [line(text, "yellow")]
        progress = Progress.from_line(text)
        if progress is None or job.rule != PAINTING:
            self.latest[number] = text.removeprefix(f"{job.name}: ")
        else:
            self.renders[job.name].said(number, progress)
        return []

    def finished(self, number: int, now: float) -> list[Line]:
        """A job has ended well."""
        job = self._end(number, now, well=True)
        if job is None:
            return []
        self.films.update(job.films)
        if job.rule == PAINTING:
            return self._painted(job.name, now) if self.renders[job.name].finished else []
        stage = self.stages[job.rule]
        stage.done += 1
        stage.names += [job.name] if job.name and job.name not in stage.names else []
        if stage.running or stage.done < stage.known:
            return []
        shown = _row(job.rule, _listed(stage.names), clock(now - stage.began))
        stage.done = stage.known = 0
        stage.names = []
        return [shown]

    def failed(self, number: int, now: float) -> Job | None:
        """A job has failed; returns it, if it was known."""
        return self._end(number, now, well=False)

    def bars(self, now: float) -> list[Bar]:
        """All that is at work."""
        shown = []
        for name, painting in self.renders.items():
            if painting.running:
                shown.append(Bar(name, painting.share, painting.words(now)))
        for number, job in self.jobs.items():
            if job.rule != PAINTING:
                told = self.latest.get(number, clock(now - job.started))
                shown.append(Bar(f"{job.rule} {job.name}".strip(), None, told))
        return shown

    def reports(self, now: float) -> list[Line]:
        """Lines of progress that are due where lines stay."""
        shown = []
        for name, painting in self.renders.items():
            if painting.running and painting.due.at(now, painting.share):
                shown.append(_row(PAINTING, name, painting.words(now)))
        for number, text in self.latest.items():
            if self._due[number].at(now, 1.0):
                shown.append(_row(self.jobs[number].rule, self.jobs[number].name, text))
        return shown

    def unfinished(self) -> list[Line]:
        """The renders that were begun and are not painted."""
        begun = [each for each in self.renders.values() if each.done and not each.told]
        return [_row(PAINTING, each.name, f"{each.counted()} are painted") for each in begun]

    def _painting(self, name: str, now: float) -> Painting:
        return self.renders.setdefault(name, Painting(name, now))

    def _painted(self, name: str, now: float) -> list[Line]:
        """The line of a render that is painted; once, and none if there was nothing to paint."""
        painting = self.renders.get(name)
        if painting is None or painting.told or not painting.done:
            return []
        painting.told = True
        return [_row(PAINTING, name, f"{painting.result(now)}, {clock(painting.busy(now))}")]

    def _end(self, number: int, now: float, well: bool) -> Job | None:
        job = self.jobs.pop(number, None)
        if job is None:
            return None
        self.latest.pop(number, None)
        self._due.pop(number, None)
        self.stages[job.rule].running.discard(number)
        if job.rule == PAINTING:
            self.renders[job.name].ended(number, now, well)
        return job


def _row(rule: str, name: str, text: str) -> Line:
    """A line of a stage or a render."""
    return (f"{rule:<10}  ", "cyan"), (f"{name:<24}  ", "bold"), (text, "")


def _listed(names: Iterable[str]) -> str:
    """A few names, or how many there are."""
    names = list(names)
    return ", ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"
