"""The logger plugin's parts that read and write nothing, and its reading of logs."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramflow.base.machine import cores, snakemake_command
from gramflow.base.progress import Progress
from snakemake_logger_plugin_gramflow import messages
from snakemake_logger_plugin_gramflow.logs import JobLog
from snakemake_logger_plugin_gramflow.painting import Due
from snakemake_logger_plugin_gramflow.run import Bar, Job, Run, plain

TITLE = "clip.red pass1/000000-000005"


def painted(frame: int, seconds: float = 2.0, frames: int = 4) -> str:
    """The log's line of a painted frame."""
    return str(Progress(TITLE, frame, frames, 10, 0.5, seconds, 3.0))


def painting(frames: int = 4, number: int = 1, now: float = 0.0) -> Run:
    """A run in which a job paints."""
    run = Run(now)
    run.started(number, Job("stylize", "clip.red", now, frames))
    return run


def texts(lines: list) -> list[str]:
    return [" ".join(plain(line).split()) for line in lines]


# -- progress ----------------------------------------------------------------------------------


positive = st.floats(0, 1e6)


@given(
    st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1),
    st.integers(1, 10**6),
    st.integers(0, 10**6),
    st.none() | st.floats(0, 1e30),
    st.none() | st.tuples(positive, positive),
)
def test_a_log_tells_the_progress_that_was_written(title, frame, evaluations, loss, times):
    seconds, left = times or (None, None)
    told = Progress(title, frame, frame + 1, evaluations, loss, seconds, left)
    read = Progress.from_line(str(told))
    assert read is not None
    assert (read.title, read.frame, read.frames) == (title, frame, frame + 1)
    assert read.evaluations == evaluations
    assert (read.loss is None) == (loss is None) and (read.seconds is None) == (seconds is None)
    assert loss is None or read.loss == pytest.approx(loss, rel=1e-3)
    assert seconds is None or read.seconds == pytest.approx(seconds, abs=0.06)


@pytest.mark.parametrize("line", ["", "clip: 2 shots", f"{TITLE}: painting on CPU", "frame 1/2"])
def test_other_lines_are_no_progress(line):
    assert Progress.from_line(line) is None


@pytest.mark.parametrize("loss", [math.inf, math.nan])
def test_a_loss_that_is_no_number_is_none(loss):
    read = Progress.from_line(str(Progress(TITLE, 1, 2, 3, loss)))
    assert read is not None and read.loss is None


# -- the run -----------------------------------------------------------------------------------


def test_a_stage_is_a_line_when_all_its_jobs_are_done():
    run = Run(0)
    run.announced({"extract": 2})
    for number, name in enumerate(("clip", "room")):
        run.started(number, Job("extract", name, 1.0))
    assert run.finished(0, 5.0) == []
    assert texts(run.finished(1, 8.0)) == ["extract clip, room 7 s"]


def test_many_names_are_counted():
    run = Run(0)
    run.announced({"plan": 8})
    shown = []
    for number in range(8):
        run.started(number, Job("plan", f"clip.{number}", 0.0))
        shown += run.finished(number, 2.0)
    assert texts(shown) == ["plan clip.0 and 7 more 2 s"]


def test_a_render_tells_frames_loss_speed_and_the_time_left():
    run = painting()
    run.forecast({"clip.red": (4, 6)}, 0.0)
    assert run.bars(1.0) == [Bar("clip.red", 2 / 6, "2 of 6 frames")]
    run.said(1, painted(1))
    run.said(1, str(Progress(TITLE, 2, 4, 7, 0.25)))
    (bar,) = run.bars(5.0)
    assert bar.share == 0.5
    # the start of the job counts: five seconds for a frame, three times
    words = "3 of 6 frames, 15 s left, 2.0 s a frame, evaluation 7, loss 0.25"
    assert bar.text == words


def test_a_painted_render_is_one_line_over_all_its_jobs():
    run = painting(2)
    run.forecast({"clip.red": (4, 4)}, 0.0)
    run.forecast({"clip.red": (1, 4)}, 3.0)  # what was to paint at the beginning counts
    for frame in (1, 2):
        run.said(1, painted(frame, frames=2))
    assert run.finished(1, 10.0) == []
    run.started(2, Job("stylize", "clip.red", 20.0, 2))
    run.said(2, painted(1, frames=2))
    # the other frame was painted by another render's job; the pause between the jobs is not counted
    assert texts(run.finished(2, 25.0)) == [
        "stylize clip.red 4 frames painted, 2.0 s a frame, 15 s"
    ]
    assert run.started(3, Job("encode", "clip.red", 26.0)) == []


