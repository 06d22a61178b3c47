"""Runs beside each other, and inputs that change during a run."""

import shutil
import subprocess
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random

import pytest

from tests.faults.bench import Background, Bench, jobs_of, rerun, strokes
from tests.faults.conftest import Tell
from tests.support.project import Project
from tests.support.tiny import FRAMES


def shared_store(bench: Bench, folder: Path) -> list[Project]:
    """Two projects over one store."""
    projects = [bench.begin.copied(folder / name) for name in ("one", "two")]
    for project in projects:
        project.config["store"] = "../store"
    return projects


@pytest.mark.parametrize("number", range(4))
def test_two_folders_over_one_store(
    copying: Bench, tmp_path: Path, random: Random, tell: Tell, number: int
) -> None:
    """No frame is painted by both."""
    one, two = shared_store(copying, tmp_path)
    first = Background(one)
    if number:
        moment = random.randrange(jobs_of(copying.whole) - 1)
        first.wait_for(lambda: first.started > moment)
    second = Background(two)
    assert (first.wait(), second.wait()) == (0, 0)
    for project, other in ((one, two), (two, one)):
        assert project.run().jobs == 0
        others = strokes(other)
        tell("two folders on one store", copying.outcome(project, project.painted(), -others))


@pytest.mark.parametrize("number", range(3))
def test_two_runs_in_one_folder(
    copying: Bench, tmp_path: Path, random: Random, tell: Tell, number: int
) -> None:
    """The second is refused in one line, and does no harm."""
    first = Background(copying.begin.copied(tmp_path / "project"))
    moment = random.randrange(jobs_of(copying.whole) - 1)
    first.wait_for(lambda: first.started > moment)
    project = first.project
    second = subprocess.run(
        project.command(), cwd=project.folder, capture_output=True, text=True, check=False
    )
    assert first.wait() == 0
    printed = second.stdout + second.stderr
    if second.returncode:
        assert printed.count("ERROR: ") == 1 and "Traceback" not in printed
    finished = project.painted()
    assert rerun(project) == []
    tell("two runs in one folder", copying.outcome(project, finished))


def other_inputs(project: Project, other: Bench) -> None:
    """Another film and another style in the places of the first ones."""
    for name in ("clip.mkv", "red.png"):
        shutil.copy2(other.begin.folder / name, project.folder / "new")
        (project.folder / "new").replace(project.folder / name)


def other_settings(project: Project, other: Bench) -> None:
    """Another part of the film, in other segments, encoded otherwise."""
    project.config |= {"encode": {"crf": 40}, "segment_frames": 2}
    project.config["videos"]["clip"]["end"] = 0.4
    project.command()


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("change", [other_inputs, other_settings])
def test_changed_during_a_run(
    copying: Bench,
    other: Bench,
    tmp_path: Path,
    random: Random,
    tell: Tell,
    change: Callable[[Project, Bench], None],
    number: int,
) -> None:
    """The next run makes what the change asks for; and put back, nothing of it is left.

    What was made of the old input in the meantime, or of half of each, must not have a good name.
    """
    run = Background(copying.begin.copied(tmp_path / "project"))
    moment = random.randrange(jobs_of(copying.whole) - 1)
    run.wait_for(lambda: run.started > moment)
    time.sleep(random.uniform(0, 1))
    project = run.project
    change(project, other)
    run.wait()
    assert "Traceback" not in run.printed and run.printed.count("ERROR: ") <= 1
    assert rerun(project) == []
    fault = f"{change.__name__.replace('_', ' ')} during a run"
    if change is other_inputs:
        tell(fault, other.outcome(project, {}, in_work=FRAMES))
    for name in ("clip.mkv", "red.png"):
        shutil.copy2(copying.begin.folder / name, project.folder / name)
    project.config = deepcopy(copying.begin.config)
    finished = project.painted()
    assert rerun(project) == []
    tell(f"{fault}, and put back", copying.outcome(project, finished, in_work=2 * FRAMES))
