"""What a painted frame's key, and the name of its targets, depend on."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.film.description import described
from gramflow.film.digests import short_digest
from gramflow.film.identity import bundled_weights, random_weights
from gramflow.film.order import LEAD, parts_chained
from gramflow.film.plan import make_plan
from gramflow.film.recipes import recipe, target_name
from gramflow.settings.config import load
from tests.support.renders import config_with, manifest_of, painted_keys

WEIGHTS = random_weights("vgg16")


def keys_of(config, frames, shots=(0,), weights=WEIGHTS):
    """The keys of the film's own frames, in order."""
    keys = painted_keys(config, config.renders["clip.red"], manifest_of(frames, shots), weights)
    return [keys[-1][number] for number in range(len(frames))]


def changed(before, after):
    return [
        number for number, pair in enumerate(zip(before, after, strict=True)) if len(set(pair)) > 1
    ]


videos = st.lists(st.integers(0, 9), min_size=1, max_size=20)


@settings(max_examples=100)
@given(st.integers(1, 20), st.integers(1, 4), st.integers(1, 3), st.data())
def test_a_changed_frame_reaches_no_further_than_it_must(count, length, passes, data):
    """Itself alone; or its segment; or, as a keyframe, what is led into it and all after it."""
    number = data.draw(st.integers(0, count - 1))
    cut = data.draw(st.integers(1, max(count - 1, 1)))
    shots = (0, cut) if cut < count else (0,)
    frames = list(range(count))
    other = [*frames[:number], 99, *frames[number + 1 :]]
    alone = config_with("content", length)
    assert changed(keys_of(alone, frames, shots), keys_of(alone, other, shots)) == [number]
    chained = config_with("previous", length, passes=passes)
    start = max(shot for shot in shots if shot <= number)
    end = min([shot for shot in shots if shot > number], default=count)
    segment = start + (number - start) // length * length
    if number == segment:  # a keyframe
        first, last = max(segment - length + 1, start), end
    else:
        first, last = (number if passes == 1 else segment + 1), min(segment + length, end)
    found = changed(keys_of(chained, frames, shots), keys_of(chained, other, shots))
    assert found == list(range(first, last))


def test_a_repeated_frame_is_painted_once():
    """Also over the end of a segment, but not over a cut, after which all begins anew."""
    keys = keys_of(config_with("previous"), [1, 1, 1, 1, 2, 1, 1], shots=(0, 6))
    assert len(set(keys[:4])) == 1
    assert keys[6] == keys[0]  # the same picture, begun in the same way
    keys = keys_of(config_with("previous", passes=3), [1] * 10)
    assert len(set(keys)) == 1


def test_a_repeated_frame_is_still_led_into_another_keyframe():
    keys = keys_of(config_with("previous", segment_frames=6), [1, 2, 2, 2, 2, 2, 3, 3])
    assert len(set(keys)) == 7  # the last is a keyframe's repetition


@settings(max_examples=30)
@given(videos, st.integers(1, 7), st.integers(1, 7))
def test_segments_do_not_change_frames_that_stand_alone(frames, one, other):
    assert keys_of(config_with("content", one), frames) == keys_of(
        config_with("content", other), frames
    )


def test_passes_share_what_is_the_same():
    """A pass more paints none of the passes before again, and no keyframe."""
    manifest = manifest_of(range(9))
    once, twice = (config_with("previous", passes=passes) for passes in (1, 2))
    first, second = (
        painted_keys(config, config.renders["clip.red"], manifest, WEIGHTS)
        for config in (once, twice)
    )
    assert second[:2] == first
    same = [number for number in range(9) if second[2][number] == second[1][number]]
    assert same == [0, 3, 6]


def test_a_lead_arrives_beside_the_keyframe():
    """Whatever is left of a difference falls with the square of the steps left, to nothing."""
    (chain,) = (
        part.chains[-1]
        for part in parts_chained(manifest_of(range(60)), 30, 1, 1)
        if part.name == "pass1/000000-000029"
    )
    steps = list(chain.steps([1, 2]))
    assert [step.number for step in steps] == list(range(1, 30))
    assert steps[0].neighbours == {1: 0} and steps[5].neighbours == {1: 5, 2: 4}
    led = [step for step in steps if step.lead is not None]
    assert {step.lead for step in led} == {30} and len(led) == LEAD
    remaining = np.cumprod([1 - step.share for step in led])
    left = np.arange(LEAD, 0, -1)
    assert np.allclose(remaining, left * (left - 1) / (LEAD * (LEAD + 1)))


@pytest.mark.parametrize(
    "look",
    [
        {"evaluations": 7},
        {"pooling": "average"},
        {"padding": "zeros"},
        {"width": 66},
        {"style_scale": 0.5},
        {"losses": {"moments": {"weight": 3}}},
        {"optimizer": {"memory": 3}},
    ],
)
def test_what_changes_the_pixels_changes_the_keys(look):
    assert not set(keys_of(config_with(), range(3))) & set(keys_of(config_with(**look), range(3)))


