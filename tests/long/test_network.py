"""Films painted by a network that the workflow trains, and networks for live video."""

import json
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gramflow.live.painter import Painter
from gramflow.settings.config import load
from gramflow.store.frames import extracted_store, painted_store
from gramflow.view.forecasts import forecast
from tests.support import media
from tests.support.project import Project
from tests.support.tiny import killed_once, wait_for

RENDER = "clip.red"
FRAMES = 6
TINY = {"channels": 8, "blocks": 1, "copying": 20, "steps": 20, "keyframes": 2, "crop": 48}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A film of two scenes, painted by a small network; two frames are optimised, one is given."""
    frames = [
        (255 * media.textured(seed=number // 3, height=64, width=96)).astype(np.uint8)
        for number in range(FRAMES)
    ]
    media.write_raw(tmp_path / "clip.mkv", frames, rate=4)
    red = np.uint8(255 * media.textured(seed=9)) // 4 + np.uint8((10, 10, 180))
    cv2.imwrite(str(tmp_path / "red.png"), red)
    cv2.imwrite(str(tmp_path / "mine.png"), 255 - frames[5])
    return Project(
        tmp_path,
        {
            "weights": "random",
            "videos": {"clip": {"path": "clip.mkv"}},
            "styles": {"red": {"images": ["red.png"]}},
            "looks": {
                "default": {
                    "width": 96,
                    "evaluations": 3,
                    "stylizer": {"name": "network", **TINY, "painted": {5: "mine.png"}},
                }
            },
        },
    )


def kill_in_training(project: Project) -> str:
    """Start a run, and kill it and its jobs after the first optimised frame; return its log."""
    checkpoints = project.folder / "store/training"
    return killed_once(project, lambda: list(checkpoints.glob("[!.]*.npz")))


def gramflow(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gramflow", *arguments]
    return subprocess.run(
        command, cwd=project.folder, text=True, capture_output=True, check=False, timeout=300
    )


def optimised(output: str) -> list[str]:
    """The frames that a log says were optimised."""
    lines = [line for line in output.splitlines() if line.endswith(" evaluations")]
    return sorted(line.split("frame ")[1].split(":")[0] for line in lines if ": frame " in line)


def test_a_network_is_trained_once_and_paints_the_film(project: Project, tmp_path: Path) -> None:
    """A killed training goes on with the same result; the network also paints live."""
    other = Project(tmp_path / "other", project.config)
    other.folder.mkdir()
    for name in ("clip.mkv", "red.png", "mine.png"):
        (other.folder / name).write_bytes((project.folder / name).read_bytes())
    begun = optimised(kill_in_training(project))
    assert "is trained first" in gramflow(project, "status").stdout
    run = project.run()
    whole = other.run()
    assert sorted(begun + optimised(run.output)) == optimised(whole.output)
    assert len(optimised(whole.output)) == 2
    assert "rule flow" not in run.output
    assert not list(project.folder.glob("store/training/[!.]*.npz"))
    (trained,) = project.folder.glob(f"work/renders/{RENDER}/trained.*.npz")
    twin = other.folder / trained.relative_to(project.folder)
    with np.load(trained) as one, np.load(twin) as two:
        assert one.files == two.files and all(np.array_equal(one[n], two[n]) for n in one.files)
    keys = [frame["key"] for frame in project.frames(RENDER)]
    assert project.painted().keys() == other.painted().keys() == set(keys)

    again = project.run()
    assert again.jobs == 0

    done = gramflow(project, "export-network", RENDER, "-o", "red.onnx", "--licence", "CC0")
    assert done.returncode == 0 and "red.onnx" in done.stdout, done.stderr
    painter = Painter((project.folder / "red.onnx").read_bytes(), threads=1)
    assert painter.card["name"] == RENDER and painter.card["style"] == "red"
    assert painter.card["licence"] == "CC0"
    look = json.loads(painter.card["look"])
    assert look["network"] == "vgg16" and look["settings"]["stylizer"]["steps"] == TINY["steps"]
    assert str(project.folder) not in painter.card["look"] and "mine.png" in painter.card["look"]
    extracted, painted = (
        each(project.folder / "store") for each in (extracted_store, painted_store)
    )
    source = extracted.read(project.manifest("clip")["frames"][2])
    film = np.rint(painted.read(keys[2]) / 257)
    assert np.abs(painter.paint(source, 1.0) - film).max() <= 2


def test_what_the_network_learns_from_is_part_of_the_keys(project: Project) -> None:
    """The film's frames, the pictures that the user has painted, and the settings."""
    project.config["looks"]["default"]["stylizer"] |= {"steps": 2, "copying": 2, "keyframes": 0}
    project.run()
    before = set(project.painted())
    cv2.imwrite(str(project.folder / "mine.png"), np.zeros((64, 96, 3), np.uint8))
    assert project.run().output.count("rule train:") == 1
    assert not before & {frame["key"] for frame in project.frames(RENDER)}
    with chdir(project.folder):
        config = load(project.config)
        found = forecast(config, project.plan(RENDER), painted_store(config.store))
    assert found.made == 0 and found.evaluations == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"painted": {9: "mine.png"}}, "stylizer.painted.9: there is no such frame; give a number"),
        ({"painted": {1: "lost.png"}}, "looks.default.stylizer.painted: lost.png: no such file"),
        ({"channels": 12}, "looks.default.stylizer.channels: 12 does not fit"),
        ({"teacher": "lost"}, "looks.default.stylizer.teacher: there is no look 'lost'"),
    ],
)
def test_wrong_settings_are_one_line(project: Project, changes: Any, error: str) -> None:
    project.config["looks"]["default"]["stylizer"] |= {"keyframes": 0} | changes
    assert error in project.run(fails=True).output


