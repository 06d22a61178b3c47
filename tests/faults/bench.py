"""Lets a disturbed project go on, and compares what comes of it with an undisturbed run."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from gramflow.store.frames import extracted_store, mask_store, painted_store, pixels_digest
from gramflow.store.png import decode_png
from tests.support.media import write_raw
from tests.support.project import COPYING, Project
from tests.support.tiny import FRAMES, QUICK, write_film, write_style

RENDER = "clip.red"
STROKES = "strokes.txt"
"""File in the project to which the copying stylizer adds a line for each frame that it begins."""

PATIENCE = 3600
"""Seconds that a run may take on a busy machine."""

STARTED = re.compile(r"^(?:local)?(?:rule|checkpoint) (?!all|everything|again)", re.MULTILINE)
"""How Snakemake's log tells that a job begins."""


def copying_project(folder: Path) -> Project:
    """A film with a mask, in segments of three frames, painted by a stylizer that copies."""
    look = {"width": 32, "stylizer": "copying", "start": "content", "regions": {"figure": {}}}
    project = _project(folder, look)
    telling = f'Path("{STROKES}").open("a").write(f"{{seed}}\\n")'
    source = COPYING.replace("return", f"{telling}\n        return")
    (folder / "copying.py").write_text(f"from pathlib import Path\n{source}")
    masks = [np.full((48, 64, 3), 40 * number, np.uint8) for number in range(FRAMES)]
    write_raw(folder / "masks.mkv", masks, rate=12)
    project.config["videos"]["clip"]["masks"] = {"figure": "masks.mkv"}
    project.config["plugins"] = ["copying.py"]
    return project


def other_project(folder: Path) -> Project:
    """As `copying_project`, but of another film and another style, by the same names."""
    project = copying_project(folder)
    write_film(folder / "clip.mkv", changed=(1, 3))
    write_style(folder / "red.png", 1)
    return project


def painting_project(folder: Path) -> Project:
    """The same film without a mask, painted frame after frame with a network without training."""
    return _project(folder, QUICK | {"start": "previous", "evaluations": 8, "epoch": 4})


def _project(folder: Path, look: dict[str, object]) -> Project:
    folder.mkdir(parents=True)
    write_film(folder / "clip.mkv")
    write_style(folder / "red.png", 0)
    config = {
        "weights": "random",
        "videos": {"clip": {"path": "clip.mkv"}},
        "styles": {"red": {"images": ["red.png"]}},
        "looks": {"default": look},
        "segment_frames": 3,
    }
    return Project(folder, config, quiet=True)


@dataclass(frozen=True)
class Outcome:
    """What a fault has cost, after the run that followed it.

    lost: frames of an undisturbed run that are not in the store, or damaged.
    twice: finished frames that were painted again all the same.
    wrong: films, and frames' pixels, that are not those of an undisturbed run.
    """

    lost: int
    twice: int
    wrong: int


@dataclass
class Bench:
    """A project, and what an undisturbed run makes of it; both are copied, never changed."""

    begin: Project
    whole: Project
    frames: dict[str, str] = field(init=False)
    films: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.frames, self.films = frames_of(self.whole), films_of(self.whole)
        assert len(self.films) >= 2 and len(self.frames) >= 2 * FRAMES

    @classmethod
    def made(cls, folder: Path, make: Callable[[Path], Project]) -> "Bench":
        """Make the project, and run a copy of it."""
        begin = make(folder / "begin")
        whole = begin.copied(folder / "whole")
        whole.run(timeout=PATIENCE)
        return cls(begin, whole)

    def outcome(
        self, project: Project, finished: dict[str, tuple[int, int]], in_work: int = 0
    ) -> Outcome:
        """Compare a project with the undisturbed one.

        finished: `Project.painted` after the fault, before the run that followed it; without those
        that the fault has damaged. in_work: how many frames may have been begun in vain.
        """
        frames, films, painted = frames_of(project), films_of(project), project.painted()
        again = sum(painted.get(key) != file for key, file in finished.items())
        return Outcome(
            lost=sum(not frames.get(name) for name in self.frames),
            twice=max(again, strokes(project) - strokes(self.whole) - in_work),
            wrong=sum(films.get(name) != film for name, film in self.films.items())
            + sum(frames.get(name) not in (None, "", made) for name, made in self.frames.items()),
        )


def frames_of(project: Project) -> dict[str, str]:
    """The digest of the pixels of every frame and mask in the store; "" for a damaged one."""
    found = {}
    for make in (extracted_store, painted_store, mask_store):
        store = make(project.folder / project.config.get("store", "store"))
        for path in store.root.glob("*/[!.]*.png"):
            whole = store.is_intact(path.stem)
            name = f"{store.root.name}/{path.stem}"
            found[name] = pixels_digest(decode_png(path.read_bytes())) if whole else ""
    return found


