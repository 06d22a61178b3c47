"""Projects to disturb, the seed of all that is random here, and the table of what it cost."""

import os
from collections import defaultdict
from collections.abc import Callable
from random import Random

import pytest

from tests.faults.bench import Bench, Outcome, copying_project, other_project, painting_project

SEED = os.environ.get("FAULTS_SEED", "1")
"""Of all random moments and bits; each test adds its own name."""

Tell = Callable[[str, Outcome], None]
"""Takes a kind of fault and what one of it has cost; fails the test if that is anything."""


@pytest.fixture(scope="session")
def copying(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.made(tmp_path_factory.mktemp("copying"), copying_project)


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.made(tmp_path_factory.mktemp("other"), other_project)


@pytest.fixture(scope="session")
def painting(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.made(tmp_path_factory.mktemp("painting"), painting_project)


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    return Random(f"{SEED} {request.node.name}")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    def told(fault: str, outcome: Outcome) -> None:
        record_property("fault", [fault, outcome.lost, outcome.twice, outcome.wrong])
        assert outcome == Outcome(0, 0, 0)

    return told


def pytest_report_header() -> str:
    return f"faults: FAULTS_SEED={SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what each kind of fault has cost."""
    rows: dict[str, list[list[int]]] = defaultdict(list)
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.getreports(kind)]
    for report in reports:
        for name, value in report.user_properties if report.when == "call" else []:
            if name == "fault":
                rows[value[0]].append(value[1:])
    if not rows:
        return
    terminalreporter.write_line("\n| fault | times | frames lost | painted twice | wrong films |")
    terminalreporter.write_line("| --- | --- | --- | --- | --- |")
    for fault, costs in sorted(rows.items()):
        sums = map(sum, zip(*costs, strict=True))
        cells = [fault, len(costs), *sums]
        terminalreporter.write_line(f"| {' | '.join(map(str, cells))} |")
