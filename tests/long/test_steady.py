"""Frames that start from the one before: across segments, never across a cut."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import cv2
import numpy as np
import psutil
import pytest

from gramflow.store.frames import painted_store
from tests.support import media
from tests.support.project import Project


def write_film(path, spoiled: int | None = None) -> None:
    """The camera pans over one scene for seven frames, then over another one for six.

    One frame may be `spoiled`: its upper half is darker.
    """
    random = np.random.default_rng(5)
    scenes = random.normal(size=(2, 48, 96, 3))
    scenes = np.stack([cv2.GaussianBlur(scene, (0, 0), 3) for scene in scenes])
    scenes = np.clip(128 + 60 * scenes / scenes.std(), 0, 255).astype(np.uint8)
    scenes[1] //= 2
    views = [(0, 2 * n) for n in range(7)] + [(1, 2 * n) for n in range(6)]
    frames = [scenes[scene, :, left : left + 64] for scene, left in views]
    if spoiled is not None:
        frames[spoiled] = frames[spoiled].copy()
        frames[spoiled][:24] //= 2
    media.write_raw(path, frames, rate=12)


def make_project(folder, **video) -> Project:
    """One render, in segments of three frames."""
    folder.mkdir()
    write_film(folder / "clip.mkv")
    card = ["-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1"]
    media.make(*card, str(folder / "style.png"))
    look = {
        "width": 48,
        "coarsest": 24,
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


def locks_held(parent: int) -> Iterator[tuple[psutil.Process, str]]:
    """The painting jobs below a process, each with its part's lock."""
    for child in psutil.Process(parent).children(recursive=True):
        with suppress(psutil.Error):
            for file in child.open_files():
                if file.path.endswith(".lock") and "store" in file.path:
                    yield child, file.path


def pixels(project: Project) -> np.ndarray:
    """The painted frames, in order."""
    painted = painted_store(project.folder / "store")
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


def test_nothing_of_a_shot_leaks_into_the_next(whole, tmp_path):
    """The second shot is painted the same without the first."""
    alone = make_project(tmp_path / "project", start=0.55)
    alone.run()
    assert np.array_equal(pixels(alone), pixels(whole)[7:])


def test_a_frame_is_held_to_the_one_before(whole):
    """Not to itself: the terms of every frame but a shot's first tell a temporal loss."""
    held = [frame["terms"]["temporal"] > 0 for frame in whole.frames("clip.card")]
    assert held == [number not in (0, 7) for number in range(13)]


def test_a_changed_frame_touches_its_segment_only(whole, tmp_path):
    """But a keyframe (3) also what is led into it (1, 2) and the keyframes after it (6)."""
    changed = shutil.copytree(whole.folder, tmp_path / "project")
    # the cut by hand: a spoiled frame beside it hides it
    videos = {"clip": whole.config["videos"]["clip"] | {"cuts": [0.58]}}
    project = Project(changed, whole.config | {"videos": videos})
    before = [frame["key"] for frame in whole.frames("clip.card")]
    for number, touched in ((4, [4, 5]), (3, [1, 2, 3, 4, 5, 6])):
        write_film(changed / "clip.mkv", spoiled=number)
        painted = project.painted()
        project.run()
        after = [frame["key"] for frame in project.frames("clip.card")]
        found = [number for number in range(13) if before[number] != after[number]]
        assert found == touched
        assert painted.items() <= project.painted().items()
        assert len(project.painted()) - len(painted) == len(touched)


def test_a_second_pass_paints_all_but_the_keyframes(whole, tmp_path):
    """Upon the first."""
    project = Project(shutil.copytree(whole.folder, tmp_path / "project"), whole.config.copy())
    look = whole.config["looks"]["default"] | {"passes": 2}
    project.config["looks"] = {"default": look}
    first = project.painted()
    project.run()
    assert first.items() <= project.painted().items()
    again = len(project.painted()) - len(first)
    assert again == 13 - len([0, 3, 6, 7, 10])
    twice, once = pixels(project), pixels(whole)
    same = [number for number in range(13) if np.array_equal(once[number], twice[number])]
    assert same == [0, 3, 6, 7, 10]


def test_every_job_killed_once_gives_the_same_film(whole, tmp_path):
    """Whichever part it paints, and wherever in it."""
    project = make_project(tmp_path / "project")
    process = subprocess.Popen(
        project.command("--retries", "1"),
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seen: dict[str, int] = {}
    killed: set[str] = set()
    while process.poll() is None:
        painted = len(project.painted())
        for job, lock in locks_held(process.pid):
            if lock not in killed and painted > seen.setdefault(lock, painted):
                job.kill()
                killed.add(lock)
        time.sleep(0.02)
    assert process.returncode == 0
    assert len(killed) == 6  # all but the job of the segment of one frame, a keyframe
    assert project.film("clip.card") == whole.film("clip.card")
