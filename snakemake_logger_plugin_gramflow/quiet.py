"""The handler behind the plugin: takes Snakemake's records, and shows what people want to know."""

import json
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from gramflow.base.progress import ERROR, WARNING, clock
from gramflow.base.script import INTERRUPTED
from gramflow.store import layout
from snakemake_logger_plugin_gramflow import messages
from snakemake_logger_plugin_gramflow.logs import JobLog
from snakemake_logger_plugin_gramflow.run import ENCODING, PAINTING, Job, Line, Run, line
from snakemake_logger_plugin_gramflow.screen import Diverted, Screen

_HELD = 1.0  # seconds for which errors are held back, since on Ctrl-C they come before it is told
_TICK = 0.25  # seconds between two looks at the logs
_TARGETS = ("all", "everything")  # rules that make nothing
_PLAIN = ("Building DAG of jobs", "Assuming unrestricted shared filesystem")
_TOLD = ("Nothing to be done", "Creating conda environment", "Downloading and installing")


class QuietHandler(logging.Handler):
    """Shows a line per stage, the progress of each render, warnings, errors, and the films."""

    def __init__(self, common: Any) -> None:
        super().__init__()
        # a log file that cannot be written, as on a full disk, is no reason to flood the terminal
        logging.raiseExceptions = False
        self._dry = common.dryrun
        self._whole_logs = common.show_failed_logs
        quiet = {each.name for each in common.quiet or ()}
        self._chatty = quiet.isdisjoint(("ALL", "PROGRESS", "RULES"))
        self._errors = Diverted()
        stream = sys.stdout if common.stdout else self._errors.terminal
        self._screen = Screen(stream, colour=not common.nocolor)
        self._run: Run | None = None
        self._logs: dict[int, JobLog] = {}
        self._held: list[tuple[float, list[Line]]] = []
        self._lost: set[int] = set()  # jobs that failed, and were not made good by another try
        self._stopped = self._closed = self._counted = False
        self._explained = False  # whether Snakemake has said why the next job that fails does
        self._end = threading.Event()
        self._ticking: threading.Thread | None = None

    # -- records ------------------------------------------------------------------------------

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record. A fault in here must not end the run."""
        try:
            self._take(record, getattr(record, "event", None))
        except Exception as error:
            _fault(error)

    def _take(self, record: Any, event: str | None) -> None:
        if event == LogEvent.WORKFLOW_STARTED:
            self._begin()
        elif event == LogEvent.ERROR:
            self._error(record.getMessage(), getattr(record, "exception", None))
        elif event == LogEvent.RUN_INFO and self._run:
            self._count(record.stats)
        elif event == LogEvent.JOB_INFO and self._run and record.output and not self._dry:
            self._start(record)
        elif event == LogEvent.JOB_FINISHED and self._run:
            self._finish(record.job_id)
        elif event == LogEvent.JOB_ERROR:
            self._fail(record.jobid, record.rule_name, record.log)
        elif event == LogEvent.GROUP_ERROR:
            for info in record.job_error_info:
                self._fail(info["jobid"], info["rule_name"], info["log"])
        elif hasattr(record, "frames_to_paint"):
            self._forecast(record)
        else:
            self._message(record.getMessage(), record.levelno, event)

    def _begin(self) -> None:
        """Jobs will run, or would in a dry run."""
        self._run = Run(time.monotonic())
        if self._dry:
            return
        path = self._log_file()
        if path:
            self._errors.to(path)
        self._ticking = threading.Thread(target=self._tick, daemon=True)
        self._ticking.start()

    def _count(self, counts: dict[str, int]) -> None:
        """How many jobs of each rule there are to do, as far as Snakemake knows."""
        rules = {rule: count for rule, count in counts.items() if rule not in (*_TARGETS, "total")}
        if self._run and not self._dry:
            self._run.announced(rules)
        elif not self._counted and rules:
            self._counted = True
            stages = ", ".join(f"{rule} {count}" for rule, count in rules.items())
            self._tell(line(f"to do: {stages} (a dry run: nothing is done now)"))

    def _start(self, record: Any) -> None:
        now, number = time.monotonic(), record.jobid
        if record.log:
            self._logs[number] = JobLog(Path(record.log[0]))
        if self._run:
            self._tell(*self._run.started(number, _job(record, now)))

    def _finish(self, number: int) -> None:
        self._follow(number)
        self._logs.pop(number, None)
        self._lost.discard(number)
        if self._run:
            self._tell(*self._run.finished(number, time.monotonic()))

    def _fail(self, number: int, rule: str, paths: list[str]) -> None:
        """A job has failed: say why, and where its log is."""
        self._lost.add(number)
        now = time.monotonic()
        self._follow(number)
        log = self._logs.pop(number, None)
        job = self._run.failed(number, now) if self._run else None
        error = log and (log.error or (INTERRUPTED if log.interrupted else None))
        told = []
        if error or not self._explained:
            name = f"{rule} {job.name if job else ''}".strip()
            error = error or messages.without_a_word(name, shutil.disk_usage(".").free)
            told.append(line(f"{ERROR}{error}", "red"))
        self._explained = False
        told += [line(f"  log: {path}") for path in paths]
        if log and self._whole_logs:
            told += [line(f"  {text}") for text in log.lines]
        self._held.append((now, told))

    def _error(self, text: str, kind: str | None) -> None:
        """Snakemake has failed, or tells that a job has."""
        if not messages.is_of_a_job(text):
            self._explained = True
            told = line(f"{ERROR}{messages.sentence(text, kind)}", "red")
            self._held.append((time.monotonic(), [told]))
        if not self._run:
            self._release()

    def _forecast(self, record: Any) -> None:
        """The workflow says how many frames there are to paint."""
        if self._run and record.is_exact:
            self._run.forecast(record.frames_to_paint, time.monotonic())
        if self._dry or record.is_exact:
            self._tell(line(record.getMessage()))

    def _message(self, text: str, level: int, event: str | None) -> None:
        """All else. What is important is shown, also if it is of an unknown kind."""
        if text.startswith("Terminating processes on user request"):
            self._stopped = True
        elif text.startswith("The run involves checkpoint jobs"):
            self._tell(line("more jobs follow when these are done"))
        elif level >= logging.ERROR:
            self._error(text, None)
        elif level >= logging.WARNING:
            self._screen.write([line(f"{WARNING}{text.strip()}", "yellow")])
        elif event is None and text.startswith(_TOLD):
            self._tell(line(text.splitlines()[0]))
        elif event is None and not self._run and text != "None" and not text.startswith(_PLAIN):
            # the answer to a question, such as --lint or --unlock
            self._screen.write([line(text)])

    # -- meanwhile ----------------------------------------------------------------------------

    def _tick(self) -> None:
        """Look at the logs, and show what is at work, until the end."""
        while not self._end.wait(_TICK):
            self.acquire()
            try:
                self._look()
            except Exception as error:
                _fault(error)
            finally:
                self.release()

    def _look(self) -> None:
        for number in list(self._logs):
            self._follow(number)
        now = time.monotonic()
        if self._held and now - self._held[0][0] > _HELD and not self._stopped:
            self._release()
        if not self._run or not self._chatty:
            return
        if self._screen.is_terminal:
            self._screen.show(self._run.bars(now))
        else:
            self._screen.write(self._run.reports(now))

    def _follow(self, number: int) -> None:
        """Read what a job has written to its log."""
        if self._run and number in self._logs:
            for text in self._logs[number].news():
                self._screen.write(self._run.said(number, text))

    def _release(self) -> None:
        """Show the errors that were held back."""
        for _, told in self._held:
            self._screen.write(told)
        self._held.clear()

    def _tell(self, *lines: Line) -> None:
        """Show lines that a quiet user does not want."""
        if self._chatty:
            self._screen.write(lines)

    # -- the end ------------------------------------------------------------------------------

    def close(self) -> None:
        """Tell how the run ended, and give the error stream back."""
        if not self._closed:
            self._closed = True
            self._end.set()
            if self._ticking:
                self._ticking.join()
            if isinstance(sys.exc_info()[1], KeyboardInterrupt):
                self._stopped = True
                sys.excepthook = lambda *_: None  # no traceback
            if self._stopped:  # nor one of another Ctrl-C, while the last jobs end
                signal.signal(signal.SIGINT, signal.SIG_DFL)
            try:
                self._screen.clear()
                if self._stopped:
                    self._held.clear()
                self._release()
                self._screen.write(self._ending())
            finally:
                self._errors.back()
        super().close()

    def _ending(self) -> Iterable[Line]:
        run = None if self._dry else self._run
        if run and self._chatty:
            yield from run.unfinished()
            yield from self._results(run)
        if self._stopped:
            yield line(messages.STOPPED, "yellow")
        elif self._lost:
            yield line(messages.FAILED)
        path = self._log_file()
        if path and run and run.stages and self._chatty:
            yield line(f"log: {os.path.relpath(path)}", "dim")

    def _results(self, run: Run) -> Iterable[Line]:
        """The films of the run, and where there is more to see."""
        if not run.films:
            return
        yield line("")
        for render, film in run.films.items():
            yield (film, "bold green"), (f"  {_about(film, render)}", "")
        page = Path(layout.INDEX)
        more = layout.INDEX if page.is_file() else f"{page.parent}/"
        after = "after" if self._lost or self._stopped else "done in"
        yield line(f"{after} {clock(time.monotonic() - run.began)}, all results: {more}")

    def _log_file(self) -> str | None:
        """Snakemake's own log file, if there is one."""
        for handler in logging.getLogger("snakemake.logging").handlers:
            if isinstance(handler, logging.FileHandler):
                return handler.baseFilename
        return None


