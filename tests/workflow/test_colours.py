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
from gramflow.store.layout import Layout
from gramflow.view.previews import Trial, paintings
from tests.support.project import Project
from tests.support.tiny import QUICK, make_project

NETWORK = '''
from gramflow.engine.networks import VGG16


class Small(VGG16):
    """A convolution."""

    name = "small"
    layers = ("conv",)

    def architecture(self):
        import keras

        ends = keras.Input((None, None, 3))
        conv = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")
        return keras.Model(ends, conv(ends))
'''
LAYERS = {"layers": {"conv": 1.0}}
LOOK = QUICK | {"losses": {"content": LAYERS, "moments": LAYERS}, "flow": "still", "first": 1}
LOOKS: dict[str, Any] = {
    "default": {"colours": "content", "start": "previous"},
    "shots": {"colours": {"name": "content", "by": "transport"}},
}


def chroma(picture: Picture) -> Any:
    """Cr and Cb by ITU-R BT.601, 0..1."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)[..., 1:]


def pictures(project: Project, render: str) -> list[Picture]:
    painted = painted_store(project.folder / "store")
    return [from_pixels(painted.read(frame["key"])) for frame in project.frames(render)]


def test_a_film_keeps_its_colours(tmp_path: Path) -> None:
    """Over two shots; a preview has the colours of the frame's shot."""
    project = make_project(tmp_path / "project")
    (project.folder / "small.py").write_text(NETWORK)
    project.config |= {"network": "small", "plugins": ["small.py"]}
    project.config["videos"]["clip"]["cuts"] = [0.25]
    project.config["looks"] = {name: LOOK | look for name, look in LOOKS.items()}
    project.config["renders"] = [{"style": "red", "look": list(LOOKS)}]
    project.run("results/clip.red.mp4", "results/clip.red.shots.mp4")
    assert project.manifest("clip")["shots"] == [0, 3]

    extracted = extracted_store(project.folder / "store")
    keys = project.manifest("clip")["frames"]
    for key, picture in zip(keys, pictures(project, "clip.red"), strict=True):
        film = resize(from_pixels(extracted.read(key)), *picture.shape[1::-1])
        assert np.abs(chroma(picture) - chroma(film)).max() < 1 / 255
        assert np.abs(picture - film).mean() > 0.005
    assert_previews(project)


def assert_previews(project: Project) -> None:
    """A preview with the film's own look is the film's frame."""
    with chdir(project.folder):
        config = load(project.config)
        store = extracted_store(config.store)
        manifest = Manifest.load(Path(Layout(config).manifest("clip")))
        render, look = config.renders["clip.red.shots"], config.looks["shots"]
        trials = [Trial(render, number, {}, look) for number in (1, 4)]
        made = paintings(
            config,
            random_weights("small"),
            trials,
            {"clip": manifest},
            lambda _, number: store.read(manifest.frames[number]),
            lambda *_: np.zeros((1, 1), np.float32),
        )
        for trial, found in made:
            film = pictures(project, "clip.red.shots")[trial.frame]
            np.testing.assert_allclose(from_pixels(found.pixels), film, atol=1e-3)
