"""Styles of a part of their pictures."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.engine.moments import Moments
from gramflow.film.identity import random_weights
from gramflow.film.keys import target_name
from gramflow.painting.targets import compute_targets
from gramflow.settings.config import Config, load

pytestmark = pytest.mark.usefixtures("device")
WEIGHTS = random_weights("vgg16")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A picture that is red on the left and blue on the right, and masks of it."""
    random = np.random.default_rng(0)
    picture = random.integers(0, 60, (48, 96, 3), np.uint8)
    picture[:, :48, 2] += 180
    picture[:, 48:, 0] += 180
    left = np.zeros((48, 96), np.uint8)
    left[:, :48] = 255
    pictures = {
        "both": picture,
        "red": picture[:, :48].repeat(2, 1),
        "left": left,
        "white": left * 0 + 255,
        "black": left * 0,
        "square": left[:, :48],
    }
    for name, pixels in pictures.items():
        cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    return tmp_path


def config_of(folder: Path, masks: list[str], losses: dict[str, Any] | None = None) -> Config:
    """One style of the picture, with masks by name."""
    style = {
        "images": [str(folder / "both.png")],
        "masks": [str(folder / f"{mask}.png") for mask in masks],
    }
    terms = losses or {"moments": {"layers": {"block1_conv1": 1.0, "block2_conv1": 1.0}}}
    return load(
        {
            "weights": "random",
            "videos": {"clip": {"path": __file__}},
            "styles": {"red": style},
            "looks": {"default": {"width": 96, "coarsest": None, "losses": terms}},
        }
    )


def targets_of(config: Config) -> dict[str, np.ndarray]:
    """The style's targets at the only width, by layer."""
    style, look = config.styles["red"], config.looks["default"]
    return compute_targets(config, style, look, WEIGHTS)[96]["moments"]


def test_a_white_mask_changes_nothing_and_a_half_takes_that_half(folder: Path) -> None:
    plain, white = (targets_of(config_of(folder, masks)) for masks in ([], ["white"]))
    left = targets_of(config_of(folder, ["left"]))
    whole = config_of(folder, [])
    alone = load(
        {
            "weights": "random",
            "videos": {"clip": {"path": __file__}},
            "styles": {"red": {"images": [str(folder / "red.png")]}},
            "looks": {"default": {"width": 96, "coarsest": None}},
        }
    )
    red = compute_targets(alone, alone.styles["red"], whole.looks["default"], WEIGHTS)[96][
        "moments"
    ]
    for layer in ("block1_conv1", "block2_conv1"):
        np.testing.assert_allclose(white[layer], plain[layer], rtol=1e-3, atol=1e-4)
        near, far = (np.abs(each[layer][0] - red[layer][0]).mean() for each in (left, plain))
        assert near < far / 5


def test_masks_are_part_of_the_targets_name(folder: Path) -> None:
    names = set()
    for masks in ([], ["left"], ["white"]):
        config = config_of(folder, masks)
        names.add(target_name(config, config.styles["red"], config.looks["default"], WEIGHTS))
    assert len(names) == 3


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (["left", "left"], r"styles\.red\.masks: 2 masks for 1 images"),
        (["missing"], r"styles\.red\.masks\[0\]: .*no such file"),
        (["black"], r"styles\.red\.masks\[0\]: nothing of it is white"),
        (["square"], r"styles\.red\.masks\[0\]: 48x48 is of another shape"),
    ],
)
def test_masks_that_do_not_fit_are_refused(folder: Path, masks: list[str], message: str) -> None:
    with pytest.raises(GramflowError, match=message):
        targets_of(config_of(folder, masks))


def test_a_term_of_whole_pictures_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Moments, "regional", False)
    with pytest.raises(GramflowError, match=r"styles\.red\.masks: moments takes the style"):
        targets_of(config_of(folder, ["left"]))
