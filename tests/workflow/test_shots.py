"""A film one of whose shots has another look: painted in place of its own, not beside it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support import media
from tests.support.project import COPYING, Project
from tests.support.tiny import write_style

INVERTING = COPYING.replace("Copying", "Inverting").replace("copying", "inverting")
CUTS = [0.2, 0.6]
SECOND = range(3, 8)
"""Frames of the second shot."""


def make_project(folder: Path) -> Project:
    """Nine frames in three shots, painted by a stylizer that copies; another look inverts."""
    random = np.random.default_rng(3)
    frames = [random.integers(0, 255, (12, 16, 3), np.uint8) for _ in range(9)]
    grown = [cv2.resize(frame, (64, 48), interpolation=cv2.INTER_NEAREST) for frame in frames]
    media.write_raw(folder / "clip.mkv", grown, rate=12)
    write_style(folder / "red.png", 0)
    inverting = INVERTING.replace("Painted(frame)", "Painted(1 - frame)")
    (folder / "plugins.py").write_text(COPYING + inverting.split("Stylizer\n", 1)[1])
    plain = {"width": 64, "stylizer": "copying"}
    return Project(
        folder,
        {
            "weights": "random",
            "plugins": ["plugins.py"],
            "videos": {"clip": {"path": "clip.mkv", "cuts": CUTS}},
            "styles": {"red": {"images": ["red.png"]}},
            "looks": {"default": plain, "other": plain | {"stylizer": "inverting"}},
            "encode": {"crf": 0, "pixel_format": "yuv444p", "speed": "ultrafast"},
            "renders": [{"shots": {2: "other"}}],
        },
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Painted once, with the second shot in the other look."""
    project = make_project(tmp_path_factory.mktemp("shots"))
    assert "\n9 frames to paint in 3 jobs\n" in project.run().output
    return project


def told(project: Project, *command: str) -> str:
    """What a subcommand prints."""
    gramflow = str(Path(sys.executable).with_name("gramflow"))
    done = subprocess.run(
        [gramflow, *command], cwd=project.folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_shot_has_another_look(project: Project) -> None:
    """Each frame is painted once; the film, its report, its page and its metadata know."""
    assert len(project.painted()) == 9
    assert [record.render for record in project.records("clip.red")] == [
        "clip.red",
        "clip.red+other",
        "clip.red",
    ]
    source = np.stack(media.decoded(project.folder / "clip.mkv")).astype(int)
    film = np.stack(media.decoded(project.folder / "results/clip.red.mp4")).astype(int)
    for number, pair in enumerate(zip(film, source, strict=True)):
        wanted = 255 - pair[1] if number in SECOND else pair[1]
        assert np.abs(pair[0] - wanted).max() <= 8
    results = project.folder / "results"
    assert sorted(path.name for path in results.glob("*.mp4")) == ["clip.red.mp4"]
    assert len(json.loads((results / "clip.red.temporal.json").read_text())["frames"]) == 6
    assert '"others": ["shot 2 in red, other"]' in (results / "page/clip.red.js").read_text()
    shown = json.loads(told(project, "show", "results/clip.red.mp4", "--json"))
    (shot,) = shown["shots"]
    assert (shot["numbers"], shot["look"]) == ([2], "other")
    assert shot["settings"]["stylizer"]["name"] == "inverting"


def test_commands_know_of_the_shot(project: Project, tmp_path: Path) -> None:
    """How many frames each look paints, and that all of them are used and as they were made."""
    rows = json.loads(told(project, "status", "--json"))["renders"]
    assert {row["name"]: (row["done"], row["frames"]) for row in rows} == {
        "clip.red+other": (5, 5),
        "clip.red": (4, 4),
    }
    unused = json.loads(told(project, "prune", "--only", "painted", "work", "--json"))["unused"]
    assert [each["files"] for each in unused if each["kind"] == "painted frames"] == [[]]
    assert "all of them are as they were made" in told(project, "verify")
    folder = tmp_path / "frames"
    told(project, "export", "clip.red", "--frames", str(folder))
    assert len(list(folder.glob("*.png"))) == 9


def test_a_preview_shows_each_shot_in_its_look(project: Project, tmp_path: Path) -> None:
    """In one row, since it is one film; a sweep is of the film's own look."""
    sheet = tmp_path / "preview.png"
    assert ": clip.red+other, frame 5, " in told(project, "preview", "-o", str(sheet))
    with sheet.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["frame"], row["look"]) for row in rows] == [
        ("1", "default"), ("5", "other"), ("8", "default"),
    ]  # fmt: skip
    plain = Project(project.folder, project.config | {"renders": None})
    plain.command()
    told(plain, "preview", "-o", str(tmp_path / "plain.png"))
    project.command()
    found, other = (cv2.imread(str(tmp_path / name)) for name in ("preview.png", "plain.png"))
    assert found.shape == other.shape
    columns = np.flatnonzero((found != other).any((0, 2)))
    third = found.shape[1] / 3
    assert third <= columns.min() and columns.max() < 2 * third
    told(project, "preview", "-o", str(sheet), "--sweep", "evaluations=2,3")
    assert "other" not in sheet.with_suffix(".csv").read_text()


def test_only_the_shot_is_painted_again(project: Project) -> None:
    """Back in the film's own look; once more in the other one, nothing is painted."""
    painted, film = project.painted(), project.film("clip.red")
    project.config["renders"] = [{}]
    assert "\n5 frames to paint in 1 job\n" in project.run().output
    assert painted.items() <= project.painted().items() and len(project.painted()) == 14
    assert project.film("clip.red") != film
    project.config["renders"] = [{"shots": {2: "other"}}]
    run = project.run()
    assert "rule stylize" not in run.output and len(project.painted()) == 14
    assert project.film("clip.red") == film
    assert project.run().jobs == 0


def test_a_shot_that_the_film_does_not_have(project: Project) -> None:
    """Is refused when the film's shots are known, by the render's entry."""
    project.config["renders"] = [{"shots": {4: "other"}}]
    line = "ERROR: renders.shots.4: clip.red has no such shot; the last one of clip is 3"
    run = project.run(fails=True)
    assert line in run.output and "Traceback" not in run.output
