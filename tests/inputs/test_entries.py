"""Configs made from the schema: each is refused in one line, or a run can be planned by it."""

import copy
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical
from gramflow.film.identity import random_weights
from gramflow.film.manifest import Manifest
from gramflow.film.plan import make_plan
from gramflow.film.sizes import film_sizes, style_sides
from gramflow.media.source import Source
from gramflow.settings.config import load
from gramflow.settings.reading import schema
from gramflow.settings.videos import video_files
from gramflow.store.layout import Layout
from gramflow.view import estimates
from tests.inputs.table import Tell

EXAMPLES = 400
NUMBERS = st.sampled_from([0, 1, -1, 2, 3, 32, 64, 1e19, -1e19, 2**31, 2**63, 10**400, 1e300])
FLOATS = st.sampled_from([0.0, 0.5, 1.5, 1e-300, 1e300, float("nan"), float("inf")])
WORDS = st.sampled_from(
    [
        *("", " ", "no", "null", "nan", "1e19", "-1", "0:00", "1:99:99", "own", "night", "default"),
        *("clip.avi", "frames/*.png", "*", "**", "[", "~", "/dev/null", "rtsp://x", "s3://a/b"),
        *("x" * 5000, "\ud800", "\0", "\n", "ü", "e\u0301", "-o", "a;b", "$(x)", "vgg19", "{a}"),
    ]
)
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, FLOATS, WORDS, st.text(max_size=8), st.binary()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, NUMBERS), inner, max_size=4)
    ),
    max_leaves=6,
)
START: dict[str, Any] = {
    "weights": "random",
    "videos": {"room": {"path": "clip.avi"}, "walk": {"path": "frames/*.png", "fps": 25}},
    "styles": {"night": {"images": ["night.png"]}},
    "looks": {"default": {"preset": "draft", "width": 64}, "other": {"width": 64}},
}


def fitting(entry: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that an entry's schema allows, at its bounds and between."""
    kinds = entry.get("type", [])
    made: list[st.SearchStrategy[Any]] = [
        st.sampled_from(list(entry[key])) for key in ("enum", "examples") if entry.get(key)
    ]
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        low, high = entry.get("minimum", 0), entry.get("maximum", 10**6)
        if kind == "integer":
            made.append(st.sampled_from([low, low + 1, high - 1, high]))
        elif kind == "number":
            made.append(st.sampled_from([float(low), low + 0.5, float(high), 1e-9]))
        elif kind == "boolean":
            made.append(st.booleans())
        elif kind == "null":
            made.append(st.none())
        elif kind == "array":
            made.append(st.lists(fitting(entry.get("items", {})), max_size=3))
        elif kind == "object":
            made.append(st.dictionaries(st.sampled_from(["room", "night", "x"]), JUNK, max_size=2))
    return st.one_of(*made) if made else JUNK


def entries(of: Mapping[str, Any], at: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """The path of every entry of the schema, with its own schema; names are those of START."""
    found = []
    for key, inner in of.get("properties", {}).items():
        found += [((*at, key), inner), *entries(inner, (*at, key))]
    others = of.get("additionalProperties")
    if isinstance(others, Mapping):
        names = {"videos": "room", "styles": "night", "looks": "default"}
        found += entries(others, (*at, names.get(at[-1] if at else "", "x")))
    return found


PLACES = entries(schema())


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """A config in which some entries are changed, to what fits them or to anything."""
    found = copy.deepcopy(START)
    for path, inner in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4)):
        place: Any = found
        for key in path[:-1]:
            below = place.get(key)
            place[key] = below if isinstance(below, dict) else {}
            place = place[key]
        place[path[-1]] = draw(st.one_of(fitting(inner), fitting(inner), JUNK))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that the configs name."""
    root = tmp_path_factory.mktemp("user")
    (root / "frames").mkdir()
    for name in ("clip.avi", "night.png", "frames/1.png", "frames/2.png"):
        (root / name).write_bytes(b"read later")
    return root


def test_configs(folder: Path, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    ends: Counter[str] = Counter()

    @given(values=configs())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def planned_or_refused(values: dict[str, Any]) -> None:
        try:
            planned(values)
        except GramflowError as error:
            line = str(error)
            assert len(line.splitlines()) == 1 and line.isprintable(), line
            assert line[0].isalpha() and ": " in line, line
            ends["refused in one line"] += 1
        else:
            ends["right"] += 1

    planned_or_refused()
    text = ", ".join(f"{count} {end}" for end, count in sorted(ends.items(), reverse=True))
    count = sum(ends.values())
    tell(
        "Entries of the config",
        "changed at random places, as the schema allows or not",
        text,
        count,
    )


def planned(values: dict[str, Any]) -> None:
    """Do with a config what a run does before anything is read of its films."""
    config = load(values)
    canonical({"encode": config.encode})
    frames = [f"{number:064x}" for number in range(40)]
    manifest = Manifest(64, 48, "1/25", 0, frames, list(range(40)), 1, [0, 17])
    assert all(width > 0 and height > 0 for width, height in film_sizes(config))
    for name, video in config.videos.items():
        if files := video_files(video):
            source = Source.from_config(name, video, files)
            assert source.fps is None or Fraction(1, 1000) <= source.fps <= 1000
    for render in config.painted.values():
        if config.masks_of(render):
            continue
        Layout(config).probe(render.video)
        plan = make_plan(config, render, manifest, random_weights(config.network), {})
        look = config.looks[render.look]
        effort = estimates.effort_of(config, look, plan.size)
        evaluations = estimates.evaluations_of(look, effort, 40, 2)
        assert isfinite(evaluations)
        assert isinstance(estimates.painting_minutes(*plan.size, evaluations), int)
        assert isinstance(estimates.network_mb(*plan.size, config.memory), int)
        assert all(side > 0 for side in style_sides(look).values())
