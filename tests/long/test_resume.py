"""What is computed again, and what not, counted in records and files of real runs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import psutil
import pytest

from tests.support import plain_vgg
from tests.support.project import Project
from tests.support.tiny import FRAMES, made, make_project, wait_for, write_film, write_style


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    """A project whose films are painted; not to be changed."""
    project = make_project(tmp_path_factory.mktemp("finished") / "project")
    project.run()
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished project."""
    shutil.copytree(finished.folder, tmp_path / "project")
    return Project(tmp_path / "project", finished.config | {})


def status(project: Project) -> dict[str, list[str]]:
    """What `gramflow status` tells of each render: frames, speed, time left, film."""
    command = [str(Path(sys.executable).with_name("gramflow")), "status"]
    shown = subprocess.run(command, cwd=project.folder, capture_output=True, text=True, check=True)
    rows = [line.strip("│").split("│") for line in shown.stdout.splitlines() if "│" in line]
    return {name.strip(): [cell.strip() for cell in cells] for name, *cells in rows}


def test_first_run_paints_every_frame_once(finished):
    assert made(finished, "clip.red") == made(finished, "clip.blue") == list(range(FRAMES))
    assert len(finished.painted()) == 2 * FRAMES
    for name in ("clip.red", "clip.blue"):
        plot = cv2.imread(str(finished.folder / f"results/{name}.loss.png"))
        assert plot is not None and plot.std() > 0
    leftovers = [path for path in finished.folder.rglob(".*") if path.suffix]
    assert [path for path in leftovers if ".snakemake" not in str(path)] == []


def test_second_run_has_no_job(project):
    before = project.painted()
    run = project.run()
    assert run.jobs == 0 and "Nothing to be done" in run.output
    assert project.painted() == before


def test_new_time_stamps_paint_nothing(project):
    """A video that is only newer is extracted again; equal frames are found in the store.

    Also where its time, by the wrong clock of a camera, lies in the future.
    """
    before = project.painted()
    tomorrow = time.time() + 86400
    os.utime(project.folder / "clip.mkv", (tomorrow, tomorrow))
    run = project.run()
    assert "rule stylize" not in run.output
    assert project.painted() == before


def test_deleted_frame_is_painted_again_alone(project):
    before, films = project.painted(), [project.film("clip.red"), project.film("clip.blue")]
    lost = project.frames("clip.red")[2]["key"]
    project.folder.joinpath("store/painted", lost[:2], f"{lost}.png").unlink()
    assert status(project)["clip.red"][0] == "5/6"
    project.run()
    assert status(project)["clip.red"][0] == "6/6"
    assert made(project, "clip.red") == [2]
    after = project.painted()
    assert after.keys() == before.keys()
    assert [key for key in before if before[key] != after[key]] == [lost]
    assert films == [project.film("clip.red"), project.film("clip.blue")]


def test_lost_source_frames_are_extracted_again(project):
    shutil.rmtree(project.folder / "store")
    before = project.film("clip.red")
    project.run()
    assert made(project, "clip.red") == list(range(FRAMES))
    assert project.film("clip.red") == before


@pytest.mark.parametrize("kept", [0, 0.5])
def test_damaged_targets_are_made_again(project, kept):
    paths = list((project.folder / "work/targets").iterdir())
    whole, before = [path.read_bytes() for path in paths], project.film("clip.red")
    for path, data in zip(paths, whole, strict=True):
        path.write_bytes(data[: int(kept * len(data))])
    shutil.rmtree(project.folder / "store/painted")
    shutil.rmtree(project.folder / "results")
    project.run()
    assert [path.read_bytes() for path in paths] == whole
    assert made(project, "clip.red") == list(range(FRAMES))
    assert project.film("clip.red") == before


def test_changed_style_is_painted_again_alone_and_back_for_nothing(project):
    before, films = (
        project.painted(),
        {name: project.film(f"clip.{name}") for name in ("red", "blue")},
    )
    write_style(project.folder / "other.png", 7)
    project.config["styles"] = project.config["styles"] | {
        "red": {"images": ["red.png", "other.png"], "weights": [3, 1]}
    }
    project.run()
    assert made(project, "clip.red") == list(range(FRAMES))
    after = project.painted()
    assert before.items() <= after.items() and len(after) == 3 * FRAMES
    assert project.film("clip.red") != films["red"]
    assert project.film("clip.blue") == films["blue"]

    project.config["styles"]["red"] = {"images": ["red.png"]}
    run = project.run()
    assert "rule stylize" not in run.output
    assert project.painted() == after
    assert project.film("clip.red") == films["red"]


def test_changed_frames_are_painted_again_alone(project):
    write_film(project.folder / "clip.mkv", changed=(1, 2, 4))
    before = project.painted()
    project.run()
    assert made(project, "clip.red") == made(project, "clip.blue") == [1, 2, 4]
    after = project.painted()
    assert before.items() <= after.items() and len(after) == len(before) + 2 * 3


def test_without_snakemakes_memory_a_changed_parameter_is_noticed(project):
    shutil.rmtree(project.folder / ".snakemake")
    write_style(project.folder / "other.png", 7)
    project.config["styles"] = project.config["styles"] | {"red": {"images": ["other.png"]}}
    blue = {frame["key"] for frame in project.frames("clip.blue")}
    before = project.painted()
    project.run()
    assert made(project, "clip.red") == list(range(FRAMES))
    after = project.painted()
    assert len(after) == 3 * FRAMES
    assert all(before[key] == after[key] for key in blue)


