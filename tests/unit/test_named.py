"""Settings of plugins that name other entries of the config."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gramflow.base.errors import GramflowError
from gramflow.film.identity import random_weights
from gramflow.film.plan import Plan, make_plan
from gramflow.settings.config import Config, load
from gramflow.settings.renders import Render
from gramflow.store.frames import painted_store
from gramflow.store.layout import Layout
from gramflow.view.forecasts import forecast
from tests.support.page import write_plugins
from tests.support.renders import manifest_of

WEIGHTS = random_weights("vgg16")
Make = Callable[..., Config]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make a config of three styles with the plugins of the page; `looks` are added to it."""
    monkeypatch.chdir(tmp_path)
    write_plugins(tmp_path)
    pictures = {"red": "red", "blue": "blue", "same": "blue"}
    for name, content in pictures.items():
        Path(f"{name}.png").write_text(content)

    def config(**looks: Any) -> Config:
        return load(
            {
                "plugins": ["my_dissolve.py", "my_learned.py"],
                "videos": {"clip": {"path": "red.png"}},
                "styles": {name: {"images": [f"{tmp_path}/{name}.png"]} for name in pictures},
                "looks": {"default": {"width": 64, "start": "content"}, **looks},
                "renders": [{"style": "red", "look": ["default", *looks]}],
            }
        )

    return config


def dissolving(into: str) -> dict[str, Any]:
    return {"start": "content", "width": 64, "stylizer": {"name": "dissolve", "into": into}}


def learning(teacher: str) -> dict[str, Any]:
    return {"start": "content", "width": 64, "stylizer": {"name": "learned", "teacher": teacher}}


def plan_of(config: Config, look: str, frames: Sequence[int] = (1, 1, 2)) -> Plan:
    return make_plan(config, config.painted[f"clip.red{look}"], manifest_of(frames), WEIGHTS)


def test_a_frame_depends_on_the_styles_that_its_look_names(make: Make) -> None:
    """On their pictures and their share in it, but not on their names."""
    config = make(blue=dissolving("blue"), same=dissolving("same"))
    plain, blue, same = (plan_of(config, look) for look in ("", ".blue", ".same"))
    assert len(set(plain.frames)) == 2 and len(set(blue.frames)) == 3
    assert blue.targets.keys() == {"red", "blue"} and plain.targets.keys() == {"red"}
    assert blue.targets["red"] == plain.targets["red"] != blue.targets["blue"]
    assert blue.frames == same.frames
    Path("new.png").write_text("new")
    config.styles["blue"] = config.styles["blue"].__class__("blue", ("new.png",), (1.0,))
    assert not set(plan_of(config, ".blue").frames) & set(blue.frames)
    assert plan_of(config, "").frames == plain.frames
    assert plan_of(config, ".same").frames == same.frames


def test_a_style_that_is_not_there_is_refused(make: Make) -> None:
    with pytest.raises(GramflowError) as caught:
        make(bad=dissolving("bleu"))
    assert str(caught.value) == (
        "looks.bad.stylizer.into: there is no style 'bleu'; did you mean blue? "
        "known: blue, red, same"
    )


def test_a_frame_depends_on_all_frames_of_the_look_that_it_learns_from(make: Make) -> None:
    """But not on that look's name; and nobody else depends on them."""
    chained = {"start": "previous", "width": 64}
    config = make(chain=chained, also=chained, one=learning("chain"), two=learning("also"))
    plans = {name: plan_of(config, f".{name}") for name in ("chain", "one", "two")}
    assert plans["one"].frames == plans["two"].frames
    assert plans["one"].trained == plans["two"].trained != plans["chain"].trained == ""
    assert len(set(plans["one"].frames)) == 2
    for changes in ({"passes": 2}, {"evaluations": 3}):
        other = make(chain=chained | changes, one=learning("chain"))
        assert Layout(other).plan(other.renders["clip.red.one"]) != Layout(config).plan(
            config.renders["clip.red.one"]
        )
        assert not set(plan_of(other, ".one").frames) & set(plans["one"].frames)
        assert plan_of(other, "").frames == plan_of(config, "").frames
    longer = plan_of(config, ".one", [1, 1, 2, 3])
    assert longer.trained != plans["one"].trained
    assert not set(longer.frames) & set(plans["one"].frames)


def test_what_is_learned_from_is_painted_before_and_is_no_film(make: Make) -> None:
    """Also through several looks, each of them once."""
    config = make(
        one=learning("two"), two=learning("three"), three={"width": 64}, four=learning("three")
    )
    renders = [Render("clip", "red", look) for look in ("one", "four")]
    few = replace(config, renders={render.name: render for render in renders})
    assert [render.look for render in few.painted.values()] == ["three", "two", "one", "four"]
    assert few.renders.keys() == {"clip.red.one", "clip.red.four"}
    plan = plan_of(few, ".three", [1, 2, 3])
    told = forecast(few, plan, painted_store("store"))
    assert (told.name, told.made, told.jobs) == ("clip.red.three", 3, 1)


@pytest.mark.parametrize(
    ("teachers", "line"),
    [
        (
            {"one": "tow", "two": "default"},
            "looks.one.stylizer.teacher: there is no look 'tow'; did you mean two? "
            "known: default, one, two",
        ),
        (
            {"one": "two", "two": "one"},
            "looks.two.stylizer.teacher: one needs two needs one, which is a circle; "
            "name another look",
        ),
        (
            {"one": "one"},
            "looks.one.stylizer.teacher: one needs one, which is a circle; name another look",
        ),
    ],
)
def test_a_look_that_cannot_be_learned_from_is_refused(
    make: Make, teachers: dict[str, str], line: str
) -> None:
    with pytest.raises(GramflowError) as caught:
        make(**{name: learning(teacher) for name, teacher in teachers.items()})
    assert str(caught.value) == line
