"""A film of two shots in its own colours."""

from contextlib import chdir
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gramflow.base.arrays import Picture
from gramflow.film.identity import random_weights
from gramflow.film.manifest import Manifest
from gramflow.media.pictures import from_pixels, resize
from gramflow.settings.config import load
from gramflow.store.frames import extracted_store, painted_store
from gramflow.view.previews import Trial, paintings
from tests.support.project import Project
from tests.support.tiny import QUICK, make_project

LOOKS: dict[str, Any] = {
    "kept": {"colours": "content", "start": "previous", "passes": 2},
    "shots": {"colours": {"name": "content", "by": "transport"}},
}


def chroma(picture: Picture) -> Any:
    """Cr and Cb by ITU-R BT.601, 0..1."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)[..., 1:]


def pictures(project: Project, look: str) -> list[Picture]:
    painted = painted_store(project.folder / "store")
    frames = project.frames(f"clip.red.{look}")
    return [from_pixels(painted.read(frame["key"])) for frame in frames]


def test_a_film_keeps_its_colours(tmp_path: Path) -> None:
    """Over two shots and two passes; a preview has the colours of the frame's shot."""
    project = make_project(tmp_path / "project")
    project.config["network"] = "vgg16"
    project.config["videos"]["clip"]["cuts"] = [0.25]
    project.config["looks"] = {name: QUICK | look for name, look in LOOKS.items()}
    project.config["renders"] = [{"style": "red", "look": list(LOOKS)}]
    project.run(*(f"results/clip.red.{look}.mp4" for look in LOOKS))
    assert project.manifest("clip")["shots"] == [0, 3]

    extracted = extracted_store(project.folder / "store")
    keys = project.manifest("clip")["frames"]
    for key, picture in zip(keys, pictures(project, "kept"), strict=True):
        film = resize(from_pixels(extracted.read(key)), *picture.shape[1::-1])
        assert np.abs(chroma(picture) - chroma(film)).max() < 1 / 255
        assert np.abs(picture - film).mean() > 0.005
    assert_previews(project)


def assert_previews(project: Project) -> None:
    """A preview with the film's own look is the film's frame."""
    with chdir(project.folder):
        config = load(project.config)
        store, manifest = extracted_store(config.store), Manifest(**project.manifest("clip"))
        render, look = config.renders["clip.red.shots"], config.looks["shots"]
        trials = [Trial(render, number, {}, look) for number in (1, 4)]
        made = paintings(
            config,
            random_weights("vgg16"),
            trials,
            {"clip": manifest},
            lambda _, number: store.read(manifest.frames[number]),
            lambda *_: np.zeros((1, 1), np.float32),
        )
        for trial, found in made:
            film = pictures(project, "shots")[trial.frame]
            np.testing.assert_allclose(from_pixels(found.pixels), film, atol=1e-3)
