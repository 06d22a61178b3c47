"""Times of files that lie in the future, by a wrong clock, change nothing."""

import os
import time
from pathlib import Path
from random import Random

import pytest

from tests.faults.bench import Background, Bench, jobs_of, rerun, unlock
from tests.faults.conftest import Tell

DAY = 86400


@pytest.mark.parametrize("days", [-10000, 1])
def test_a_video_of_another_time(copying: Bench, tmp_path: Path, tell: Tell, days: int) -> None:
    """And a style; as from a camera whose clock is wrong. The second run has nothing to do."""
    project = copying.begin.copied(tmp_path / "project")
    then = time.time() + days * DAY
    for name in ("clip.mkv", "masks.mkv", "red.png", "copying.py"):
        os.utime(project.folder / name, (then, then))
    assert rerun(project) == []
    finished = project.painted()
    assert project.run().jobs == 0
    fault = f"input from the {'past' if days < 0 else 'future'}"
    tell(fault, copying.outcome(project, finished))


@pytest.mark.parametrize("number", range(3))
def test_the_clock_is_set_back(
    copying: Bench, tmp_path: Path, random: Random, tell: Tell, number: int
) -> None:
    """While nothing runs: all that was made so far is of tomorrow."""
    run = Background(copying.begin.copied(tmp_path / "project"))
    moment = random.randrange(jobs_of(copying.whole) - 1)
    run.wait_for(lambda: run.started > moment)
    run.kill()
    project = run.project
    unlock(project)
    for path in project.folder.rglob("*"):
        if path.is_file():
            status = path.stat()
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + DAY * 10**9))
    finished = project.painted()
    assert rerun(project) == []
    tell("clock set back", copying.outcome(project, finished, in_work=2))
