"""The command `gramflow`, as people call it."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import yaml

import gramflow
from gramflow.store.frames import painted_store
from tests.support.media import decoded
from tests.support.project import COPYING, ROOT, Project
from tests.support.tiny import FRAMES, QUICK, make_project, write_film, write_style

LOOK = ("--width", "32", "--set", "evaluations=3", "--set", "start=content")
RANDOM = ("--weights", "random", "--network", "vgg16", "--set", "precision=float32")


def call(
    folder: Path, *arguments: str, status: int = 0, environment: Mapping[str, str] | None = None
) -> str:
    """Run the command in a folder, and return what it prints; errors are one line."""
    done = subprocess.run(
        [sys.executable, "-m", "gramflow", *arguments],
        cwd=folder,
        env=os.environ | dict(environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    if status == 2:
        assert not done.stdout
        assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("ERROR: "), done.stderr
        return done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished project with a stylizer that copies; not to be changed."""
    project = make_project(tmp_path_factory.mktemp("finished") / "project")
    (project.folder / "copying.py").write_text(COPYING)
    project.config |= {
        "plugins": ["copying.py"],
        "looks": {"default": {"width": 32, "stylizer": "copying"}},
    }
    project.run()
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, with its times."""
    return finished.copied(tmp_path / "project")


def test_a_picture_is_painted_as_the_workflow_paints_it(tmp_path: Path) -> None:
    """By the command, and from Python: the same pixels."""
    write_style(tmp_path / "picture1.png", 3)
    write_style(tmp_path / "red.png", 0)
    call(tmp_path, "paint", "picture1.png", "red.png", "-o", "out.tiff", *LOOK, *RANDOM)
    call(tmp_path, "paint", "picture1.png", "red.png", "-o", "out.png", *LOOK, *RANDOM)
    project = Project(
        tmp_path,
        {
            "weights": "random",
            "videos": {"clip": {"path": "picture?.png", "fps": 1}},
            "styles": {"red": {"images": ["red.png"]}},
            "looks": {"default": QUICK},
        },
    )
    project.run()
    expected = painted_store(tmp_path / "store").read(project.frames("clip.red")[0]["key"])
    painted = cv2.imread(str(tmp_path / "out.tiff"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert (painted == expected).all()

    own = gramflow.paint(
        cv2.imread(str(tmp_path / "picture1.png"))[..., ::-1],
        tmp_path / "red.png",
        width=32,
        settings={"evaluations": 3, "start": "content", "precision": "float32"},
        network="vgg16",
        weights="random",
    )
    assert own.dtype == np.uint8
    assert (own == np.rint(expected / np.float32(257))).all()
    assert (cv2.imread(str(tmp_path / "out.png"))[..., ::-1] == own).all()

    told = json.loads(call(tmp_path, "show", "out.png", "--json"))
    assert told["gramflow"] == gramflow.__version__
    assert told["settings"]["evaluations"] == 3
    assert [name for name, _ in told["pictures"]] == ["red.png"]


def test_a_film_is_painted_in_a_project_that_is_gone_afterwards(tmp_path: Path) -> None:
    write_film(tmp_path / "my clip.mkv")
    write_style(tmp_path / "red.png", 0)
    call(tmp_path, "paint", "my clip.mkv", "red.png", "-o", "out.mov", *LOOK, *RANDOM)
    assert len(decoded(tmp_path / "out.mov")) == FRAMES
    assert (tmp_path / "out.mov").read_bytes()[4:12] == b"ftypqt  "
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my clip.mkv", "out.mov", "red.png"]
    assert "video: my-clip\n" in call(tmp_path, "show", "out.mov")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["paint", "nothing.png", "red.png"], "nothing.png: no such file"),
        (["paint", "clip.mkv", "clip.mkv"], "clip.mkv: not a picture"),
        (["paint", "red.png", "blue.png", "-o", "red.png"], "would replace a source"),
        (["paint", "red.png", "blue.png", "-o", "a.mp4"], "ends in one of .png"),
        (["paint", "clip.mkv", "blue.png", "-o", "a.png"], "ends in one of .mp4"),
        (["paint", "red.png", "blue.png", "-o", "no/a.png"], "its folder is not there"),
        (["paint", "red.png", "blue.png", "--set", "evaluations"], "give a setting and its value"),
        (["paint", "red.png", "blue.png", "--set", "a.=1"], "give a setting and its value"),
        (["paint", "red.png", "blue.png", "--set", "evaluation=3"], "did you mean evaluations?"),
        (["paint", "red.png", "blue.png", "--set", "evaluations=["], "is not YAML"),
        (["paint", "red.png", "blue.png", "--width", "99999999"], "looks.default.width: "),
        (["paint", "red.png", "blue.png", "--weights", "none.h5"], "none.h5: no such file"),
        (["paint", "clip.mkv", "blue.png", "-o", "way.mp4"], "way.gramflow: is in the way"),
        (["preview", "--sweep", "evaluations"], "give a setting and values"),
        (["preview", "--sweep", "evaluation=1,2"], "did you mean evaluations?"),
        (["preview", "--render", "clip.rd"], "did you mean clip.red?"),
        (["preview", "-o", "preview.jpg"], "ends in .png"),
        (["export", "clip.green", "--frames", "out"], "known: clip.blue, clip.red"),
        (["export", "clip.red", "--frames", "store"], "is not empty"),
        (["export", "clip.red", "--compare", "out.avi"], "ends in .mp4"),
        (["export", "clip.red", "--compare", "results/clip.red.mp4"], "is there already"),
        (["preview", "-o", "red.png"], "would replace red.png"),
        (["paint", "broken.jpg", "blue.png"], "broken.jpg: not a picture"),
        (["paint", "red.png", "blue.png", "--set", "a=1", "--set", "a.b.c=1"], "give a setting"),
        (["status", "--watch", "--json"], "give one of them"),
        (["show", "red.png"], "does not tell how it was made"),
        (["show", "config.yaml"], "no film that can be read"),
        (["show", "nothing.mp4"], "no such file"),
        (["init", "."], "is there already"),
        (["status", "--configfile", "none.yaml"], "none.yaml: no such file"),
        (["prune", "--configfile", "config.yaml", "clip.mkv"], "is not text in UTF-8"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    finished: Project, arguments: list[str], complaint: str
) -> None:
    """And nothing is written."""
    (finished.folder / "way.gramflow").mkdir(exist_ok=True)
    (finished.folder / "way.gramflow/config.yaml").touch()  # a project, but of the user's
    (finished.folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    before = sorted(finished.folder.rglob("*"))
    assert complaint in call(finished.folder, *arguments, status=2)
    assert sorted(finished.folder.rglob("*")) == before


def test_run_needs_a_project(tmp_path: Path) -> None:
    assert "gramflow init" in call(tmp_path, "run", "--dry-run", status=2)


def test_export(project: Project) -> None:
    call(project.folder, "export", "clip.red", "--frames", "frames")
    names = sorted(path.name for path in (project.folder / "frames").iterdir())
    assert names == [f"{number:06d}.png" for number in range(FRAMES)]
    call(project.folder, "export", "clip.red", "--compare", "both.mp4")
    with av.open(str(project.folder / "both.mp4")) as film:
        assert film.streams.video[0].sample_aspect_ratio in (None, 1)
    frames = decoded(project.folder / "both.mp4")
    assert len(frames) == FRAMES and frames[0].shape == (24, 64, 3)
    left, right = np.split(frames[0].astype(float), 2, axis=1)
    assert abs(left - right).mean() < 6  # the stylizer has copied, and the film has lost a little


def test_export_waits_for_the_frames(project: Project) -> None:
    key = project.frames("clip.red")[2]["key"]
    painted_store(project.folder / "store").path(key).unlink()
    line = call(project.folder, "export", "clip.red", "--frames", "frames", status=2)
    assert "5 of 6 frames are painted" in line
    assert not (project.folder / "frames").exists()


def test_prune_shows_and_then_deletes_what_the_config_has_no_more(project: Project) -> None:
    """What is left is whole: nothing is to be done for it."""
    del project.config["styles"]["blue"]
    project.command()
    kept = project.painted()
    call(project.folder, "prune")
    assert project.painted() == kept
    told = json.loads(call(project.folder, "prune", "--yes", "--json"))
    found = {each["kind"]: each for each in told["unused"]}
    assert len(found["painted frames"]["files"]) == FRAMES
    assert not found["extracted frames"]["files"]
    assert "results/clip.blue.mp4" in found["results"]["files"]
    red = {frame["key"] for frame in project.frames("clip.red")}
    assert project.painted().keys() == red
    names = {path.name for path in (project.folder / "results").iterdir()}
    assert names and not [name for name in names if name.startswith("clip.blue")]
    run = project.run()
    assert "rule index:" in run.output and run.jobs == 1  # the page has one film less
    left = json.loads(call(project.folder, "prune", "--json"))["unused"]
    files = [file for each in left for file in each["files"]]
    assert all(file.startswith("work/again/") for file in files)


def test_prune_touches_no_file_of_the_users(project: Project) -> None:
    """Also below the folders that runs write to; and no recording, which cannot be had again."""
    own = [
        *("work/notes.txt", "work/clip/capture.0123456789abcdef.mkv", "work/renders/mine.json"),
        *("results/my.mp4", "results/page/my.jpg", "store/frames/01/picture.png"),
    ]
    for name in own:
        path = project.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    del project.config["styles"]["blue"]
    project.command()
    call(project.folder, "prune", "--yes")
    assert [name for name in own if not (project.folder / name).is_file()] == []


def test_another_config_is_laid_over_the_projects(project: Project) -> None:
    """As Snakemake does; else its frames would be taken for unused ones."""
    project.command()
    (project.folder / "other.yaml").write_text("looks: {default: {width: 32}}")
    status = json.loads(call(project.folder, "status", "--json", "--configfile", "other.yaml"))
    assert [each["done"] for each in status["renders"]] == [FRAMES, FRAMES]


def test_prune_keeps_what_it_cannot_know(project: Project) -> None:
    """Frames of a render without a plan, of a store outside the folder, and during a run."""
    write_film(project.folder / "other.mkv", changed=(1,))
    project.config["videos"] = {"other": {"path": "other.mkv"}}
    project.command()
    told = json.loads(call(project.folder, "prune", "--json"))
    found = {each["kind"]: each for each in told["unused"]}
    assert not found["painted frames"]["files"] and "not planned" in found["painted frames"]["kept"]

    (project.folder / "store").rename(project.folder.parent / "store")
    project.config |= {"videos": {"clip": {"path": "clip.mkv"}}, "store": "../store"}
    project.command()
    told = json.loads(call(project.folder, "prune", "--json"))
    assert "outside this folder" in told["unused"][1]["kept"]

    locks = project.folder / ".snakemake/locks"
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "0.input.lock").touch()
    assert "a run is going on" in call(project.folder, "prune", "--yes", status=2)


def test_plan_status_and_doctor_as_json(project: Project) -> None:
    project.command()
    plan = json.loads(call(project.folder, "plan", "--json"))
    assert {each["name"]: each["made"] for each in plan["renders"]} == {
        "clip.red": 0,
        "clip.blue": 0,
    }
    assert plan["extracted_mb"] == 0
    status = json.loads(call(project.folder, "status", "--json"))
    assert [each["done"] for each in status["renders"]] == [FRAMES, FRAMES]
    assert call(project.folder, "status", "--watch")
    checks = json.loads(call(project.folder, "doctor", "--json"))["checks"]
    assert {check["name"] for check in checks} >= {"ffmpeg", "TensorFlow", "weights", "config.yaml"}
    assert all(check["state"] == "good" for check in checks if check["name"] == "config.yaml")


def test_doctor_tells_what_is_wrong(project: Project) -> None:
    (project.folder / "config.yaml").write_text("videos: {clip: {path: gone.mkv}}\nstyles: {}")
    told = call(
        project.folder, "doctor", status=1, environment={"PATH": "", "IMAGEIO_FFMPEG_EXE": "no"}
    )
    assert "WRONG   ffmpeg: not found; install ffmpeg" in told
    assert "WRONG   config.yaml: " in told


def test_tables_cut_no_name(project: Project) -> None:
    """Also where the output is no terminal, whatever its width is said to be."""
    name = "a-rather-long-name-of-a-video-that-is-in-nobodys-way-is-it"
    project.config["videos"] = {name: {"path": "clip.mkv"}}
    project.command()
    assert f"{name}.red" in call(project.folder, "status", environment={"COLUMNS": "40"})


def test_preview(tmp_path: Path) -> None:
    """Each style on the sheet, with the source; and a sweep's table."""
    project = make_project(tmp_path / "project", width=64)
    project.command()
    call(project.folder, "preview", "--width", "32")
    sheet = cv2.imread(str(project.folder / "results/preview.png"))
    assert sheet.shape[1] == 8 + 32 + 8  # one shot
    assert sheet.shape[0] == 3 * (24 + 24 + 8)  # the source and two styles, with captions
    call(
        project.folder,
        "preview",
        "--width",
        "32",
        "--sweep",
        "evaluations=1,3",
        "--sweep",
        "seed=1,2,3",
        "-o",
        "sweep.png",
    )
    lines = list(csv.DictReader((project.folder / "sweep.csv").open()))
    assert [(line["evaluations"], line["seed"], line["evaluations made"]) for line in lines] == [
        (count, seed, count) for count in "13" for seed in "123"
    ]
    assert all(float(line["loss"]) > 0 and float(line["seconds"]) > 0 for line in lines)
    assert cv2.imread(str(project.folder / "sweep.png")).shape[0] == 24 + 3 * (24 + 24 + 8)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the package is the wheel's, not the checkout's."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return {"PYTHONPATH": str(folder / "site")}


def test_a_new_project_runs_by_the_installed_package(
    tmp_path: Path, installed: dict[str, str]
) -> None:
    """Without a checkout: by `gramflow run` and by `snakemake`; the demo's film is there."""
    call(tmp_path, "init", "films", environment=installed)
    folder = tmp_path / "films"
    config: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["styles"] == {"oil": {"images": ["styles/oil.jpg"]}}
    for command in (["gramflow", "run"], ["snakemake", "--cores", "1"]):
        done = subprocess.run(
            [sys.executable, "-m", *command, "--dry-run"],
            cwd=folder,
            env=os.environ | installed,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "about 24 frames to paint" in done.stdout + done.stderr or "not known yet" in (
            done.stdout + done.stderr
        )
        assert str(ROOT) not in done.stdout + done.stderr
