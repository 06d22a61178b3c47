"""The engine computes the same on every Keras backend that is installed, and films are painted."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gramflow.engine.backend import FRAMEWORKS
from tests.support import media, tiny
from tests.support.project import ROOT, Project

Numbers = dict[str, NDArray[np.float64]]
INSTALLED = [key for key, framework in FRAMEWORKS.items() if find_spec(framework.package)]
OTHERS = [key for key in INSTALLED if key != "tensorflow"]
EIGENVALUES = {"moments/loss", "moments/gradient"}
"""Each framework finds eigenvalues in float32 in its own way. Of deep layers, which have more
channels than pixels here, the smallest are mostly rounding: gradients differ by 1e-3."""
LEARNED = {"channels": 8, "blocks": 1, "copying": 6, "steps": 4, "keyframes": 1, "crop": 32}

if not OTHERS:
    pytest.skip("neither PyTorch nor JAX is installed", allow_module_level=True)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Numbers]:
    """Losses and gradients by backend; those of TensorFlow are what others are compared with."""
    folder, found = tmp_path_factory.mktemp("numbers"), {}
    for key in INSTALLED:
        file = folder / f"{key}.npz"
        subprocess.run(
            [sys.executable, "-m", "tests.backends.numbers", str(file)],
            cwd=ROOT,
            env=os.environ | {"KERAS_BACKEND": key},
            check=True,
        )
        with np.load(file) as arrays:
            found[key] = dict(arrays)
    return found


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Norm of the difference, relative to that of the second array."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


def most_of(name: str) -> float:
    """The greatest difference of a loss or gradient; values near a kink turn a gradient's sign."""
    if name in EIGENVALUES:
        return 2e-3
    return 1e-3 if name.endswith("gradient") else 1e-4


@pytest.mark.parametrize("key", OTHERS)
def test_losses_and_gradients_agree(numbers: dict[str, Numbers], key: str) -> None:
    """Of every built-in loss term on VGG-19, but `histogram`."""
    expected = numbers["tensorflow"]
    assert numbers[key].keys() == expected.keys() and expected.keys() > EIGENVALUES
    far = {name: difference(numbers[key][name], expected[name]) for name in expected}
    assert all(error < most_of(name) for name, error in far.items()), far
    assert all(np.linalg.norm(values) > 0 for values in expected.values())


@pytest.mark.parametrize("key", INSTALLED)
def test_tiles_give_what_the_whole_gives(numbers: dict[str, Numbers], key: str) -> None:
    found = numbers[key]
    for what in ("loss", "gradient"):
        assert difference(found[f"tiled/{what}"], found[f"whole/{what}"]) < 1e-4


@pytest.mark.parametrize("key", INSTALLED)
def test_two_runs_paint_the_same_film(key: str, tmp_path: Path) -> None:
    """By optimisation, and by a network that learns from it; with the same keys everywhere."""
    looks = {
        "default": tiny.QUICK | {"width": 64},
        "learned": tiny.QUICK | {"width": 64, "stylizer": {"name": "network", **LEARNED}},
    }
    painted = []
    for name in ("one", "two"):
        project = film_project(tmp_path / name, looks)
        run = project.run(KERAS_BACKEND=key)
        device = "2 CPU threads" if key == "tensorflow" else f"({FRAMEWORKS[key].name})"
        assert device in run.output
        frames = project.frames("clip.red") + project.frames("clip.red.learned")
        assert {frame["backend"] for frame in frames} == {key}
        painted.append({frame["key"]: pixels(project, frame["key"]) for frame in frames})
    assert len(painted[0]) == 6 and painted[0].keys() == painted[1].keys()
    assert all(np.array_equal(values, painted[1][name]) for name, values in painted[0].items())
    assert all(values.std() > 0 for values in painted[0].values())


def film_project(folder: Path, looks: dict[str, object]) -> Project:
    """A film of three frames, and a style."""
    folder.mkdir()
    frames = [np.uint8(255 * media.textured(seed, height=48, width=64)) for seed in range(3)]
    media.write_raw(folder / "clip.mkv", frames, rate=4)
    tiny.write_style(folder / "red.png", 0)
    config = {
        "weights": "random",
        "videos": {"clip": {"path": "clip.mkv"}},
        "styles": {"red": {"images": ["red.png"]}},
        "looks": looks,
        "renders": [{"look": list(looks)}],
    }
    return Project(folder, config)


def pixels(project: Project, key: str) -> NDArray[np.uint16]:
    """A painted frame, 16 bits a channel."""
    (file,) = project.folder.glob(f"store/painted/*/{key}.png")
    return cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