def _fault(error: Exception) -> None:
    """Leave a note in the log file, if it can be written."""
    with suppress(OSError):
        print(f"the display of the run failed: {error!r}", file=sys.stderr)


def _job(record: Any, now: float) -> Job:
    """The job of a record; another workflow may have given its rule a prefix."""
    rule, wildcards = record.rule_name, record.wildcards
    for name in (PAINTING, ENCODING):
        rule = name if rule.endswith(f"_{name}") else rule
    names = [wildcards[key] for key in ("render", "video", "path") if key in wildcards]
    films: tuple[tuple[str, str], ...] = ()
    if rule == ENCODING and names:
        # the film is the first output; Snakemake may add words after the name
        container = Path(record.output[0].split()[0]).suffix.lstrip(".")
        films = ((names[0], layout.FILM.format(container=container).format(render=names[0])),)
    frames = getattr(record.resources, "frames", 0)
    return Job(
        rule, names[0] if names else "", now, frames if isinstance(frames, int) else 0, films
    )


def _about(film: str, render: str) -> str:
    """A film's size, and how steady it is."""
    told = []
    with suppress(OSError):
        told.append(_size(Path(film).stat().st_size))
    with suppress(OSError, ValueError, KeyError):
        report = json.loads(Path(layout.TEMPORAL.format(render=render)).read_text())
        count = len(report["flagged"])
        flagged = f"{count} frame{'s' * (count != 1)}" if count else "no frame"
        told.append(f"steady to {report['median']:.2g} (median error), {flagged} flagged")
    return ", ".join(told)


def _size(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
