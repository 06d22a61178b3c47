"""Parts and turned views of a style's pictures, and what is matched of them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramflow.base.errors import GramflowError
from gramflow.film.identity import bundled_weights
from gramflow.film.recipes import target_name
from gramflow.film.sizes import style_sides
from gramflow.media.views import part, parts, turned
from gramflow.painting.targets import compute_targets, style_pictures
from gramflow.settings.config import Config, load

WEIGHTS = bundled_weights()


def picture(height: int = 30, width: int = 40, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(0, 1, (height, width, 3)).astype(np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A picture of broad patches, left another than right."""
    values = 255 * picture(6, 8).repeat(8, 0).repeat(8, 1)
    values[:, 32:] /= 3
    cv2.imwrite(str(tmp_path / "style.png"), values.round().astype(np.uint8))
    return tmp_path / "style.png"


def config_with(file: Path, scale: float = 1.0, **style: Any) -> Config:
    return load(
        {
            "network": "vgg19",
            "weights": "bundled",
            "videos": {"clip": {"path": str(file)}},
            "styles": {"patches": {"images": [str(file)], **style}},
            "looks": {
                "default": {
                    "width": 64,
                    "coarsest": None,
                    "style_scale": scale,
                    "losses": {"moments": {"layers": {"block1_conv1": 1.0}}},
                }
            },
        }
    )


def seen(file: Path, **style: Any) -> list[Any]:
    return style_pictures(config_with(file, **style).styles["patches"], 64)


def test_a_part_is_where_its_fractions_say() -> None:
    whole = picture()
    assert np.array_equal(part(whole, (0, 0, 1, 1)), whole)
    assert np.array_equal(part(whole, (0.5, 0.2, 0.25, 0.8)), whole[6:30, 20:30])
    assert part(whole, (1, 1, 0.001, 0.001)).shape == (1, 1, 3)


@given(st.integers(8, 60), st.integers(8, 60), st.integers(1, 12))
def test_parts_hold_every_pixel_once(height: int, width: int, count: int) -> None:
    whole = np.arange(height * width * 3, dtype=np.float32).reshape(height, width, 3)
    found = parts(whole, count)
    assert len(found) == count
    assert sorted(np.concatenate([each.reshape(-1) for each in found])) == sorted(whole.reshape(-1))


def test_parts_are_nearly_squares() -> None:
    assert [each.shape[:2] for each in parts(picture(20, 80), 4)] == [(20, 20)] * 4
    assert [each.shape[:2] for each in parts(picture(40, 60), 6)] == [(20, 20)] * 6


def test_quarters_of_a_turn_are_exact() -> None:
    whole = picture()
    assert np.array_equal(turned(whole, 0), whole)
    assert np.array_equal(turned(whole, 90), whole.transpose(1, 0, 2)[::-1])
    assert np.array_equal(turned(whole, -90), turned(whole, 270))
    assert np.array_equal(turned(turned(whole, 180), 180), whole)


@given(st.integers(20, 90), st.integers(20, 90), st.floats(-360, 360))
def test_a_turned_picture_shows_nothing_from_beyond_its_edge(
    height: int, width: int, degrees: float
) -> None:
    """Its corners, turned back about the middle, are within the picture."""
    found = turned(picture(height, width), degrees)
    quarters, rest = divmod(degrees % 360, 90)
    angle = np.radians(rest)
    across, down = (width, height) if quarters % 2 == 0 else (height, width)
    corner_x, corner_y = (found.shape[1] - 1) / 2, (found.shape[0] - 1) / 2
    for x, y in ((corner_x, corner_y), (corner_x, -corner_y)):
        back_x = abs(x * np.cos(angle) - y * np.sin(angle))
        back_y = abs(x * np.sin(angle) + y * np.cos(angle))
        assert back_x <= across / 2 + 0.8 and back_y <= down / 2 + 0.8
    assert found.min() >= 0 and found.max() <= 1


