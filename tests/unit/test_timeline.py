"""What is painted where and when: a look's regions and timeline, and what they do to keys."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramflow.base.errors import GramflowError
from gramflow.engine.intensity import INTENSITY, PROBES, calibration, content_factor
from gramflow.engine.steadiness import Neighbour
from gramflow.film.identity import random_weights
from gramflow.film.order import Step
from gramflow.film.plan import make_plan
from gramflow.film.scenes import Paint, Scene, led, scenes
from gramflow.painting.scenes import Scenes
from gramflow.settings.config import Config, load
from tests.support.renders import manifest_of

WEIGHTS = random_weights("vgg16")
MASKED = {"masks": {"figure": __file__}}


def config_of(look: dict[str, Any], video: dict[str, Any] | None = None) -> Config:
    """Two styles and a video; this file stands for pictures and films."""
    return load(
        {
            "weights": "random",
            "videos": {"clip": {"path": __file__, **(video or {})}},
            "styles": {name: {"images": [__file__]} for name in ("red", "blue")},
            "looks": {"default": {"width": 64, **look}},
            "renders": [{"style": "red"}],
        }
    )


def scene_of(config: Config, frame: int, frames: int = 100) -> Scene:
    """The scene of a frame at 25 frames a second, with shots of 50 frames."""
    manifest = manifest_of(range(frames), range(0, frames, 50))
    return scenes(config.looks["default"], "red", manifest)(frame)


def keys_of(config: Config, masks: dict[str, list[str]] | None = None) -> list[str]:
    """Keys of the frames of a film of ten."""
    manifest = manifest_of(range(10))
    return make_plan(config, config.renders["clip.red"], manifest, WEIGHTS, masks or {}).frames


def test_a_plain_look_has_no_scene() -> None:
    assert scene_of(config_of({}), 3).plain


def test_values_hold_before_and_after_and_go_over_between() -> None:
    timeline = [{"at": 1, "style": "own", "intensity": 0.2}, {"frame": 75, "style": "blue"}]
    config = config_of({"timeline": [*timeline, {"at": "0:03.5", "intensity": 1.0}]})
    assert scene_of(config, 24).plain
    assert scene_of(config, 25) == Scene(Paint({"red": 1.0}, 0.2), {})
    middle = scene_of(config, 50)
    assert middle.ground.styles == {"red": 0.5, "blue": 0.5}
    assert middle.ground.intensity == pytest.approx(0.2 + 0.8 * 1 / 2.5)
    last = scene_of(config, 99)
    assert last.ground.styles == {"blue": 1.0}


@given(st.sampled_from(["linear", "smooth", "hold"]), st.integers(0, 99))
def test_an_ease_rises_from_one_entry_to_the_next(ease: str, frame: int) -> None:
    timeline = [{"frame": 0, "intensity": 0, "ease": ease}, {"frame": 99, "intensity": 1}]
    config = config_of({"timeline": timeline})
    now, then = scene_of(config, frame), scene_of(config, min(frame + 1, 99))
    assert 0 <= (now.ground.intensity or 0) <= (then.ground.intensity or 0) <= 1
    if ease == "hold" and frame < 99:
        assert now.ground.intensity == 0


def test_a_region_is_as_the_rest_in_what_it_does_not_say() -> None:
    look = {
        "intensity": 0.4,
        "regions": {"figure": {"style": {"red": 1, "blue": 3, "own": 0}}},
        "timeline": [{"shot": 2, "regions": {"figure": {"intensity": 0}}}],
    }
    config = config_of(look, MASKED)
    before, after = scene_of(config, 49), scene_of(config, 50)
    mixed = {"red": 0.25, "blue": 0.75}
    assert before == Scene(Paint({"red": 1.0}, 0.4), {"figure": Paint(mixed, 0.4)})
    assert after == Scene(Paint({"red": 1.0}, 0.4), {"figure": Paint(mixed, 0.0)})
    assert config.styles_of(config.renders["clip.red"]) == ["red", "blue"]
    assert config.masks_of(config.renders["clip.red"]) == ["figure"]


def test_frames_before_the_first_change_keep_their_keys() -> None:
    plain, other = keys_of(config_of({})), keys_of(config_of({"coarsest": None}))
    assert keys_of(config_of({"regions": {}, "timeline": [], "intensity": None})) == plain
    for change in ({"style": "blue"}, {"intensity": 0.5}):
        changed = keys_of(config_of({"timeline": [{"frame": 4, **change}]}))
        assert changed[:4] == plain[:4]
        assert not set(changed[4:]) & set(plain + other)


def test_a_jump_is_not_led_into_and_a_dissolve_starts_slowly() -> None:
    """Frames before a jump do not lead into the keyframe after it, so they keep their keys; the
    first frame of a slow change starts from the plain one before."""
    config = config_of({"start": "previous"})
    turned = config_of({"start": "previous", "timeline": [{"frame": 6, "style": "blue"}]})
    keys = [
        make_plan(
            replace(each, segment_frames=6),
            each.renders["clip.red"],
            manifest_of(range(12)),
            WEIGHTS,
        ).frames
        for each in (config, turned)
    ]
    assert keys[0][0] == keys[1][0]
    assert len(set(keys[0]) & set(keys[1])) == 1  # without a timeline they are led
    jump = scenes(turned.looks["default"], "red", manifest_of(range(12)))
    assert led(Step(5, {1: 4}, 6, 1), jump) == Step(5, {1: 4})
    assert led(Step(7, {1: 6}, 8, 1), jump) == Step(7, {1: 6}, 8, 1)
    slow = [{"frame": 2, "style": "own"}, {"frame": 52, "style": "blue"}]
    dissolve = config_of({"timeline": slow}).looks["default"]
    found = scenes(dissolve, "red", manifest_of(range(60)))
    assert found(2).plain
    assert found(3).change(found(2)) == pytest.approx([0.02])


def test_keys_depend_on_the_masks_of_their_frame_and_of_those_before() -> None:
    config = config_of({"regions": {"figure": {"intensity": 0}}, "start": "content"}, MASKED)
    names = [f"mask {number}" for number in range(10)]
    first = keys_of(config, {"figure": names})
    second = keys_of(config, {"figure": [*names[:6], "other", *names[7:]]})
    assert [one == other for one, other in zip(first, second, strict=True)] == [
        number != 6 for number in range(10)
    ]


WRONG = [
    ({"timeline": [{"intensity": 1}]}, r"timeline\[0\]: gives no single place"),
    ({"timeline": [{"at": 1, "frame": 2}]}, r"timeline\[0\]: gives no single place"),
    ({"timeline": [{"at": 2}, {"at": 1}]}, r"timeline\[1\]\.at: 1(\.0)? is before the entry above"),
    ({"timeline": [{"at": 0, "style": "blu"}]}, r"timeline\[0\]\.style: .*did you mean blue"),
    (
        {"timeline": [{"at": 0, "style": {"blue": 0}}]},
        r"timeline\[0\]\.style: no style has a share",
    ),
    (
        {"timeline": [{"at": 0, "regions": {"sky": {}}}]},
        r"timeline\[0\]\.regions\.sky: the look has no region",
    ),
    ({"regions": {"sky": {}}}, r"regions: there is no mask of clip 'sky'"),
    ({"regions": {"figure": {"style": "blu"}}}, r"regions\.figure\.style: there is no style"),
    ({"intensity": 1.5}, r"intensity: 1\.5"),
    ({"stylizer": "network", "intensity": 0.5}, r"stylizer: network .* whole"),
]


@pytest.mark.parametrize(("look", "message"), WRONG)
def test_what_does_not_fit_is_refused_in_one_line(look: dict[str, Any], message: str) -> None:
    with pytest.raises(GramflowError) as caught:
        config_of(look, MASKED)
    assert re.match(rf"looks\.default\.{message}", str(caught.value))


def test_a_timeline_that_does_not_fit_the_film_is_refused() -> None:
    with pytest.raises(GramflowError, match=r"timeline\[0\]\.shot: the film has 2 shots"):
        scene_of(config_of({"timeline": [{"shot": 3, "intensity": 1}]}), 0)
    with pytest.raises(GramflowError, match=r"timeline\[1\]: is before the entry above"):
        scene_of(config_of({"timeline": [{"shot": 2}, {"at": 1}]}), 0)
    late = config_of({"timeline": [{"frame": 90, "intensity": 1}, {"frame": 900, "intensity": 0}]})
    scene = scene_of(late, 99)
    assert scene.ground.intensity == pytest.approx(1 - 9 / 810)


def test_the_areas_of_a_frame_part_it() -> None:
    scene = Scene(Paint({"red": 1.0}, None), {name: Paint({}, 0.5) for name in "ab"})
    masks = {"a": np.full((4, 6), 0.75, np.float32), "b": np.full((4, 6), 0.5, np.float32)}
    found = Scenes(lambda _: scene, lambda name, _: masks[name], (12, 8)).areas(0)
    assert [float(area.share.mean()) for area in found] == pytest.approx([0.0, 0.6, 0.4])
    assert all(area.share.shape == (8, 12) for area in found)


def test_neighbours_fade_where_the_paint_changes() -> None:
    """A slow change starts from the neighbour, a jump anew, and only in its region."""
    plain = Paint({"red": 1.0}, 0.5)
    left = np.zeros((8, 12), np.float32)
    left[:, :6] = 1
    paints = [plain, Paint({"red": 1.0}, 0.55), Paint({"blue": 1.0}, 0.55)]
    film = Scenes(lambda n: Scene(plain, {"left": paints[n]}), lambda *_: left, (12, 8))
    picture = np.zeros((8, 12, 3), np.float32)
    full = Neighbour(picture, picture, np.ones((8, 12), np.float32))
    same, turning = film.faded(0, {1: 0}, {1: full})
    assert not turning
    assert same[1] is full
    slow, turning = film.faded(1, {1: 0}, {1: full})
    assert turning
    np.testing.assert_allclose(slow[1].trust, 1 - 0.05 * left)
    assert slow[1].start.min() == 1
    jump, _ = film.faded(2, {1: 1}, {1: full})
    np.testing.assert_allclose(jump[1].trust, 1 - left)
    np.testing.assert_allclose(jump[1].start, 1 - left)


@given(
    st.lists(st.floats(0, 1), min_size=len(PROBES), max_size=len(PROBES)),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_content_weighs_less_the_greater_the_intensity(
    gone: list[float], one: float, other: float
) -> None:
    """Whatever was measured of the style."""
    style = {INTENSITY: calibration([1 - each for each in sorted(gone)], 1.0)}
    low, high = sorted((one, other))
    assert content_factor(style, low) >= content_factor(style, high) >= 0.249
    assert content_factor(style, None) == 1


def test_equal_steps_of_intensity_are_equal_steps_of_the_distance() -> None:
    """Of a style whose distance falls with the square of the factor's logarithm."""

    def distance(factor: float) -> float:
        return float(1 - (np.log(2**18 / factor) / np.log(2**20)) ** 2)

    style = {INTENSITY: calibration([distance(factor) for factor in PROBES], 1.0)}
    for intensity in (0.3, 0.5, 0.7, 0.9):
        # of the reference picture, to which pictures of things are put in relation
        factor = content_factor(style, intensity) / 7.0 ** np.sqrt(1 - intensity)
        assert 1 - distance(factor) == pytest.approx(intensity, abs=0.06)