def test_without_snakemakes_memory_a_changed_video_is_noticed(project):
    """Also if its file is older than all that was made of it."""
    shutil.rmtree(project.folder / ".snakemake")
    write_film(project.folder / "clip.mkv", changed=(3,))
    os.utime(project.folder / "clip.mkv", (1e9, 1e9))
    project.run()
    assert made(project, "clip.red") == made(project, "clip.blue") == [3]
    shutil.rmtree(project.folder / ".snakemake")
    project.config["videos"] = {"clip": {"path": "clip.mkv", "end": 0.25}}
    project.run()
    assert len(project.frames("clip.red")) == len(project.manifest("clip")["frames"]) == 3


def test_without_snakemakes_memory_other_weights_are_noticed(project):
    shutil.rmtree(project.folder / ".snakemake")
    weights = project.folder / "weights.h5"
    plain_vgg.save_weights(plain_vgg.make_weights(), weights)
    project.config["weights"] = "weights.h5"
    project.config["renders"] = [{"style": "red"}]
    os.utime(weights, (1e9, 1e9))
    project.run()
    assert made(project, "clip.red") == list(range(FRAMES))
    assert {record.weights["source"] for record in project.records("clip.red")} == {"file"}


def test_more_segments_paint_nothing(project):
    before = project.painted()
    project.config["segment_frames"] = 4
    project.run()
    assert len(project.records("clip.red")) == 2
    assert project.painted() == before


# -- killed ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> Project:
    """A chain in which every frame starts from the one before, slow enough to be killed."""
    project = chain(tmp_path_factory.mktemp("uninterrupted") / "project")
    project.run()
    return project


def chain(folder: Path) -> Project:
    """One style only."""
    project = make_project(folder, start="previous", evaluations=12, epoch=4)
    project.config["renders"] = [{"style": "red"}]
    return project


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Snakemake in the background, its output in run.log."""
    with project.folder.joinpath("run.log").open("a") as log:
        return subprocess.Popen(
            project.command(*arguments),
            cwd=project.folder,
            env=os.environ,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )


def painting(project: Project, snakemake: psutil.Process, frames: int) -> psutil.Process:
    """The process of the segment's job, as soon as it has painted some frames."""
    wait_for(lambda: len(project.painted()) >= frames)
    jobs = [child for child in snakemake.children(recursive=True) if is_painting(child)]
    assert len(jobs) == 1
    return jobs[0]


def is_painting(process: psutil.Process) -> bool:
    """Whether this is the Python process of the script, not the shell around it."""
    command = process.cmdline()
    return "stylize.py" in command[-1] and "python" in command[0]


@pytest.mark.parametrize("retries", ["0", "2"])
def test_killed_job_goes_on_after_its_last_frame(uninterrupted, tmp_path, retries):
    project = chain(tmp_path / "project")
    process = start(project, "--retries", retries)
    job = painting(project, psutil.Process(process.pid), 2)
    job.send_signal(signal.SIGKILL)
    before = project.painted()
    assert 2 <= len(before) < FRAMES
    assert (process.wait() == 0) == (retries == "2")
    if retries == "0":
        assert not project.folder.joinpath("results/clip.red.mp4").exists()
        project.run()
    after = project.painted()
    assert before.items() <= after.items() and len(after) == FRAMES
    reused = [frame["reused"] for frame in project.frames("clip.red")]
    assert reused == [True] * len(before) + [False] * (FRAMES - len(before))
    assert after.keys() == uninterrupted.painted().keys()
    assert project.film("clip.red") == uninterrupted.film("clip.red")


def test_killed_snakemake_leaves_a_job_that_nobody_repeats(uninterrupted, tmp_path):
    """The orphan goes on; the next run waits for it in place of painting the same frames."""
    project = chain(tmp_path / "project")
    process = start(project)
    orphan = painting(project, psutil.Process(process.pid), 1)
    orphan.suspend()
    process.kill()
    process.wait()
    project.run("--unlock")
    second = start(project)
    wait_for(lambda: "another process" in project.folder.joinpath("run.log").read_text())
    orphan.resume()
    assert second.wait() == 0
    log = project.folder.joinpath("run.log").read_text()
    for number in range(1, FRAMES + 1):
        # a frame in work tells how far it is where the machine is slow
        assert len(re.findall(rf"frame {number}/{FRAMES}, \d+ evaluations", log)) == 1, log
    assert project.film("clip.red") == uninterrupted.film("clip.red")


def test_ctrl_c_ends_without_a_traceback(tmp_path):
    project = chain(tmp_path / "project")
    process = start(project)
    painting(project, psutil.Process(process.pid), 1)
    for each in [*psutil.Process(process.pid).children(recursive=True), process]:
        each.send_signal(signal.SIGINT)  # a terminal sends it to all of them
    assert process.wait() != 0
    assert "Traceback" not in project.folder.joinpath("run.log").read_text()
    before = project.painted()
    project.run()
    assert before.items() <= project.painted().items()