def test_a_render_of_unknown_length_is_told_when_its_film_is_made():
    run = painting(2)
    assert run.finished(1, 4.0) == []
    shown = run.started(2, Job("encode", "clip.red", 5.0, films=(("clip.red", "red.mp4"),)))
    assert texts(shown) == ["stylize clip.red 2 frames painted, 4 s"]
    assert run.films == {}
    run.finished(2, 6.0)
    assert run.films == {"clip.red": "red.mp4"}


def test_a_failed_job_has_painted_what_it_said():
    run = painting()
    run.said(1, painted(1))
    job = run.failed(1, 3.0)
    assert job is not None and job.name == "clip.red"
    assert texts(run.unfinished()) == ["stylize clip.red 1 of 1 frames are painted"]
    assert run.failed(1, 3.0) is None


def test_a_job_that_is_tried_again_goes_on():
    run = painting()
    run.forecast({"clip.red": (4, 4)}, 0.0)
    run.said(1, painted(1))
    run.failed(1, 3.0)
    run.started(1, Job("stylize", "clip.red", 3.0, 3))
    run.said(1, painted(2))
    assert run.bars(4.0)[0].text.startswith("2 of 4 frames, 4 s left")
    assert texts(run.finished(1, 8.0)) == ["stylize clip.red 4 frames painted, 2.0 s a frame, 8 s"]


def test_warnings_are_shown_and_other_lines_are_what_is_at_work():
    run = Run(0)
    run.started(1, Job("extract", "clip", 0.0))
    assert texts(run.said(1, "WARNING: clip is odd")) == ["WARNING: clip is odd"]
    assert run.said(1, "clip: extracted 5 of 10 frames") == []
    assert run.bars(1.0) == [Bar("extract clip", None, "extracted 5 of 10 frames")]
    assert texts(run.reports(31.0)) == ["extract clip extracted 5 of 10 frames"]


@pytest.mark.parametrize(("hours", "most"), [(0.01, 1), (1, 16), (24, 150)])
def test_lines_that_stay_are_few_in_short_and_long_runs(hours, most):
    due, end = Due(0.0), hours * 3600
    seconds = range(0, int(end), 5)
    shown = sum(due.at(float(now), now / end) for now in seconds)
    assert 1 <= shown <= most


# -- logs --------------------------------------------------------------------------------------


def test_a_log_of_an_earlier_run_is_not_read(tmp_path: Path):
    path = tmp_path / "job.log"
    path.write_text("ERROR: of yesterday\n")
    log = JobLog(path)
    assert log.news() == [] and log.error is None
    path.write_text("")
    with path.open("a") as file:
        file.write("first\nsec")
        file.flush()
        assert log.news() == ["first"]
        file.write("ond\nERROR: looks: wrong; correct it\n")
    assert log.news() == ["second", "ERROR: looks: wrong; correct it"]
    assert log.error == "looks: wrong; correct it"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("clip: 2 shots\n", None),
        ("Traceback (most recent call last):\n  ...\nValueError: boom\n\n", "ValueError: boom"),
    ],
)
def test_a_crash_is_told_by_its_last_line(tmp_path: Path, text: str, error: str | None):
    log = JobLog(tmp_path / "new.log")
    assert log.news() == []
    log.path.write_text(text)
    log.news()
    assert log.error == error


# -- messages ----------------------------------------------------------------------------------


MISSING = """MissingInputException in rule size in file "/x/Snakefile", line 18:
Missing input files for rule size:
    output: size.txt
    affected files:
        results/clip.red.mp4
"""


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("Error: Directory cannot be locked.", "LockException", "free it by `snakemake --cores"),
        (MISSING, "MissingInputException", "results/clip.red.mp4: no such file; bring it back"),
        (MISSING, "ProtectedOutputException", "results/clip.red.mp4: may not be read or written"),
        ("Traceback (most):\nOSError: [Errno 28] No space left on device", "OSError", "free some"),
        ("OSError: [Errno 30] Read-only file system: 'work/a'", "OSError", "work/a: may not be"),
        ("Traceback (most):\n  x\nKeyError: 'y'\n", "KeyError", "KeyError: 'y'"),
        ('WorkflowError in file "/x", line 3:\nNot so.', "WorkflowError", "Not so."),
        ("a message of an unknown kind", None, "a message of an unknown kind"),
    ],
)
def test_snakemakes_errors_are_sentences(text: str, kind: str | None, shown: str):
    told = messages.sentence(text, kind)
    assert shown in told and "\n" not in told


def test_a_job_without_a_word_on_a_full_disk():
    assert "no space left" in messages.without_a_word("stylize clip.red", 0)
    assert messages.without_a_word("stylize clip.red", 10**9).startswith("stylize clip.red ended")


def test_commands_have_this_machines_cores():
    assert snakemake_command("-n") == f"snakemake --cores {cores()} -n"
