"""Configs as users write them: what they resolve to, and what they are told when they err."""

import copy
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical, natural_sorted
from gramflow.settings.config import Config, load
from gramflow.settings.videos import video_files

COPY = """
from gramflow.engine.stylizers import Stylizer

class Copy(Stylizer):
    '''The frame itself.'''
    name = "copy"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: two films, three frames, two style pictures, one plugin."""
    root = tmp_path_factory.mktemp("user")
    (root / "frames" / "folder.png").mkdir(parents=True)
    (root / "braces").mkdir()
    names = ["braces/{a}.png", "clip.avi", "film [1080p].mp4", "night.jpg", "wave.jpg"]
    for name in [*names, *(f"frames/{number}.png" for number in (1, 2, 10))]:
        (root / name).write_bytes(b"content is read later")
    (root / "still.py").write_text(COPY)
    return root


def user(**entries: Any) -> dict[str, Any]:
    """A small config with some entries set."""
    return {
        "videos": {"room": {"path": "clip.avi"}},
        "styles": {"night": {"images": ["night.jpg"]}},
        **entries,
    }


def video(**entries: Any) -> dict[str, Any]:
    return user(videos={"room": {"path": "clip.avi", **entries}})


def look(**entries: Any) -> dict[str, Any]:
    return user(looks={"default": entries})


def text(resolved: Config) -> str:
    """All that a config resolved to."""
    return canonical(asdict(replace(resolved, registry=None)))  # type: ignore[arg-type]


# -- what a config resolves to -----------------------------------------------------------------


def test_two_entries_are_enough(folder: Path) -> None:
    resolved = load(user(), folder)

    assert (resolved.weights, resolved.network) == ("auto", "vgg16")
    assert (resolved.segment_frames, resolved.store) == (50, "store")
    assert resolved.encode == {
        "codec": "libx264",
        "crf": 16,
        "speed": "medium",
        "pixel_format": "yuv420p",
    }
    assert resolved.videos["room"] == dict.fromkeys(
        ["start", "end", "width", "height", "scale", "fps", "seconds", "colours", "deinterlace"]
    ) | {
        "path": "clip.avi",
        "cuts": "auto",
        "cut_threshold": 3.0,
        "masks": {},
        "alpha": False,
        "exposure": 0,
        "highlights": "roll",
    }
    assert list(resolved.renders) == ["room.night"]
    assert (
        resolved.looks["default"].settings
        == load(look(preset="standard"), folder).looks["default"].settings
    )


@pytest.mark.parametrize(
    ("cuts", "expected"), [(False, "off"), ("off", "off"), ([3, 1], [1.0, 3.0])]
)
def test_cuts_are_spelled_in_one_way(folder: Path, cuts: object, expected: object) -> None:
    assert load(video(cuts=cuts), folder).videos["room"]["cuts"] == expected


def test_frames_stand_alone_unless_they_start_from_the_one_before(folder: Path) -> None:
    for start, held in (("previous", True), ("content", False), ("noise", False)):
        resolved = load(look(start=start), folder).looks["default"]
        assert ("temporal" in resolved.losses) == held


@pytest.mark.parametrize("preset", ["seed", "draft", "standard", "high"])
@pytest.mark.parametrize("network", ["vgg16", "vgg19"])
def test_every_preset_is_complete_and_valid(folder: Path, preset: str, network: str) -> None:
    resolved = load(look(preset=preset) | {"network": network}, folder).looks["default"]
    assert "content" in resolved.losses
    assert ("gram" if preset == "seed" else "moments") in resolved.losses


def test_the_seed_preset_is_the_seed_method(folder: Path) -> None:
    seed = load(look(preset="seed"), folder).looks["default"].settings
    layers = [0.2, 0.4, 0.3, 0.5, 0.2]
    expected = {
        "width": 224,
        "height": 224,
        "start": "noise",
        "pooling": "average",
        "padding": "zeros",
        "evaluations": 600,
        "epoch": 20,
        "stop": 0.0,
        "bounds": False,
        "precision": "float32",
        "losses": {
            "content": {
                "weight": 4.0,
                "normalize": False,
                "layers": {"block4_conv3": 1.0},
            },
            "gram": {
                "weight": 0.03,
                "normalize": False,
                "layers": {f"block{i}_conv1": weight for i, weight in enumerate(layers, 1)},
            },
        },
    }
    assert {key: seed[key] for key in expected} == expected
    assert seed["optimizer"]["restart"] is True
    assert seed["optimizer"]["memory"] == 10


