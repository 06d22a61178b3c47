"""Collects what the tests tell of their cases, and writes the page of it (`--page FILE`)."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.inputs.table import Row, Tell, page

_ROW = "row"  # name of the property by which a test's report carries a row
_rows = pytest.StashKey[list[Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--page", type=Path, help="write the table of all cases to this file")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_rows] = []
    config.pluginmanager.register(_Collector(config))


class _Collector:
    """Keeps the rows of finished tests, which may have run in another process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            rows = [Row(**values) for name, values in report.user_properties if name == _ROW]
            self._config.stash[_rows] += rows

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        path: Path | None = session.config.getoption("--page")
        if path is not None and not hasattr(session.config, "workerinput") and exitstatus == 0:
            path.write_text(page(self._config.stash[_rows]), encoding="utf-8")


@pytest.fixture
def tell(record_property: Any) -> Tell:
    """Add a row to the table, without the path of the test's own folder."""

    def add(part: str, case: str, outcome: str, count: int = 1) -> None:
        told = outcome.replace(f"{Path.cwd()}/", "")
        record_property(_ROW, asdict(Row(part, case, told, count)))

    return add
