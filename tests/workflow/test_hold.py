"""A film painted on twos: each painted frame is shown for two frames of the film."""

import json
from itertools import pairwise

import numpy as np
import pytest

from tests.support import media
from tests.support.project import Project
from tests.support.tiny import write_style

FRAMES = 7
LOSSLESS = {"crf": 0, "pixel_format": "yuv444p", "speed": "ultrafast"}
ON_TWOS = [number % 2 == 1 for number in range(1, FRAMES)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A film with sound, whose frames all differ, painted in two segments and two passes."""
    folder = tmp_path_factory.mktemp("hold")
    media.film(folder / "clip.mp4", seconds=FRAMES / 12, rate="12")
    write_style(folder / "red.png", 0)
    look = {"width": 32, "coarsest": None, "evaluations": 3, "first": 1, "precision": "float32"}
    project = Project(
        folder,
        {
            "weights": "random",
            "videos": {"clip": {"path": "clip.mp4", "cuts": "off"}},
            "styles": {"red": {"images": ["red.png"]}},
            "looks": {"default": look | {"hold": 2, "passes": 2}},
            "segment_frames": 5,
            "encode": LOSSLESS,
        },
    )
    assert "\n6 frames to paint in 5 jobs\n" in project.run().output
    return project


def test_half_of_the_frames_is_painted(project: Project) -> None:
    """And shown twice, at the film's times and with its sound; segments are whole holds.

    Of the four frames, two are keyframes, which the second pass leaves as they are.
    """
    assert [len(record.frames) for record in project.records("clip.red")] == [4, 3]
    assert len(project.painted()) == 4 + 2
    film, source = project.folder / "results/clip.red.mp4", project.folder / "clip.mp4"
    frames = media.decoded(film)
    assert [np.array_equal(*pair) for pair in pairwise(frames)] == ON_TWOS
    assert media.times(film) == media.times(source)
    assert media.packets(film, "audio") == media.packets(source, "audio")


def test_a_held_frame_is_steady(project: Project) -> None:
    """Other frames are compared along the motion since the one that was painted before."""
    report = json.loads((project.folder / "results/clip.red.temporal.json").read_text())
    assert [error == 0 for error in report["errors"]] == ON_TWOS
    assert report["median"] > 0
