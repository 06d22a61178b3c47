"""A look of two styles, by the page's plugin: planned, painted, and repaired like any other."""

from pathlib import Path

import cv2
import numpy as np

from gramflow.media.pictures import from_pixels
from gramflow.store.frames import painted_store
from tests.support import media
from tests.support.page import write_plugins
from tests.support.project import Project

FRAMES = 4
STYLES = {"red": (40, 40, 230), "blue": (230, 40, 40)}
"""Colour of each style, in the order of OpenCV."""


def make_project(folder: Path) -> Project:
    """A film of equal frames, a quarter of a second each, that goes from red to blue."""
    noise = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    media.write_raw(folder / "clip.mkv", [noise] * FRAMES, rate=4)
    for name, colour in STYLES.items():
        cv2.imwrite(str(folder / f"{name}.png"), noise // 8 + np.uint8(colour) // 8 * 7)
    write_plugins(folder)
    look = {
        "width": 32,
        "evaluations": 15,
        "start": "content",
        "losses": {"content": {"weight": 0}},
    }
    stylizer = {"name": "dissolve", "into": "blue", "seconds": 0.75}
    return Project(
        folder,
        {
            "weights": "random",
            "plugins": ["my_dissolve.py"],
            "videos": {"clip": {"path": "clip.mkv"}},
            "styles": {name: {"images": [f"{name}.png"]} for name in STYLES},
            "looks": {"default": look | {"stylizer": stylizer}},
            "renders": [{"style": "red"}],
        },
    )


def test_a_film_goes_over_into_another_style(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.run()
    painted = painted_store(tmp_path / "store")
    pictures = [from_pixels(painted.read(frame["key"])) for frame in project.frames("clip.red")]
    redness = [float((picture[..., 0] - picture[..., 2]).mean()) for picture in pictures]
    assert redness[0] > 0.3 and redness[-1] < -0.3 and (np.diff(redness) < -0.1).all()
    before = project.painted()
    target = tmp_path / f"work/targets/{project.plan('clip.red').targets['blue']}.npz"
    whole = target.read_bytes()
    target.write_bytes(whole[:-20])
    run = project.run()
    assert run.jobs == 2 and "rule targets" in run.output
    assert target.read_bytes() == whole and project.painted() == before
