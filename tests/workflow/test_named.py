"""Looks whose settings name further styles and other looks, by plugins of docs/plugins.md."""

from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import cv2
import numpy as np
import pytest

from gramflow.base.arrays import Picture
from gramflow.media.pictures import from_pixels, resize
from gramflow.settings.config import load
from gramflow.store.frames import extracted_store, painted_store
from gramflow.store.layout import Layout
from gramflow.view.status import render_status
from tests.support import media
from tests.support.page import write_plugins
from tests.support.project import COPYING, Project
from tests.support.tiny import killed_once

FRAMES = 4
COLOURS = {"red": (40, 40, 230), "blue": (230, 40, 40)}
"""Colour of each style, in the order of OpenCV."""

NEGATIVE = COPYING.replace('"copying"', '"negative"').replace("(frame)", "(1 - frame)")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A film of noise, a quarter of a second each frame; one look goes from red to blue, another
    learns from a look that paints negatives."""
    random = np.random.default_rng(1)
    frames = [random.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(FRAMES)]
    media.write_raw(tmp_path / "clip.mkv", frames, rate=4)
    for name, colour in COLOURS.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), frames[0] // 8 + np.uint8(colour) // 8 * 7)
    write_plugins(tmp_path)
    (tmp_path / "negative.py").write_text(NEGATIVE)
    stylizers = {
        "dissolved": {"name": "dissolve", "into": "blue", "seconds": 0.75},
        "taught": {"name": "learned", "teacher": "teacher"},
        "teacher": {"name": "negative"},
    }
    look = {
        "width": 32,
        "evaluations": 10,
        "start": "content",
        "losses": {"content": {"weight": 0}},
    }
    return Project(
        tmp_path,
        {
            "weights": "random",
            "plugins": ["my_dissolve.py", "my_learned.py", "negative.py"],
            "videos": {"clip": {"path": "clip.mkv"}},
            "styles": {name: {"images": [f"{name}.png"]} for name in COLOURS},
            "looks": {name: look | {"stylizer": chosen} for name, chosen in stylizers.items()},
            "renders": [{"style": "red", "look": ["dissolved", "taught"]}],
        },
    )


def pictures(project: Project, look: str) -> list[Picture]:
    """The painted frames of a look."""
    painted = painted_store(project.folder / "store")
    frames = project.frames(f"clip.red.{look}")
    return [from_pixels(painted.read(frame["key"])) for frame in frames]


def difference(project: Project, painted: Sequence[Picture], negative: bool) -> float:
    """Greatest difference of a look's frames from the film's, or from their negatives."""
    store = extracted_store(project.folder / "store")
    found = 0.0
    for key, picture in zip(project.manifest("clip")["frames"], painted, strict=True):
        film = resize(from_pixels(store.read(key)), *picture.shape[1::-1])
        found = max(found, float(np.abs((1 - film if negative else film) - picture).max()))
    return found


def test_further_styles_and_other_looks(project: Project) -> None:
    """Painted, repaired and painted anew in the right order, and nothing twice."""
    taught, teacher = (f"clip.red.{look}" for look in ("taught", "teacher"))
    killed_once(project, project.folder.joinpath(f"logs/stylize/{taught}").exists)
    examples = {frame["key"] for frame in project.frames(teacher)}
    before = project.painted()
    (trained,) = project.folder.glob("work/renders/*/trained.*.npz")
    assert trained.parent.name == taught and examples <= before.keys()

    run = project.run()
    assert "rule train" not in run.output
    painted = project.painted()
    assert before.items() <= painted.items() and len(painted) == 3 * FRAMES
    films = {path.name for path in project.folder.glob("results/*.mp4")}
    assert films == {"clip.red.dissolved.mp4", "clip.red.taught.mp4"}
    assert difference(project, pictures(project, "taught"), negative=True) < 1e-3
    dissolved = pictures(project, "dissolved")
    redness = [float((picture[..., 0] - picture[..., 2]).mean()) for picture in dissolved]
    assert redness[0] > 0.3 and redness[-1] < -0.3 and (np.diff(redness) < -0.1).all()
    with chdir(project.folder):
        config = load(project.config)
        statuses = [render_status(config, each, Layout(config)) for each in config.painted.values()]
    assert [status.name for status in statuses] == ["clip.red.dissolved", teacher, taught]
    assert all(status.left == 0 for status in statuses)

    into = project.plan("clip.red.dissolved").targets["blue"]
    damaged = [trained, project.folder / f"work/targets/{into}.npz"]
    whole = [path.read_bytes() for path in damaged]
    for path, data in zip(damaged, whole, strict=True):
        path.write_bytes(data[:-20])
    run = project.run()
    assert run.jobs == 2 * len(damaged) and "rule stylize" not in run.output
    assert [path.read_bytes() for path in damaged] == whole and project.painted() == painted

    (project.folder / "negative.py").write_text(NEGATIVE.replace("1 - frame", "frame"))
    assert f"{2 * FRAMES} frames to paint in 2 jobs" in project.run().output
    assert difference(project, pictures(project, "taught"), negative=False) < 1e-3
    after = project.painted()
    assert painted.items() <= after.items() and len(after) == 5 * FRAMES
