"""A disk that is full or may not be written ends a run in one line; with space it goes on."""

import subprocess
from pathlib import Path
from random import Random

import pytest

from tests.faults.bench import Bench, mounted, rerun
from tests.faults.conftest import Tell
from tests.support.project import Project

PLACES = {
    "extraction": "store/frames",
    "painting": "store/painted",
    "encoding": "results",
    "records": "work",
}
SPACE = 8192
"""Kilobytes of the small disk, which holds all that a run leaves there."""


def inside(project: Project, prefix: list[str]) -> Project:
    """The project as the processes in there see it."""
    pid = prefix[1].removeprefix("--target=")
    return Project(Path(f"/proc/{pid}/root{project.folder}"), project.config, quiet=True)


def leftovers(project: Project) -> list[Path]:
    """Files that were begun and not finished."""
    parts = ("results", "work", "store")
    found = (path for part in parts for path in (project.folder / part).rglob(".*"))
    return [path for path in found if path.is_file()]


def stopped_and_resumed(
    bench: Bench, project: Project, prefix: list[str], remedy: str, mend: list[str]
) -> tuple[bool, object]:
    """Run, mend the disk, and run again; returns whether anything was wrong, and the outcome."""
    seen = inside(project, prefix)
    finished: dict[str, tuple[int, int]] = {}

    def mended(_: str) -> None:
        assert leftovers(seen) == []
        finished.update(seen.painted())
        subprocess.run([*prefix, *mend], check=True)

    errors = rerun(project, prefix, mended)
    assert all(remedy in error for error in errors)
    return bool(errors), bench.outcome(seen, finished, in_work=2)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("stage", PLACES)
def test_full(
    copying: Bench, tmp_path: Path, random: Random, tell: Tell, stage: str, number: int
) -> None:
    project = copying.begin.copied(tmp_path / "project")
    place = PLACES[stage]
    used = sum(path.stat().st_size for path in (copying.whole.folder / place).rglob("*.*"))
    left = random.randrange(max(1, used // 1024))
    script = f"""
        mkdir -p {place} && mount -t tmpfs -o size={SPACE}k tmpfs {place} &&
        head -c {SPACE - left}k /dev/zero > {place}/filling
    """
    with mounted(project.folder, script) as prefix:
        mend = ["rm", f"{place}/filling"]
        stopped, outcome = stopped_and_resumed(
            copying, project, prefix, "no space left on this disk; free some and run again", mend
        )
    assert stopped or left
    tell(f"full disk in {stage}", outcome)


@pytest.mark.parametrize("stage", PLACES)
def test_read_only(copying: Bench, tmp_path: Path, tell: Tell, stage: str) -> None:
    project = copying.begin.copied(tmp_path / "project")
    place = PLACES[stage]
    script = f"mkdir -p {place} && mount --bind {place} {place} && mount -o remount,bind,ro {place}"
    with mounted(project.folder, script) as prefix:
        mend = ["mount", "-o", "remount,bind,rw", place]
        stopped, outcome = stopped_and_resumed(
            copying, project, prefix, "allow it and run again", mend
        )
    assert stopped
    tell(f"read-only folder in {stage}", outcome)
