"""Frames that start from the one before: across segments, never across a cut."""

import cv2
import numpy as np
import pytest

from gramflow import store
from tests import media
from tests.workflow.project import Project


def write_film(path) -> None:
    """The camera pans over one scene for seven frames, then over another one for six."""
    random = np.random.default_rng(5)
    scenes = random.normal(size=(2, 48, 96, 3))
    scenes = np.stack([cv2.GaussianBlur(scene, (0, 0), 3) for scene in scenes])
    scenes = np.clip(128 + 60 * scenes / scenes.std(), 0, 255).astype(np.uint8)
    scenes[1] //= 2
    views = [(0, 2 * n) for n in range(7)] + [(1, 2 * n) for n in range(6)]
    frames = [scenes[scene, :, left : left + 64] for scene, left in views]
    media.write_raw(path, frames, rate=12)


def make_project(folder, **video) -> Project:
    """One render, in segments of three frames."""
    folder.mkdir()
    write_film(folder / "clip.mkv")
    card = ["-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1"]
    media.make(*card, str(folder / "style.png"))
    look = {
        "width": 48,
        "evaluations": 8,
        "epoch": 4,
        "losses": {"temporal": {"distances": [1, 2]}},
    }
    return Project(
        folder,
        {
            "weights": "random",
            "videos": {"clip": {"path": "clip.mkv", **video}},
            "styles": {"card": {"images": ["style.png"]}},
            "looks": {"default": look},
            "segment_frames": 3,
        },
    )


def pixels(project: Project) -> np.ndarray:
    """The painted frames, in order."""
    painted = store.painted(project.folder / "store")
    return np.stack([painted.read(frame["key"]) for frame in project.frames("clip.card")])


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Project:
    """Both shots, painted in one go."""
    project = make_project(tmp_path_factory.mktemp("whole") / "project")
    project.run()
    return project


def test_segments_end_at_the_cut(whole):
    assert whole.manifest("clip")["shots"] == [0, 7]
    lengths = [len(record.frames) for record in whole.records("clip.card")]
    assert lengths == [3, 3, 1, 3, 3]


def test_the_film_does_not_depend_on_the_segments(whole, tmp_path):
    other = make_project(tmp_path / "project")
    other.config["segment_frames"] = 50
    other.run()
    assert len(other.records("clip.card")) == 2
    assert np.array_equal(pixels(other), pixels(whole))
    assert other.film("clip.card") == whole.film("clip.card")


def test_nothing_of_a_shot_leaks_into_the_next(whole, tmp_path):
    """The second shot is painted the same without the first."""
    alone = make_project(tmp_path / "project", start=0.55)
    alone.run()
    assert np.array_equal(pixels(alone), pixels(whole)[7:])


def test_a_frame_is_held_to_the_one_before(whole):
    """Not to itself: the terms of every frame but a shot's first tell a temporal loss."""
    held = [frame["terms"]["temporal"] > 0 for frame in whole.frames("clip.card")]
    assert held == [number not in (0, 7) for number in range(13)]
