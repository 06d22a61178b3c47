"""Killed or stopped at random moments, a run goes on where it was."""

import re
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil
import pytest

from tests.faults.bench import Background, Bench, jobs_of, unlock
from tests.faults.conftest import Tell
from tests.support.tiny import FRAMES

VICTIMS = ("a job", "Snakemake", "ffmpeg", "all at once")


def victims(run: Background, victim: str, random: Random) -> Sequence[psutil.Process]:
    """The processes to kill, waited for."""
    if victim == "Snakemake":
        return [run.process]
    if victim == "all at once":
        return [run.process, *run.process.children(recursive=True)]
    find = run.jobs if victim == "a job" else run.ffmpegs
    run.wait_for(find)
    if victim == "ffmpeg":
        time.sleep(random.uniform(0, 0.05))
    return find()


def killed(bench: Bench, run: Background, victim: str, random: Random, tell: Tell) -> None:
    """Kill what is to be killed now; then run again, and compare."""
    project = run.project
    jobs = run.jobs()
    for process in victims(run, victim, random):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    if victim == "Snakemake":  # its jobs go on beside the new run
        run.process.wait()
    else:
        run.wait()
    unlock(project)
    assert "Traceback" not in run.printed
    finished = project.painted()
    project.run()
    psutil.wait_procs(jobs, timeout=100)
    in_work = 0 if victim in ("Snakemake", "ffmpeg") else 2  # one at work, one being written
    tell(f"SIGKILL of {victim}", bench.outcome(project, finished, in_work))


@pytest.mark.parametrize("number", range(40))
def test_killed_while_copying(
    copying: Bench, tmp_path: Path, random: Random, tell: Tell, number: int
) -> None:
    """At any moment from the first job's start on."""
    run = Background(copying.begin.copied(tmp_path / "project"))
    moment = random.randrange(jobs_of(copying.whole) - 1)
    run.wait_for(lambda: run.started > moment)
    time.sleep(random.uniform(0, 1))
    killed(copying, run, VICTIMS[number % len(VICTIMS)], random, tell)


@pytest.mark.parametrize("number", range(10))
def test_killed_while_painting(
    painting: Bench, tmp_path: Path, random: Random, tell: Tell, number: int
) -> None:
    """Between two frames that start from each other."""
    run = Background(painting.begin.copied(tmp_path / "project"))
    moment = random.randrange(FRAMES)
    run.wait_for(lambda: len(run.project.painted()) >= moment)
    time.sleep(random.uniform(0, 1))
    killed(painting, run, VICTIMS[(0, 1, 3)[number % 3]], random, tell)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("number", range(3))
def test_interrupted(
    copying: Bench, tmp_path: Path, random: Random, tell: Tell, times: int, number: int
) -> None:
    """By Ctrl-C, and by an impatient one."""
    run = Background(copying.begin.copied(tmp_path / "project"))
    moment = random.randrange(jobs_of(copying.whole) - 1)
    run.wait_for(lambda: run.started > moment)
    for _ in range(times):
        time.sleep(random.uniform(0, 0.5))
        run.signal(signal.SIGINT)
    assert run.wait() != 0
    assert "Traceback" not in run.printed and not re.findall("ERROR: .*", run.printed)
    project = run.project
    unlock(project)
    finished = project.painted()
    project.run()
    often = {1: "once", 2: "twice"}[times]
    tell(f"Ctrl-C, {often}", copying.outcome(project, finished, in_work=2))