@pytest.mark.parametrize(
    ("look", "made", "recipe"),
    [
        ({"start": "content"}, "65b4c6ebdd904cf0", "92f475ecc1ea6e11"),
        ({"passes": 2}, "aa74d407f4a89a32", "5bbd4848636bee07"),
        ({"preset": "seed"}, "df2eb09f2b82da79", "2f4162f3f4519eb5"),
    ],
)
def test_new_settings_leave_the_keys_of_former_looks(tmp_path, look, made, recipe):
    """Digests from before there was `hold`: frames and films that are there stay good."""
    (tmp_path / "style.png").write_bytes(b"style")
    picture = str(tmp_path / "style.png")
    config = load(
        {
            "videos": {"clip": {"path": picture}},
            "styles": {"red": {"images": [picture]}},
            "looks": {"default": look},
            "segment_frames": 3,
        }
    )
    render, film = config.renders["clip.red"], manifest_of([1, 1, 2, 3, 4, 5, 6, 7, 7, 8], (0, 6))
    assert short_digest(make_plan(config, render, film, WEIGHTS).made) == made
    assert short_digest(described(config, render, WEIGHTS)) == recipe


def test_held_frames_are_those_of_the_film_without_hold():
    """Where frames stand alone, nothing is painted for another `hold`."""
    whole = keys_of(config_with(), range(9))
    held = keys_of(config_with(hold=3, segment_frames=50), range(9))
    assert held == [whole[number // 3 * 3] for number in range(9)]


def test_what_does_not_matter_does_not_change_the_keys():
    keys = keys_of(config_with(), range(3))
    assert keys == keys_of(
        config_with(flow="farneback"), range(3)
    )  # nothing moves without neighbours
    assert keys == keys_of(config_with(losses={"moments": {"weight": 60.0}}), range(3))
    assert keys != keys_of(
        config_with(), range(3), weights=dataclasses.replace(WEIGHTS, identity="other")
    )
    widths = [config_with(coarsest=coarsest) for coarsest in (None, 64, 1000, 32)]
    assert [config.looks["default"].widths for config in widths] == [[64], [64], [64], [32, 64]]
    alone, same, also, other = (keys_of(config, range(3)) for config in widths)
    assert alone == same == also and not set(alone) & set(other)
    weighted = [
        keys_of(config_with(coarsest=coarsest, coarse_weights=weights), range(3))
        for coarsest in (None, 32)
        for weights in ({"content": 1}, {"content": 0.5})
    ]
    assert weighted[:3] == [alone, alone, other] and not set(other) & set(weighted[3])
    chain = keys_of(config_with("previous"), range(3))
    assert chain != keys_of(config_with("previous", flow="farneback"), range(3))


def test_settings_that_came_later_are_in_no_older_key():
    """At their defaults; so what has been painted before they came is painted still."""
    config = config_with("previous")
    recipe_ = recipe(config, config.renders["clip.red"], (64, 48), WEIGHTS)
    assert "opening" not in recipe_["look"] and "colours" not in recipe_["target"]
    for start, look in (("previous", {"opening": "style"}), ("style", {})):
        other = config_with(start, **look)
        found = recipe(other, other.renders["clip.red"], (64, 48), WEIGHTS)
        assert found["target"]["colours"]
        assert not set(keys_of(other, range(3))) & set(
            keys_of(config_with(start="previous"), range(3))
        )
    gray = config_with("previous", opening="gray")
    assert recipe(gray, gray.renders["clip.red"], (64, 48), WEIGHTS)["target"] == recipe_["target"]
    assert not set(keys_of(gray, range(3))) & set(keys_of(config, range(3)))


def test_targets_are_shared_where_they_are_equal():
    config = config_with()
    look, style = config.looks["default"], config.styles["red"]
    target = target_name(config, style, look, WEIGHTS)
    heavier = look.losses | {"moments": look.losses["moments"] | {"weight": 9.0}}
    for same in (
        dataclasses.replace(look, evaluations=3),
        dataclasses.replace(look, losses=heavier),
        dataclasses.replace(look, height=100),
    ):
        assert target_name(config, style, same, WEIGHTS) == target
    for other in (
        dataclasses.replace(look, style_scale=0.5),
        dataclasses.replace(look, pooling="average"),
        dataclasses.replace(look, padding="zeros"),
        dataclasses.replace(look, losses={"content": look.losses["content"]}),
    ):
        assert target_name(config, style, other, WEIGHTS) != target
    mixed = dataclasses.replace(style, weights=(0.5,))
    assert target_name(config, mixed, look, WEIGHTS) != target
    for weights in (None, bundled_weights(), dataclasses.replace(WEIGHTS, identity="other")):
        assert target_name(config, style, look, weights) != target


LATE = """
from gramflow.engine.stylizers import Stylizer


class Late(Stylizer):
    name = "late"

    @classmethod
    def frame_settings(cls, settings, seconds):
        return {"late": True} if seconds >= 0.08 else {}
"""


@pytest.mark.parametrize("start", ["content", "previous"])
def test_settings_of_a_frame_are_part_of_its_key(tmp_path, start):
    """Equal frames share a key as long as their settings are equal, too."""
    (tmp_path / "late.py").write_text(LATE)
    config = load(
        {
            "plugins": [str(tmp_path / "late.py")],
            "videos": {"clip": {"path": __file__}},
            "styles": {"red": {"images": [__file__]}},
            "looks": {"default": {"width": 64, "start": start, "stylizer": "late"}},
        },
        tmp_path,
    )
    keys = keys_of(config, [1] * 4)  # 25 frames a second
    assert keys[0] == keys[1] != keys[2] == keys[3]
    other = config_with(start, segment_frames=50)
    assert len(set(keys_of(other, [1] * 4))) == 1