def test_a_network_is_trained_by_one_command(project: Project) -> None:
    """And goes on where it was stopped, with the same bytes."""
    sets = [f"--set=stylizer.{name}={value}" for name, value in TINY.items()]
    command = ["train", "red.png", "--on", "clip.mkv", "mine.png", "--width", "96", *sets]
    command += ["--set=evaluations=2", "--set=first=1", "-o", "new.onnx"]
    done = gramflow(project, *command)
    assert done.returncode == 0, done.stderr
    assert "learning from 7 frames of 2 films and pictures" in done.stdout
    model = project.folder / "new.onnx"
    painter = Painter(model.read_bytes(), threads=1)
    frame = (255 * media.textured(seed=0, height=40, width=64)).astype(np.uint8)
    assert np.abs(painter.paint(frame, 1.0).astype(int) - frame).mean() > 1
    assert gramflow(project, *command).stderr.startswith("ERROR: --output new.onnx: is there")
    assert not list(project.folder.glob("*.training.npz"))

    model.rename(project.folder / "whole.onnx")
    process = subprocess.Popen(
        [sys.executable, "-m", "gramflow", *command], cwd=project.folder, stdout=subprocess.PIPE
    )
    wait_for(project.folder.joinpath("new.training.npz").exists, seconds=120)
    process.kill()
    process.communicate()
    assert not model.exists()
    assert gramflow(project, *command).returncode == 0
    assert model.read_bytes() == (project.folder / "whole.onnx").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["train", "lost.png", "--on", "clip.mkv"], "lost.png: no such file; correct the path"),
        (["train", "red.png", "--on", "lost.mkv"], "lost.mkv: no such file; give the path of a"),
        (["train", "red.png", "--on", "clip.mkv", "-o", "x.pt"], "--output x.pt: give a name that"),
        (["train", "red.png", "--on", "clip.mkv", "--set", "stylizer.steps=a"], "stylizer.steps"),
        (["train", "red.png", "--on", "0"], "--on 0: has no end; record it first"),
        (
            ["train", "red.png", "--on", "clip.mkv", "--set", "stylizer=optimize"],
            "stylizer: optimize trains no network; give network",
        ),
        (["train", "red.png", "--on", "clip.mkv", "--width", "32"], "no frame is large enough"),
        (["export-network", "clip.blue"], "there is no render clip.blue; did you mean clip.red?"),
        (["export-network", "clip.red"], "clip.red: its network is not trained yet; train it by"),
    ],
)
def test_wrong_use_is_one_line(project: Project, arguments: list[str], error: str) -> None:
    project.command()
    done = gramflow(project, *arguments)
    assert done.returncode == 2 and error in done.stderr and done.stderr.count("\n") == 1, (
        done.stderr
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"rate": 1e30, "keyframes": 0}, "stylizer.rate: training has diverged; give a lower one"),
        (
            {"steps": 0, "like": 0},
            "looks.default.stylizer: learns nothing; give steps, or examples",
        ),
    ],
)
def test_a_training_without_a_result_is_one_line(
    project: Project, changes: dict[str, Any], error: str
) -> None:
    sets = [f"--set=stylizer.{name}={value}" for name, value in (TINY | changes).items()]
    command = ["train", "red.png", "--on", "clip.mkv", "--width", "96", *sets, "-o", "new.onnx"]
    done = gramflow(project, *command)
    assert done.returncode == 2 and error in done.stderr, done.stderr
    assert not (project.folder / "new.onnx").exists()


def test_a_look_that_trains_no_network_exports_none(project: Project) -> None:
    project.config["looks"]["default"]["stylizer"] = "optimize"
    project.command()
    done = gramflow(project, "export-network", RENDER)
    assert done.returncode == 2
    assert "looks.default.stylizer: optimize trains no network; give network" in done.stderr