def test_changes_are_merged_into_the_preset_but_layers_are_replaced(folder: Path) -> None:
    standard = load(user(), folder).looks["default"]
    moments = {"weight": 7, "layers": {"block2_conv2": 2}}
    changed = load(look(width=480, losses={"moments": moments, "tv": {"weight": 0}}), folder)
    resolved = changed.looks["default"]

    assert resolved.width == 480
    assert resolved.losses["moments"] == {"weight": 7.0, "layers": {"block2_conv2": 2.0}}
    assert resolved.losses["content"] == standard.losses["content"]
    assert "tv" not in resolved.losses
    assert resolved.evaluations == standard.evaluations


def test_an_entry_may_be_set_to_null_or_left_empty(folder: Path) -> None:
    resolved = load(look(preset="seed", height=None) | {"encode": None}, folder)
    assert resolved.looks["default"].height is None
    assert resolved.encode["codec"] == "libx264"


def test_a_plugin_of_ones_own_may_stand_in_short_form(folder: Path) -> None:
    resolved = load(
        look(stylizer="copy", optimizer={"memory": 3}) | {"plugins": ["still.py"]}, folder
    )
    painter = resolved.looks["default"]
    assert painter.stylizer == {"name": "copy"}
    assert painter.optimizer["name"] == "lbfgs"
    assert painter.optimizer["memory"] == 3


