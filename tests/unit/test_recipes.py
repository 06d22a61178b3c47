"""What a painted frame's key and a segment's claim depend on."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.config import Config, load
from gramflow.manifest import Manifest
from gramflow.recipes import painted_keys, plans, target_name


def config_with(start="content", segment_frames=3, **look: object) -> Config:
    """One render; this file stands for the pictures."""
    return load(
        {
            "videos": {"clip": {"path": __file__}},
            "styles": {"red": {"images": [__file__]}},
            "looks": {"default": {"width": 64, "start": start, **look}},
            "segment_frames": segment_frames,
        }
    )


def manifest_of(frames, shots=(0,)) -> Manifest:
    names = [str(frame) for frame in frames]
    return Manifest(64, 48, "1/25", 0, names, list(range(len(names))), 1, list(shots))


def keys_of(config, frames, shots=(0,), weights="random"):
    return painted_keys(config, config.renders["clip.red"], manifest_of(frames, shots), weights)


def changed(before, after):
    return [
        number for number, pair in enumerate(zip(before, after, strict=True)) if len(set(pair)) > 1
    ]


videos = st.lists(st.integers(0, 9), min_size=1, max_size=20)


@settings(max_examples=50, deadline=None)
@given(videos, st.data())
def test_a_changed_frame_reaches_itself_or_the_rest_of_its_shot(frames, data):
    number = data.draw(st.integers(0, len(frames) - 1))
    cut = data.draw(st.integers(1, max(len(frames) - 1, 1)))
    shots = (0, cut) if cut < len(frames) else (0,)
    other = [*frames[:number], 99, *frames[number + 1 :]]
    alone, chain = config_with("content"), config_with("previous")
    assert changed(keys_of(alone, frames, shots), keys_of(alone, other, shots)) == [number]
    # what repeats the frame before is painted like it
    end = next((shot for shot in shots if shot > number), len(frames))
    assert changed(keys_of(chain, frames, shots), keys_of(chain, other, shots)) == list(
        range(number, end)
    )


def test_a_repeated_frame_of_a_chain_is_painted_once():
    """Also over the end of a segment, but not over a cut, after which all begins anew."""
    keys = keys_of(config_with("previous"), [1, 1, 1, 1, 2, 1, 1], shots=(0, 6))
    assert len(set(keys[:4])) == 1
    assert len(set(keys)) == 3
    assert keys[6] == keys[0]  # the same picture, begun in the same way


@settings(max_examples=30, deadline=None)
@given(videos, st.integers(1, 7), st.integers(1, 7))
def test_segments_do_not_change_the_frames(frames, one, other):
    for start in ("content", "previous"):
        assert keys_of(config_with(start, one), frames) == keys_of(
            config_with(start, other), frames
        )


def test_segments_of_a_shot_go_on_from_each_other_and_are_cut_at_shots():
    manifest = manifest_of(range(8), shots=(0, 5))
    chain, alone = config_with("previous"), config_with("content")
    found = plans(chain, chain.renders["clip.red"], manifest)
    assert [(name, plan.before) for name, plan in found.items()] == [
        ("000000-000002", None),
        ("000003-000004", "000000-000002"),
        ("000005-000007", None),
    ]
    assert len({plan.claim for plan in found.values()}) == 3
    assert {plan.before for plan in plans(alone, alone.renders["clip.red"], manifest).values()} == {
        None
    }
    later = plans(chain, chain.renders["clip.red"], manifest_of([*range(7), 99], shots=(0, 5)))
    assert changed([p.claim for p in found.values()], [p.claim for p in later.values()]) == [2]


@pytest.mark.parametrize(
    "look",
    [
        {"evaluations": 7},
        {"pooling": "max"},
        {"width": 66},
        {"style_scale": 0.5},
        {"losses": {"gram": {"weight": 3}}},
        {"optimizer": {"memory": 3}},
    ],
)
def test_what_changes_the_pixels_changes_the_keys(look):
    assert not set(keys_of(config_with(), range(3))) & set(keys_of(config_with(**look), range(3)))


def test_what_does_not_matter_does_not_change_the_keys():
    keys = keys_of(config_with(), range(3))
    assert keys == keys_of(
        config_with(flow="farneback"), range(3)
    )  # nothing moves without neighbours
    assert keys == keys_of(config_with(losses={"gram": {"weight": 50.0}}), range(3))
    assert keys != keys_of(config_with(), range(3), weights="other")
    chain = keys_of(config_with("previous"), range(3))
    assert chain != keys_of(config_with("previous", flow="farneback"), range(3))


def test_targets_are_shared_where_they_are_equal():
    config = config_with()
    look, style = config.looks["default"], config.styles["red"]
    target = target_name(config, style, look)
    heavier = look.losses | {"gram": look.losses["gram"] | {"weight": 9.0}}
    for same in (
        dataclasses.replace(look, evaluations=3),
        dataclasses.replace(look, losses=heavier),
        dataclasses.replace(look, height=100),
    ):
        assert target_name(config, style, same) == target
    for other in (
        dataclasses.replace(look, style_scale=0.5),
        dataclasses.replace(look, pooling="max"),
        dataclasses.replace(look, losses={"content": look.losses["content"]}),
    ):
        assert target_name(config, style, other) != target
    assert target_name(config, dataclasses.replace(style, weights=(0.5,)), look) != target
