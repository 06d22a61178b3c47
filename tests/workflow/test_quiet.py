"""What the terminal shows of a run by default: few lines, and of a failure one sentence."""

import os
import pty
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.project import Project, Run
from tests.support.tiny import FRAMES, make_project, wait_for

STYLIZER = '''
from pathlib import Path
from time import sleep

from gramflow.engine.stylizers import Painted, Stylizer


class Told(Stylizer):
    """Gives the frame back, or does what a file tells it."""

    name = "told"

    def paint(self, frame, neighbours, seed, on_epoch):
        exec(Path("do").read_text())
        return Painted(frame)
'''
PROFILE = "Using workflow specific profile "
"""Start of the line that Snakemake prints before it loads any plugin."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Run]:
    """A project of one render, and its first run."""
    project = make_project(tmp_path_factory.mktemp("quiet") / "a [b]", stylizer="told")
    project.quiet = True
    project.folder.joinpath("told.py").write_text(STYLIZER)
    project.folder.joinpath("do").write_text("")
    project.config |= {"plugins": ["told.py"], "renders": [{"style": "red"}]}
    return project, project.run()


@pytest.fixture
def project(first: tuple[Project, Run]) -> Project:
    """The same one, of which nothing is painted any more."""
    project, _ = first
    for name in ("results", "store/painted", "work/renders"):
        shutil.rmtree(project.folder / name, ignore_errors=True)
    return project


def shown(output: str) -> list[str]:
    """The lines, with single spaces, without the profile's."""
    lines = [" ".join(line.split()) for line in output.splitlines()]
    return [line for line in lines if line and not line.startswith(PROFILE)]


def do(project: Project, text: str) -> None:
    """Tell the stylizer what to do before each frame."""
    project.folder.joinpath("do").write_text(text)


def test_a_run_is_a_line_per_stage_and_the_film(first: tuple[Project, Run]) -> None:
    project, run = first
    lines = shown(run.output)
    assert len(lines) <= 16
    # a slow machine has a line of progress
    stages = [line.split()[0] for line in lines[:-3] if "of 6 frames" not in line]
    assert sorted(stages) == sorted(
        [
            *("weights", "probe", "extract", "plan", "targets"),
            *("6", "stylize", "encode", "measure", "plot_loss", "page", "index"),
        ]
    )
    assert "6 frames to paint in 1 job" in lines
    painted = [line for line in lines if line.startswith("stylize ")][-1]
    assert re.fullmatch(r"stylize clip\.red 6 frames painted, [\d.]+ s a frame, \d+ s", painted)
    film, done, log = lines[-3:]
    assert re.fullmatch(
        r"results/clip\.red\.mp4 [\d.]+ [kM]B, steady to [\d.e-]+ \(median error\), .* flagged",
        film,
    )
    assert done.startswith("done in ")
    path = project.folder / log.removeprefix("log: ")
    # all that is not shown
    assert "frame 6/6, 0 evaluations" in path.read_text() and "jobid: " in path.read_text()


def test_a_dry_run_shows_stages_and_frames(project: Project) -> None:
    lines = shown(project.run("--dry-run").output)
    assert "plan 1, encode 1, measure 1, plot_loss 1, page 1, index 1" in lines[-2]
    assert "6 frames to paint in 1 job" in " ".join(lines)
    assert len(lines) <= 4


def test_questions_are_answered_and_nothing_else(project: Project) -> None:
    for question in ("--dag", "--summary"):
        done = subprocess.run(
            project.command(question), cwd=project.folder, capture_output=True, check=True
        )
        assert done.stdout.startswith((b"digraph", b"output_file"))
        assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise ValueError('boom')", "ValueError: boom"),
        ("import os; os.kill(os.getpid(), 9)", "stylize clip.red ended without a message"),
    ],
)
def test_a_failed_job_is_a_sentence_and_the_path_of_its_log(
    project: Project, text: str, told: str
) -> None:
    do(project, text)
    run = project.run(fails=True)
    do(project, "")
    errors = [number for number, line in enumerate(shown(run.output)) if "ERROR" in line]
    assert len(errors) == 1 and "Traceback" not in run.output
    error, log, *rest = shown(run.output)[errors[0] :]
    assert error.startswith(f"ERROR: {told}")
    assert project.folder.joinpath(log.removeprefix("log: ")).is_file()
    assert rest[0] == "everything finished so far is kept; run again to go on"
    assert run.status == 1


def test_ctrl_c_in_a_terminal(project: Project) -> None:
    """While it runs, a line tells how far it is; then it stops, without red."""
    do(project, "sleep(0.5)")
    terminal, output = start_in_terminal(project)
    wait_for(lambda: len(project.painted()) >= 2 and b"2 of 6 frames" in output())
    os.write(terminal, b"\x03")
    wait_for(lambda: b"log: " in output())
    text = output().decode()
    do(project, "")
    assert "stopped; run again to go on" in text and "everything finished" not in text
    assert "Traceback" not in text and "\x1b[31m" not in text and "ERROR" not in text
    before = project.painted()
    run = project.run()
    assert f"{FRAMES - len(before)} frames to paint" in run.output
    assert f"({len(before)} were there)" in run.output
    assert before.items() <= project.painted().items()


def start_in_terminal(project: Project):
    """Snakemake in a pseudo-terminal; the terminal, and a function that gives all of its output."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(project.folder)
        os.environ["TERM"] = "xterm-256color"
        command = project.command()
        os.execv(command[0], command)
    os.set_blocking(terminal, False)
    read = bytearray()

    def output() -> bytes:
        try:
            while data := os.read(terminal, 65536):
                read.extend(data)
        except OSError:  # nothing more yet, or the process has ended
            pass
        return bytes(read)

    return terminal, output


def test_a_lock_left_behind(project: Project) -> None:
    do(project, "sleep(1)")
    process = subprocess.Popen(
        project.command(),
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(lambda: len(project.painted()) >= 1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    do(project, "")
    run = project.run(fails=True)
    *_, line = shown(run.output)
    assert len(shown(run.output)) <= 2
    assert line.startswith("ERROR: this folder is locked: ")
    assert re.search(r"free it by `snakemake --cores \d+ --unlock`, and run again", line)
    assert shown(project.run("--unlock").output) == ["Unlocked working directory."]
    project.run()
    assert Path(project.folder, "results/clip.red.mp4").is_file()


def test_a_config_that_is_not_yaml(project: Project) -> None:
    command = project.command("--dry-run")
    project.folder.joinpath("config.yaml").write_text("videos:\n  clip: {path: x\nstyles:\n")
    done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = shown(done.stdout + done.stderr)
    assert line.startswith("ERROR: config.yaml, line 3, column 7: is not YAML")


def test_without_cores_the_message_has_this_machines(project: Project) -> None:
    run = project.run(machine=(), fails=True)
    (line,) = shown(run.output)
    assert re.fullmatch("ERROR: say how .*`snakemake --cores [0-9]+`", line)
