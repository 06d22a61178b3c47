"""Regions, and values that change over time, through real Snakemake runs."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from gramflow.media.pictures import from_pixels, resize
from gramflow.store.frames import extracted_store, painted_store
from tests.support import media
from tests.support.project import Project
from tests.support.tiny import QUICK

FRAMES = 6
FILMS = [f"results/clip.{name}.mp4" for name in ("red", "red.left", "red.dissolved", "blue")]
SIZE = 48, 64
LOOK = QUICK | {"evaluations": 8, "losses": {"content": {"weight": 0.5}}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A film of noise of half a second, with a mask of its left half."""
    random = np.random.default_rng(1)
    frames = [random.integers(0, 255, (*SIZE, 3), np.uint8) for _ in range(FRAMES)]
    media.write_raw(tmp_path / "clip.mkv", frames, rate=12)
    for name, colour in (("red", (40, 40, 230)), ("blue", (230, 40, 40))):
        cv2.imwrite(str(tmp_path / f"{name}.png"), frames[0] // 8 + np.uint8(colour) // 8 * 7)
    left = np.zeros(SIZE, np.uint8)
    left[:, : SIZE[1] // 2] = 255
    cv2.imwrite(str(tmp_path / "left.png"), left)
    return Project(
        tmp_path,
        {
            "weights": "random",
            "videos": {"clip": {"path": "clip.mkv", "masks": {"left": "left.png"}}},
            "styles": {name: {"images": [f"{name}.png"]} for name in ("red", "blue")},
            "renders": [{"style": "red", "look": ["default"]}],
        },
    )


def painted(project: Project, render: str = "clip.red") -> np.ndarray:
    """The painted frames of a render, (frames, height, width, 3), 0..1."""
    store = painted_store(project.folder / "store")
    return np.stack([from_pixels(store.read(each["key"])) for each in project.frames(render)])


def sources(project: Project, width: int, height: int) -> np.ndarray:
    """The film's own frames at a size."""
    store = extracted_store(project.folder / "store")
    manifest = project.manifest("clip")
    return np.stack(
        [resize(from_pixels(store.read(key)), width, height) for key in manifest["frames"]]
    )


def test_regions_and_timelines(project: Project) -> None:
    """The film itself outside of a mask; the same keys before a change; a dissolve's end."""
    looks = {
        "default": LOOK,
        "left": LOOK | {"intensity": 0, "regions": {"left": {"intensity": 1}}},
        "dissolved": LOOK
        | {
            "timeline": [
                {"frame": 2, "style": "own"},
                {"frame": 4, "style": "blue"},
                {"frame": 5, "intensity": 0},
            ]
        },
    }
    project.config["looks"] = looks
    project.config["renders"] = [
        {"style": "red", "look": list(looks)},
        {"style": "blue", "look": "default"},
    ]
    project.run(*FILMS)
    plain, blue = painted(project), painted(project, "clip.blue")
    film = sources(project, *plain.shape[2:0:-1])
    half = plain.shape[2] // 2

    left = painted(project, "clip.red.left")
    np.testing.assert_allclose(left[:, :, half:], film[:, :, half:], atol=1 / 65535)
    assert np.abs(left[:, :, :half] - film[:, :, :half]).mean() > 0.01

    keys = [
        [each["key"] for each in project.frames(f"clip.red{look}")] for look in ("", ".dissolved")
    ]
    assert keys[0][:3] == keys[1][:3]
    assert not set(keys[0][3:]) & set(keys[1])
    dissolved = painted(project, "clip.red.dissolved")
    np.testing.assert_array_equal(dissolved[4], blue[4])
    assert np.abs(dissolved[4] - plain[4]).mean() > 0.01
    np.testing.assert_allclose(dissolved[5], film[5], atol=1 / 65535)
