"""Where the memory does not suffice a run ends in one line; with more it goes on."""

from pathlib import Path

import pytest

from tests.faults.bench import Bench, rerun
from tests.faults.conftest import Tell


@pytest.mark.parametrize("megabytes", [1500, 2000, 2500, 3000])
def test_memory(painting: Bench, tmp_path: Path, tell: Tell, megabytes: int) -> None:
    """Each process of the run has so many megabytes of addresses (`ulimit -v`)."""
    project = painting.begin.copied(tmp_path / "project")
    finished: dict[str, tuple[int, int]] = {}
    limit = ("prlimit", f"--as={megabytes * 2**20}")
    rerun(project, mend=lambda error: finished.update(project.painted()), once=limit)
    tell("memory limit", painting.outcome(project, finished))
