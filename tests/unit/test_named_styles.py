"""Settings of plugins that name other entries of the config."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gramflow.base.errors import GramflowError
from gramflow.film.identity import random_weights
from gramflow.film.plan import Plan, make_plan
from gramflow.settings.config import Config, load
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
                "plugins": ["my_dissolve.py"],
                "videos": {"clip": {"path": "red.png"}},
                "styles": {name: {"images": [f"{tmp_path}/{name}.png"]} for name in pictures},
                "looks": {"default": {"width": 64, "start": "content"}, **looks},
                "renders": [{"style": "red", "look": ["default", *looks]}],
            }
        )

    return config


def dissolving(into: str) -> dict[str, Any]:
    return {"start": "content", "width": 64, "stylizer": {"name": "dissolve", "into": into}}


def plan_of(config: Config, look: str) -> Plan:
    return make_plan(config, config.renders[f"clip.red{look}"], manifest_of([1, 1, 2]), WEIGHTS)


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