def test_settings_of_a_preset_do_not_reach_another_optimizer(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAMFLOW_PLUGIN_FOLDERS", str(tmp_path))
    (tmp_path / "slow.py").write_text(
        "from gramflow.engine.optimizers import Optimizer\n"
        "class Slow(Optimizer):\n    '''Slow.'''\n    name = 'slow'\n"
    )
    entries = look(preset="seed", optimizer="slow") | {"plugins": [str(tmp_path / "slow.py")]}
    optimizer = load(entries, folder).looks["default"].optimizer
    assert optimizer["name"] == "slow"
    assert "restart" not in optimizer


def test_text_from_the_command_line_is_converted(folder: Path) -> None:
    nested = {
        "width": "480",
        "height": "null",
        "bounds": "False",
        "stop": "1e-2",
        "losses": {"gram": {"weight": "5.0", "normalize": "false"}},
    }
    resolved = load(look(**nested) | {"segment_frames": "10"}, folder)
    painter = resolved.looks["default"]
    assert resolved.segment_frames == 10
    assert (painter.width, painter.height) == (480, None)
    assert painter.bounds is False
    assert painter.stop == 0.01
    assert painter.losses["gram"]["weight"] == 5.0
    assert painter.losses["gram"]["normalize"] is False


def test_the_callers_config_stays_as_it_was(folder: Path) -> None:
    entries = look(losses={"gram": {"weight": 5}}) | {"renders": [{}]}
    before = copy.deepcopy(entries)
    load(entries, folder)
    assert entries == before


def test_looks_that_were_resolved_share_nothing_with_the_presets(folder: Path) -> None:
    load(user(), folder).looks["default"].losses["moments"]["weight"] = -1
    assert load(user(), folder).looks["default"].losses["moments"]["weight"] > 0


@pytest.mark.parametrize(
    ("time", "seconds"),
    [(90, 90.0), ("90", 90.0), ("1:30", 90.0), ("0:01:30.5", 90.5), ("01:00:00", 3600.0)],
)
def test_times_are_seconds(folder: Path, time: Any, seconds: float) -> None:
    assert load(video(start=time), folder).videos["room"]["start"] == seconds


@pytest.mark.parametrize(
    ("fps", "ratio"), [(25, "25"), (25.0, "25"), ("25", "25"), (0.1, "1/10"), ("60000/2002", None)]
)
def test_a_frame_rate_has_one_spelling(folder: Path, fps: Any, ratio: str | None) -> None:
    resolved = load(video(path="frames/*.png", fps=fps), folder)
    assert resolved.videos["room"]["fps"] == (ratio or "30000/1001")


def test_files_of_a_video(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos = {
        "film": {"path": "film [1080p].mp4"},
        "sequence": {"path": "frames/*.png", "fps": 25},
        "camera": {"path": "/dev/video0", "seconds": 3},
        "far": {"path": str(folder / "frames/*.png"), "fps": 25},
    }
    resolved = load(user(videos=videos), folder).videos
    files = ["frames/1.png", "frames/2.png", "frames/10.png"]
    assert video_files(resolved["film"], folder) == ["film [1080p].mp4"]
    assert video_files(resolved["sequence"], folder) == files
    assert video_files(resolved["camera"], folder) == []
    assert video_files(resolved["far"], folder) == [str(folder / file) for file in files]
    monkeypatch.chdir(folder)
    assert video_files(resolved["sequence"]) == files


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbered_files_are_sorted_by_their_number(numbers: list[int]) -> None:
    names = natural_sorted(f"shot2/{number}.png" for number in numbers)
    assert names == [f"shot2/{number}.png" for number in sorted(numbers)]


@given(shares=st.lists(st.floats(0.001, 1000), min_size=1, max_size=6))
def test_weights_of_a_style_sum_to_one(folder: Path, shares: list[float]) -> None:
    style = {"images": ["night.jpg"] * len(shares), "weights": shares}
    weights = load(user(styles={"night": style}), folder).styles["night"].weights
    assert sum(weights) == pytest.approx(1)
    assert [weight / weights[0] for weight in weights] == pytest.approx(
        [share / shares[0] for share in shares]
    )


def test_a_film_in_a_store_is_its_own_only_file_whatever_its_name(folder):
    found = load(video(path="s3://films/room [1080p].avi"), folder).videos["room"]
    assert video_files(found, folder) == ["s3://films/room [1080p].avi"]


def test_renders_choose_from_names(folder: Path) -> None:
    many = user(
        videos={name: {"path": "clip.avi"} for name in ("a", "b")},
        styles={name: {"images": ["night.jpg"]} for name in ("x", "y")},
        looks={"fine": {}},
    )

    def names(*choices: dict[str, Any]) -> list[str]:
        return list(load(many | {"renders": list(choices)}, folder).renders)

    assert list(load(many, folder).renders) == ["a.x", "a.y", "b.x", "b.y"]
    assert names({}) == ["a.x", "a.y", "b.x", "b.y"]
    assert names({"video": "b", "look": ["default", "fine"]}) == [
        "b.x",
        "b.x.fine",
        "b.y",
        "b.y.fine",
    ]
    assert names({"video": "a"}, {"style": ["y"]}) == ["a.x", "a.y", "b.y"]


def test_shots_of_a_film_are_painted_by_renders_of_their_own(folder: Path) -> None:
    """One for each style and look; a choice that is the film's own changes nothing."""
    shots = {9: "fine", 7: {"style": "wave"}, "8": {"style": "wave", "look": "fine"}, 2: "fine"}
    entries = user(
        styles={name: {"images": [f"{name}.jpg"]} for name in ("night", "wave")},
        looks={"fine": {}},
        renders=[{"style": "night", "look": ["default", "fine"], "shots": shots}],
    )
    config = load(entries, folder)
    assert list(config.renders) == ["room.night", "room.night.fine"]
    assert {render.name: render.only for render in config.renders["room.night"].others} == {
        "room.night+fine": (2, 9),
        "room.night+wave.default": (7,),
        "room.night+wave.fine": (8,),
    }
    other = config.renders["room.night.fine"]
    assert other.shots == ((7, "wave", "fine"), (8, "wave", "fine"))
    assert [render.name for render in other.others] == ["room.night.fine+wave.fine"]
    assert list(config.painted) == [
        "room.night+fine",
        "room.night+wave.default",
        "room.night+wave.fine",
        "room.night",
        "room.night.fine+wave.fine",
        "room.night.fine",
    ]


def test_a_number_may_be_a_name(folder: Path) -> None:
    resolved = load(user(videos={2024: {"path": "clip.avi"}}), folder)
    assert list(resolved.renders) == ["2024.night"]


def test_odd_sizes_pass_where_the_pixel_format_takes_them(folder: Path) -> None:
    entries = look(width=321) | {"encode": {"pixel_format": "yuv444p"}}
    assert load(entries, folder).looks["default"].width == 321
    # the look's own size is the film's, whatever the size the frames are stored in
    assert load(video(width=321), folder).videos["room"]["width"] == 321


def test_another_optimizer_keeps_the_settings_that_it_shares(folder: Path) -> None:
    """Those of the preset; bounds, which frequencies cannot have, win over what nobody wrote."""
    inherited = load(look(), folder).looks["default"].optimizer
    other = load(look(optimizer="scipy-lbfgs"), folder).looks["default"].optimizer
    assert other["name"] == "scipy-lbfgs"
    for setting in ("frequency_exponent", "memory"):
        assert other[setting] == inherited[setting] != 0
    changed = load(look(optimizer={"name": "scipy-lbfgs", "memory": 5}), folder).looks["default"]
    assert changed.optimizer == other | {"memory": 5}
    bounded = load(look(optimizer="scipy-lbfgs", bounds=True), folder).looks["default"]
    assert bounded.bounds and bounded.optimizer == other | {"frequency_exponent": 0.0}


# -- spelling ----------------------------------------------------------------------------------

EVERYTHING: dict[str, Any] = {
    "videos": {
        "room": {"path": "clip.avi", "start": 1, "end": 90, "scale": 1},
        "walk": {"path": "frames/*.png", "fps": 25, "width": 320},
    },
    "styles": {"night": {"images": ["night.jpg", "wave.jpg"], "weights": [1, 3]}},
    "looks": {
        "default": {
            "preset": "draft",
            "width": 480,
            "stop": 1,
            "bounds": False,
            "losses": {
                "tv": {"weight": 2},
                "gram": {"weight": 300, "layers": {"block2_conv1": 1, "block1_conv1": 2}},
            },
            "optimizer": {"name": "scipy-lbfgs", "memory": 5},
        },
        "raw": {"preset": "seed", "height": None},
    },
    "encode": {"crf": 20, "codec": "libx265"},
    "segment_frames": 20,
}


def respelled(value: Any, chance: random.Random) -> Any:
    """The same config with other key orders and number spellings."""
    if isinstance(value, dict):
        # the order of names is the user's; the order of settings is nobody's business
        keys = chance.sample(list(value), len(value))
        return {key: respelled(value[key], chance) for key in keys}
    if isinstance(value, list):
        return [respelled(item, chance) for item in value]
    if isinstance(value, bool) or value is None:
        return chance.choice([value, {True: "true", False: "false", None: "null"}[value]])
    if isinstance(value, int):
        return chance.choice([value, float(value), str(value)])
    return value


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_spelling_changes_nothing(folder: Path, chance: random.Random) -> None:
    resolved = load(respelled(EVERYTHING, chance), folder)
    expected = load(EVERYTHING, folder)
    assert text(resolved) == text(expected)
    for name, painter in expected.looks.items():
        # even the order of iteration, on which the order of a sum depends
        assert repr(resolved.looks[name]) == repr(painter)


# -- what users are told -----------------------------------------------------------------------

ERRORS: list[tuple[dict[str, Any], str, str]] = [
    # config, the entry the line starts with, what it must mention
    ({}, "videos:", "input/room.avi"),
    (user(styles=None), "styles:", "starry_night.jpg"),
    (user(videos={}), "videos:", "empty"),
    # the misspelt key is the reason for the missing one
    (user(videos={"room": {"pth": "clip.avi"}}), "videos.room.pth:", "did you mean path?"),
    (user(vidoes={}), "vidoes:", "did you mean videos?"),
    (user(segment_frames=0), "segment_frames:", "at least 1"),
    (user(segment_frames=2.5), "segment_frames:", "a whole number"),
    (user(network="vgg17"), "network:", "did you mean vgg1"),
    (user(weights="imagnet"), "weights:", "did you mean imagenet?"),
    (user(weights="lost.h5"), "weights:", "no such file"),
    (user(store=""), "store:", "empty"),
    (user(encode={"crf": 99}), "encode.crf:", "at most 63"),
    (user(encode={"crf": True}), "encode.crf:", "a whole number"),
    (user(plugins=["lost.py"]), "plugins[0]:", "lost.py"),
    (video(pth="x"), "videos.room.pth:", "did you mean path?"),
    (user(videos={"room": None}), "videos.room.path:", "missing"),
    (user(videos={"room": "clip.avi"}), "videos.room:", "a mapping"),
    (video(path="lost.avi"), "videos.room.path:", "no such file"),
    (video(path="two\nlines.avi"), "videos.room.path:", "two\\nlines.avi"),
    (video(path="x" * 256), "videos.room.path:", "no such file"),
    (video(path="x" * 256 + "*", fps=25), "videos.room.path:", "no picture matches"),
    (video(path="\0/*.png", fps=25), "videos.room.path:", "give text"),
    (video(path=""), "videos.room.path:", "empty"),
    (video(path="frames"), "videos.room.path:", "frames/*.png"),
    (video(path="lost/*.png", fps=25), "videos.room.path:", "no picture matches"),
    (video(path="frames/*.png"), "videos.room.fps:", "missing"),
    (video(path="{1}.mp4"), "videos.room.path:", "rename it"),
    (video(path="braces/*.png", fps=25), "videos.room.path:", "braces/{a}.png: Snakemake takes"),
    (user(weights="{own}.h5"), "weights:", "rename it"),
    (video(fps=25), "videos.room.fps:", "leave it out"),
    (video(path="rtsp://door/1", seconds=5, fps=25), "videos.room.fps:", "leave it out"),
    (video(path="frames/*.png", fps=0), "videos.room.fps:", "greater than 0"),
    (video(path="frames/*.png", fps="30/0"), "videos.room.fps:", "30000/1001"),
    (video(path="frames/*.png", fps="fast"), "videos.room.fps:", "30000/1001"),
    (video(path="rtsp://cam"), "videos.room.seconds:", "missing"),
    (video(path="/dev/video0"), "videos.room.seconds:", "missing"),
    (video(path="rtps://cam", seconds=1), "videos.room.path:", "did you mean rtsp"),
    (video(path="file:///clip.avi", seconds=1), "videos.room.path:", "not a kind of stream"),
    (video(path="s3://films/{a}.avi"), "videos.room.path:", "braces"),
    (video(path="s3://films/clip.avi", seconds=1), "videos.room.seconds:", "only for a camera"),
    (video(path="s3://films/*.png", fps=25), "videos.room.fps:", "leave it out"),
    (user(publish="films"), "publish:", ""),
    (user(publish="s3://films/"), "publish:", ""),
    (user(publish="s3://films/{a}"), "publish:", ""),
    (video(seconds=3), "videos.room.seconds:", "start and end"),
    (video(start=5, end=5), "videos.room.end:", "later"),
    (video(cuts="never"), "videos.room.cuts:", "off"),
    (video(cuts=True), "videos.room.cuts:", "off"),
    (video(cuts=[-1]), "videos.room.cuts[0]:", "greater"),
    (
        look(start="content", losses={"temporal": {"weight": 1}}),
        "looks.default.losses.temporal:",
        "start to previous",
    ),
    (look(start="content", passes=2), "looks.default.passes:", "start to previous"),
    (look(preset="seed", passes=3), "looks.default.passes:", "start: noise"),
    (look(start="gray", opening="style"), "looks.default.opening:", "set start to previous"),
    (look(opening="grey"), "looks.default.opening:", "known: content, gray, noise, style"),
    (
        look(coarse_weights={"gram": 2}),
        "looks.default.coarse_weights.gram: there is no loss term",
        "known: content, ",
    ),
    (look(coarse_weights={"content": 0}), "looks.default.coarse_weights.content:", "at least"),
    (look(flow="optical"), "looks.default.flow:", "dis"),
    (video(start="1:30", end="1:20.5"), "videos.room.end:", "later"),
    (video(start=-1), "videos.room.start:", "at least 0"),
    (video(start="soon"), "videos.room.start:", "1:30"),
    (video(start=float("nan")), "videos.room.start:", "a number"),
    (video(end=float("inf")), "videos.room.end:", "a number"),
    (video(end=10**400), "videos.room.end:", "a number"),
    (video(width=0), "videos.room.width:", "at least 32"),
    (video(width=1), "videos.room.width:", "at least 32"),
    (video(scale=0.5, width=320), "videos.room.scale:", "keep one"),
    (video(scale=0), "videos.room.scale:", "greater than 0"),
    (user(videos={True: {}}), "videos.True:", "in quotes"),
    (user(videos={"my clip": {}}), "videos.'my clip':", "my-clip"),
    (user(styles={"../night": {}}), "styles.'../night':", "night"),
    (user(styles={"nächt": {}}), "styles.'nächt':", "n-cht"),
    (user(looks={"a.b": {}}), "looks.'a.b':", "a-b"),
    (user(looks={"": {}}), "looks.'':", "A-Z"),
    (user(looks={"fine\n": {}}), "looks.'fine\\n':", "fine"),
    (user(looks={"x" * 65: {}}), "looks.xxx", "at most 64"),
    (user(styles={"night": {"images": []}}), "styles.night.images:", "empty"),
    (user(styles={"night": {"images": "night.jpg"}}), "styles.night.images:", "a list"),
    (user(styles={"night": {"images": ["lost.jpg"]}}), "styles.night.images[0]:", "no such file"),
    (
        user(styles={"night": {"images": ["night.jpg"], "weights": [1, 2]}}),
        "styles.night.weights:",
        "one for each",
    ),
    *(
        (
            user(styles={"night": {"images": ["night.jpg", "wave.jpg"], "weights": [1, weight]}}),
            "styles.night.weights[1]:",
            "greater than 0",
        )
        for weight in (0, -1, float("nan"), float("inf"), "nan", ".inf")
    ),
    (
        user(styles={"night": {"images": ["night.jpg", "wave.jpg"], "weights": [1e308, 1e308]}}),
        "styles.night.weights:",
        "smaller",
    ),
    (look(preset="standrd"), "looks.default.preset:", "did you mean standard?"),
    (look(evaluations="many"), "looks.default.evaluations:", "a whole number"),
    (look(evaluations=None), "looks.default.evaluations:", "empty"),
    (look(bounds="maybe"), "looks.default.bounds:", "true or false"),
    (
        look(bounds=True, optimizer={"frequency_exponent": 0.5}),
        "looks.default.optimizer.frequency_exponent:",
        "bounds to false",
    ),
    (look(losses={"temporal": {"distances": [0]}}), "looks.default.losses.temporal.distances", "1"),
    (
        look(losses={"temporal": {"distances": []}}),
        "looks.default.losses.temporal.distances",
        "at least 1",
    ),
    (look(width=16), "looks.default.width:", "at least 32"),
    (look(width=321), "looks.default.width:", "320 or 322"),
    (look(height=241), "looks.default.height:", "encode.pixel_format"),
    (look(width=None), "looks.default.width:", "empty"),
    (look(start="end"), "looks.default.start:", "previous"),
    (look(losses={"grm": {}}), "looks.default.losses.grm:", "did you mean gram?"),
    (look(losses={"gram": 5}), "looks.default.losses.gram:", "a mapping"),
    (look(losses={"gram": {"wieght": 5}}), "looks.default.losses.gram.wieght:", "weight"),
    (look(losses={"gram": {"weight": "x"}}), "looks.default.losses.gram.weight:", "a number"),
    *(
        (
            look(losses={"gram": {"weight": weight}}),
            "looks.default.losses.gram.weight:",
            "at least 0",
        )
        for weight in (-1, float("nan"), float("inf"), "nan")
    ),
    *(
        (
            look(losses={"gram": {"layers": {"block1_conv1": 1, "block2_conv1": weight}}}),
            "looks.default.losses.gram.layers.block2_conv1:",
            "a number",
        )
        for weight in (-1, float("nan"), float("inf"), "nan")
    ),
    (
        look(losses={"gram": {"layers": {"block1_conv1": 0}}}),
        "looks.default.losses.gram.layers:",
        "weight: 0",
    ),
    (look(losses={"gram": {"layers": {}}}), "looks.default.losses.gram.layers:", "empty"),
    (
        look(losses={"gram": {"layers": {"block9_conv1": 1}}}),
        "looks.default.losses.gram.layers.block9_conv1:",
        "block1_conv1",
    ),
    (
        # a layer that only the other network has
        look(losses={"gram": {"layers": {"block3_conv4": 1}}}),
        "looks.default.losses.gram.layers.block3_conv4:",
        "vgg16",
    ),
    (
        look(preset="seed", losses={"gram": {"weight": 0}, "content": {"weight": 0}}),
        "looks.default.losses:",
        "weight",
    ),
    (look(optimizer="adm"), "looks.default.optimizer:", "scipy-lbfgs"),
    (look(optimizer={"memory": 0}), "looks.default.optimizer.memory:", "at least 1"),
    (look(stylizer={"name": "optimise"}), "looks.default.stylizer:", "did you mean optimize?"),
    (user(renders=[]), "renders:", "empty"),
    (user(renders=[{"video": "rom"}]), "renders[0].video:", "did you mean room?"),
    (user(renders=[{}, {"look": ["fine"]}]), "renders[1].look:", "default"),
    (user(renders=[{"vdeo": "room"}]), "renders[0].vdeo:", "video"),
    (user(renders=[{"shots": {2: "fin"}}]), "renders[0].shots.2:", "there is no look 'fin'"),
    (user(renders=[{"shots": {2: {"style": "x"}}}]), "renders[0].shots.2:", "no style 'x'"),
    (user(renders=[{"shots": {2: {"lok": "x"}}}]), "renders[0].shots.2.lok:", "did you mean look?"),
    (user(renders=[{"shots": {0: "default"}}]), "renders[0].shots.0:", "the first is 1"),
    (user(renders=[{"shots": {"b": "default"}}]), "renders[0].shots.b:", "give its number"),
    (
        user(looks={"fine": {"width": 700}}, renders=[{"shots": {2: "fine"}}]),
        "renders[0].shots.2:",
        "fine paints another size than default",
    ),
    (
        user(looks={"fine": {}}, renders=[{}, {"shots": {2: "fine"}}]),
        "renders[1].shots:",
        "room.night has other shots above",
    ),
    (
        user(
            looks={"fine": {}, "net": {"stylizer": {"name": "network", "teacher": "default"}}},
            renders=[{"shots": {2: "fine"}}, {"look": "net"}],
        ),
        "renders:",
        "room.night is learnt from",
    ),
    (look(hold=0), "looks.default.hold:", "at least 1"),
    (look(hold=1.5), "looks.default.hold:", "a whole number"),
    (look(grain=-1), "looks.default.grain:", "at least 0"),
    (look(grain=5), "looks.default.grain:", "at most 4"),
]


@pytest.mark.parametrize(
    ("entries", "start", "mention"), ERRORS, ids=[f"{e[1]}{e[2]}" for e in ERRORS]
)
def test_an_error_is_one_line(
    folder: Path, entries: dict[str, Any], start: str, mention: str
) -> None:
    with pytest.raises(GramflowError) as caught:
        load(entries, folder)
    message = str(caught.value)
    assert message.startswith(start)
    assert mention in message
    assert len(message.splitlines()) == 1
    assert len(message) < 500


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # root may read everything, so the answer of the system is replaced
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "clip.avi")
    with pytest.raises(GramflowError, match=r"^videos\.room\.path: .*chmod"):
        load(user(), folder)


@given(name=st.text())
def test_a_name_is_accepted_or_refused_in_one_line(folder: Path, name: str) -> None:
    try:
        resolved = load(user(videos={name: {"path": "clip.avi"}}), folder)
    except GramflowError as error:
        message = str(error)
        assert message.startswith("videos.")
        assert len(message.splitlines()) == 1
        suggestion = re.search(r"such as (\S+)$", message)
        if suggestion:
            load(user(videos={suggestion[1]: {"path": "clip.avi"}}), folder)
    else:
        assert list(resolved.renders) == [f"{name}.night"]
        assert re.fullmatch(r"[A-Za-z0-9_-]+", name)


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every entry of a config, from the whole to its leaves."""
    yield place
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        yield from places(item, (*place, key))


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates()
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(scalars, inner, max_size=3)
    ),
    max_leaves=5,
)


@given(place=st.sampled_from(list(places(EVERYTHING))[1:]), junk=anything)
@settings(max_examples=300)
def test_anything_anywhere_is_understood_or_refused(
    folder: Path, place: tuple[Any, ...], junk: Any
) -> None:
    entries = copy.deepcopy(EVERYTHING)
    inner: Any = entries
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    try:
        canonical(text(load(entries, folder)))
    except GramflowError as error:
        assert len(str(error).splitlines()) == 1
        assert re.match(r"[a-z]\S*.*: ", str(error))


# -- around it ---------------------------------------------------------------------------------


def test_a_config_loads_without_the_libraries_that_compute(folder: Path) -> None:
    program = (
        "import sys; from gramflow.settings.config import load\n"
        "load({'videos': {'room': {'path': 'clip.avi'}},"
        " 'styles': {'night': {'images': ['night.jpg']}}})\n"
        "print(*{'tensorflow', 'keras', 'scipy', 'cv2', 'av'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
