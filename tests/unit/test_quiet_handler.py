"""The logger plugin as Snakemake uses it, by the records that it gets."""

import logging
from typing import Any

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.tests import MockOutputSettings, TestLogHandlerBase

from snakemake_logger_plugin_gramflow import LogHandler, LogHandlerSettings, messages


class TestInterface(TestLogHandlerBase):
    """What Snakemake's authors ask of every plugin."""

    __test__ = True

    def get_log_handler_cls(self) -> type[LogHandler]:
        return LogHandler

    def get_log_handler_settings(self) -> LogHandlerSettings:
        return LogHandlerSettings()


def handler(full: bool = False, **changed: Any) -> LogHandler:
    common = MockOutputSettings()
    for name, value in {"printshellcmds": False, **changed}.items():
        setattr(common, name, value)
    return LogHandler(common, LogHandlerSettings(full))


def record(text: str, level: int = logging.INFO, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, "", 0, text, (), None)
    vars(made).update(extra)
    return made


STARTED = record("Workflow has started!", event=LogEvent.WORKFLOW_STARTED)
NOISE = [
    record("Building DAG of jobs..."),
    record("Select jobs to execute..."),
    record("Provided cores: 2", event=LogEvent.RESOURCES_INFO),
    record("of a kind that is not known yet", event="weather"),
]


def shown(capsys: pytest.CaptureFixture[str], *records: logging.LogRecord, **options: Any) -> str:
    """What the terminal has after these records, and the end."""
    view = handler(**options)
    for each in records:
        view.emit(each)
    view.close()
    view.close()
    found = capsys.readouterr()
    assert not found.out or not found.err
    return found.out + found.err


def test_snakemake_finds_it_by_its_name():
    assert LoggerPluginRegistry().is_installed("gramflow")


def test_noise_is_not_shown(capsys):
    assert shown(capsys, STARTED, *NOISE) == ""


def test_what_is_important_is_shown_even_if_it_is_unknown(capsys):
    warning = record("the moon is full", logging.WARNING, event="weather")
    error = record("the sky fell", logging.ERROR, event="weather")
    text = shown(capsys, STARTED, warning, error, quiet=[])
    assert text == "WARNING: the moon is full\nERROR: the sky fell\n"


def test_errors_that_follow_from_ctrl_c_are_not_shown(capsys):
    """They come before Snakemake tells that it was stopped."""
    error = record("RuleException", logging.ERROR, event=LogEvent.ERROR, exception="RuleException")
    stop = record("Terminating processes on user request, this might take some time.")
    assert shown(capsys, STARTED, error, stop) == "stopped; run again to go on\n"


def test_a_job_that_another_try_made_good_is_no_failure(capsys):
    """What is said at the end is about the run as a whole."""
    job = {"jobid": 3, "rule_name": "probe", "log": ["logs/probe.log"]}
    error = record("Error in rule probe", logging.ERROR, event=LogEvent.JOB_ERROR, **job)
    finished = record("Finished jobid: 3", event=LogEvent.JOB_FINISHED, job_id=3)
    lines = shown(capsys, STARTED, error).splitlines()
    assert lines[0].startswith("ERROR: probe ended without a message")
    assert lines[1:] == ["  log: logs/probe.log", messages.FAILED]
    assert messages.FAILED not in shown(capsys, STARTED, error, finished)


def test_answers_without_a_run_are_shown(capsys):
    assert shown(capsys, *NOISE[:1], record("Unlocked working directory.")).startswith("Unlocked")


def test_a_full_view_is_snakemakes_own(capsys):
    assert "Provided cores: 2" in shown(capsys, *NOISE, full=True)
    assert "Provided cores: 2" in shown(capsys, *NOISE, verbose=True)


def test_a_dry_run_goes_where_snakemakes_does(capsys):
    stats = record("Job stats", event=LogEvent.RUN_INFO, stats={"probe": 1, "all": 1, "total": 2})
    view = handler(dryrun=True, stdout=True)
    for each in (STARTED, stats, stats):
        view.emit(each)
    view.close()
    found = capsys.readouterr()
    assert found.out == "to do: probe 1 (a dry run: nothing is done now)\n" and not found.err