def test_lines_are_turned_counter_clockwise() -> None:
    columns = np.mgrid[:80, :80][1].astype(np.float32)
    stripes = 0.5 + 0.5 * np.sin(columns / 2)  # upright
    found = turned(np.dstack([stripes] * 3), 30)
    height, width = found.shape[:2]
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    before = x * np.cos(np.pi / 6) - y * np.sin(np.pi / 6) + 39.5
    assert np.abs(found[..., 0] - (0.5 + 0.5 * np.sin(before / 2))).max() < 0.03


def test_what_is_seen_of_a_style(file: Path) -> None:
    (whole,) = seen(file)
    assert whole.shape == (48, 64, 3)
    (left,) = seen(file, crop=[0, 0, 0.5, 1])
    assert left.shape == (64, 43, 3)
    both = seen(file, rotations=[0, 90])
    assert np.array_equal(both[0], whole) and np.allclose(both[1], turned(whole, 90), atol=1e-5)
    (leant,) = seen(file, rotations=[45])  # of the upright one's scale, so it is smaller
    assert leant.shape[0] < 40
    quarters = seen(file, crops=4, rotations=[0, 180])
    assert [each.shape for each in quarters] == [(48, 64, 3)] * 8


def test_targets_are_the_mean_of_all_views(file: Path, tmp_path: Path, device: str) -> None:
    def targets(config: Config) -> Any:
        found = compute_targets(config, config.styles["patches"], config.looks["default"], WEIGHTS)
        return found[64]["moments"]["block1_conv1"]

    upright, turned_, both = (
        targets(config_with(file, rotations=angles)) for angles in ([0], [90], [0, 90])
    )
    assert np.allclose(both, (upright + turned_) / 2, rtol=1e-5, atol=1e-5)
    assert not np.allclose(upright, turned_, rtol=1e-3)
    # a crop is what a file of this part would be
    values = cv2.imread(str(file))
    cv2.imwrite(str(tmp_path / "left.png"), values[:, :32])
    left = targets(config_with(tmp_path / "left.png"))
    assert np.array_equal(left, targets(config_with(file, crop=[0, 0, 0.5, 1])))


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_a_style_is_smaller_or_larger_than_the_frame(file: Path, scale: float) -> None:
    """Its longer side is the frame's width times the scale, and it keeps its aspect."""
    config = config_with(file, scale)
    (side,) = style_sides(config.looks["default"]).values()
    (found,) = style_pictures(config.styles["patches"], side)
    assert found.shape == (48 * scale, 64 * scale, 3)


def test_views_are_part_of_the_targets_name(file: Path) -> None:
    def name(**style: Any) -> str:
        config = config_with(file, **style)
        return target_name(config, config.styles["patches"], config.looks["default"], WEIGHTS)

    named = [name(), name(rotations=[90]), name(crops=2), name(crop=[0, 0, 1, 0.5])]
    assert len(set(named)) == 4
    assert name(rotations=[0], crops=1, crop=None) == named[0]
    assert config_with(file).styles["patches"].views == {}


def test_a_scale_at_which_a_style_is_too_small_is_refused(file: Path) -> None:
    line = r"^styles\.patches\.images\[0\]: 16x12 pixels at .* style_scale or coarsest$"
    with pytest.raises(GramflowError, match=line):
        style_pictures(config_with(file, 0.25).styles["patches"], 16)


@pytest.mark.parametrize(
    ("style", "line"),
    [
        ({"crop": [0.5, 0, 0.6, 1]}, "crop: .* is not within the picture; left"),
        ({"crop": [0, 0, 0, 1]}, "crop: .* is not within the picture"),
        ({"crop": [0, 0, 1]}, "crop: .* does not fit; give"),
        ({"crop": [0, 0, 1, 2]}, r"crop\[3\]: 2.0 does not fit; give a number of at least 0"),
        ({"crops": 0}, "crops: 0 does not fit; give a whole number of at least 1"),
        ({"rotations": []}, "rotations: empty; give"),
        ({"rotations": [400]}, r"rotations\[0\]: 400.0 does not fit"),
    ],
)
def test_bad_views_are_refused(file: Path, style: dict[str, Any], line: str) -> None:
    with pytest.raises(GramflowError, match=rf"^styles\.patches\.{line}"):
        config_with(file, **style)