def jobs_of(project: Project) -> int:
    """How many jobs the latest run has begun."""
    return len(STARTED.findall(project.log()))


def strokes(project: Project) -> int:
    """How often a frame was begun, where the stylizer tells (see STROKES)."""
    path = project.folder / STROKES
    return len(path.read_text().splitlines()) if path.exists() else 0


def films_of(project: Project) -> dict[str, bytes]:
    """The films, with those of the page, by their paths."""
    folder = project.folder / "results"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.mp4")}


def unlock(project: Project) -> None:
    """Take away the lock that a killed Snakemake has left, if there is one."""
    if any((project.folder / ".snakemake/locks").glob("*")):
        project.run("--unlock")


WEAKER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
UNPRIVILEGED = () if os.geteuid() else WEAKER
"""Begins a command for which permissions hold, also where the tests run as root."""


def rerun(
    project: Project,
    prefix: Sequence[str] = (),
    mend: Callable[[str], object] = str,
    once: Sequence[str] = (),
) -> list[str]:
    """Run until it succeeds, which must be the second time; returns the errors of the first.

    Each job that fails tells one; two of them may have been running.

    prefix: words that begin the command. once: others, of the first run's command alone.
    mend: called with the first error, before the second run.
    """
    errors: list[str] = []
    for begin in ((*prefix, *once), prefix):
        command = [*begin, *project.command()]
        run = subprocess.run(
            command,
            cwd=project.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        output = run.stdout + run.stderr
        told = re.findall("ERROR: (.*)", output)
        assert "Traceback" not in output, output
        assert len(told) in ((1, 2) if run.returncode else (0,)), output
        if not run.returncode:
            return errors
        if not errors:
            mend(told[0])
        errors += told
    pytest.fail(f"two runs have failed: {errors}")


@contextmanager
def mounted(folder: Path, script: str) -> Iterator[list[str]]:
    """Mount something for the processes of one namespace alone, whose root is `/proc/PID/root`.

    script: shell commands, run in `folder`. Yields the words that begin a command there. Skips the
    test where nobody may mount.
    """
    if not shutil.which("nsenter"):
        pytest.skip("only Linux has mounts for single processes")
    command = ["unshare", "-rm", "sh", "-c", f"({script}) && echo ready && exec sleep inf"]
    holder = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        if holder.stdout and holder.stdout.readline() != "ready\n":
            pytest.skip("this machine lets nobody mount anything")
        space = ["nsenter", f"--target={holder.pid}", "--mount", "--user", "--preserve-credentials"]
        # the folder is entered there, since nsenter's own --wd opens it before
        yield [*space, "sh", "-c", 'cd "$0" && exec "$@"', str(folder)]
    finally:
        holder.kill()
        holder.wait()


# -- a run in the background -------------------------------------------------------------------


class Background:
    """A run of Snakemake that goes on while the test disturbs it."""

    def __init__(self, project: Project, *arguments: str) -> None:
        self.project = project
        self.path = project.folder / "run.log"
        with self.path.open("a") as log:
            self.process = psutil.Popen(
                project.command(*arguments),
                cwd=project.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.group = self.process.pid

    @property
    def printed(self) -> str:
        """What the run has printed so far."""
        return self.path.read_text()

    @property
    def started(self) -> int:
        """How many jobs have begun."""
        return jobs_of(self.project)

    @property
    def ended(self) -> bool:
        """Whether Snakemake has ended."""
        return self.process.poll() is not None

    def jobs(self) -> list[psutil.Process]:
        """The processes of jobs' scripts."""
        return [each for each in self._family() if ".snakemake/scripts/" in _command(each)]

    def ffmpegs(self) -> list[psutil.Process]:
        """The processes of ffmpeg that jobs have started."""
        names = ((each, _command(each).split(" ")[0]) for each in self._family())
        return [each for each, name in names if "ffmpeg" in Path(name).name]

    def _family(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return self.process.children(recursive=True)
        return []

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until something holds, or the run has ended."""
        while not condition() and not self.ended:
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        """Send a signal to Snakemake and its jobs, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.group, number)

    def kill(self) -> None:
        """Kill everything at once, as a power cut does."""
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, seconds: int = PATIENCE) -> int:
        """Wait until Snakemake and all that it has started are gone; returns its exit status."""
        family = [self.process, *self._family()]
        status = self.process.wait(seconds)
        psutil.wait_procs([each for each in family if each.is_running()], timeout=seconds)
        return status


def _command(process: psutil.Process) -> str:
    """A process's command line; "" when it has ended."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
