"""Plugins: found, described as JSON schema, refused with a line."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from gramflow.base.errors import GramflowError
from gramflow.settings.plugins import KINDS, Plugin, Registry
from gramflow.settings.schema import checked

EDGES = '''
from dataclasses import dataclass, field
from gramflow.engine.losses import Loss

class Edges(Loss):
    """Distance of the edges."""
    name = "edges"

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        """How sharp."""
        sharpness: float = field(default=2, metadata={"doc": "how sharp", "minimum": 0})
'''

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a plugin file."""

    def file(source: str) -> Path:
        path = tmp_path / "mine.py"
        path.write_text(source)
        return path

    return file


def test_the_built_ins_are_plugins_like_any_other() -> None:
    registry = Registry()
    assert {"vgg16", "vgg19"} <= set(registry.names("networks"))
    assert {"content", "gram", "tv"} <= set(registry.names("losses"))
    for kind in KINDS:
        for plugin in registry.all(kind):
            assert plugin.origin == ""
            assert plugin.cls.kind == kind
            assert plugin.cls.__doc__
            known = plugin.schema["properties"]
            given = {
                name: known[name].get("examples", ["file"])[0] for name in plugin.schema["required"]
            }
            assert checked(given, plugin.schema) is not None
            for name, entry in plugin.schema["properties"].items():
                assert entry["description"], f"{plugin.name}.{name}"


def test_a_local_file(write: Write) -> None:
    plugin = Registry([write(EDGES)]).find("losses", "edges")
    assert plugin.cls.__name__ == "Edges"
    assert checked({"sharpness": "3"}, plugin.schema) == {"weight": 1.0, "sharpness": 3.0}
    assert plugin.schema["properties"]["sharpness"] == {
        "type": "number",
        "default": 2,
        "description": "how sharp",
        "minimum": 0,
    }


def test_the_origin_of_a_local_file_is_its_content(write: Write) -> None:
    def origin(source: str) -> str:
        return Registry([write(source)]).find("losses", "edges").origin

    first = origin(EDGES)
    assert first.startswith("sha256:")
    assert origin(EDGES) == first
    assert origin(EDGES + "# other\n") != first


def test_a_file_may_hold_several_plugins_and_helpers(write: Write) -> None:
    more = "from gramflow.engine.stylizers import Stylizer\nclass Copy(Stylizer): name = 'copy'\n"
    registry = Registry([write(EDGES + more + "class Helper: pass\n")])
    assert "edges" in registry.names("losses")
    assert "copy" in registry.names("stylizers")


ERRORS: list[tuple[str, str]] = [
    ("x = 1\n", "holds no plugin"),
    ("from gramflow.engine.losses import Gram\n", "holds no plugin"),
    ("import nowhere_at_all\n", "mine.py:1: ModuleNotFoundError"),
    ("x = 1\ny = (\n", "mine.py:2: SyntaxError"),
    ("x = 1\n\nraise ValueError('one\\ntwo')\n", "mine.py:3: ValueError: one two"),
    ("x = '\0'\n", "null bytes"),
    (EDGES.replace('name = "edges"', ""), "Edges has no name"),
    (EDGES.replace('"edges"', "5"), "Edges has no name"),
    (EDGES.replace('"edges"', '"my edges"'), "no name"),
    (EDGES.replace('"edges"', '"gram"'), "gram exists already"),
    (EDGES + "class Twin(Edges): pass\n", "edges exists already"),
    (EDGES.replace("(Loss.Settings)", ""), "derive them from Loss.Settings"),
]


@pytest.mark.parametrize(("source", "mention"), ERRORS, ids=[mention for _, mention in ERRORS])
def test_a_bad_file_is_refused_in_one_line(write: Write, source: str, mention: str) -> None:
    with pytest.raises(GramflowError) as caught:
        Registry([write(source)]).find("losses", "edges")
    message = str(caught.value)
    assert message.startswith("plugins[0]: ")
    assert "mine.py" in message
    assert mention in message
    assert len(message.splitlines()) == 1


def test_the_number_of_the_file_is_named(write: Write, tmp_path: Path) -> None:
    with pytest.raises(GramflowError, match=r"^plugins\[1\]: .*lost.py"):
        Registry([write(EDGES), tmp_path / "lost.py"])
    with pytest.raises(GramflowError, match=r"^plugins\[0\]: "):
        Registry([tmp_path])


def test_a_file_that_fails_leaves_no_module(write: Write) -> None:
    before = set(sys.modules)
    with pytest.raises(GramflowError):
        Registry([write("raise ValueError\n")])
    assert not [name for name in set(sys.modules) - before if "plugin" in name]


def test_an_unknown_name_gets_the_known_ones() -> None:
    with pytest.raises(GramflowError) as caught:
        Registry().find("losses", "grm", ("looks", "fine"))
    assert str(caught.value).startswith("looks.fine: there is no loss 'grm'; did you mean gram?")
    assert "content" in str(caught.value)


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with a working and a broken plugin."""
    info = tmp_path / "painters-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: painters\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[gramflow.losses]\nedges = painters:Edges\nbroken = painters_that_are_not:Broken\n"
    )
    (tmp_path / "painters.py").write_text(EDGES)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("distribution")
def test_an_installed_package_brings_plugins() -> None:
    registry = Registry()
    assert registry.find("losses", "edges").origin == "painters==1.2"
    # a broken neighbour matters only to who asks for it
    with pytest.raises(GramflowError, match=r"^losses\.broken: .*painters_that_are_not"):
        registry.find("losses", "broken")


class Example:
    """With every type a setting can have."""

    kind = "losses"

    @dataclass(frozen=True)
    class Settings:
        """All types."""

        switch: bool = True
        count: int = 1
        factor: float = field(default=1, metadata={"exclusiveMinimum": 0})
        word: str = "a"
        mode: Literal["fast", "good"] = "good"
        layers: dict[str, float] = field(default_factory=dict)
        size: int | None = None
        choice: Literal["a", "b"] | None = None
        steps: tuple[float, ...] = (1, 2)
        names: list[str] = field(default_factory=list)


example = Plugin("losses", "example", Example, "")


def test_settings_get_their_defaults() -> None:
    assert checked({}, example.schema) == {
        "switch": True,
        "count": 1,
        "factor": 1.0,
        "word": "a",
        "mode": "good",
        "layers": {},
        "size": None,
        "choice": None,
        "steps": [1.0, 2.0],
        "names": [],
    }


def test_settings_are_converted_to_their_types() -> None:
    given = {
        "switch": "false",
        "count": "3",
        "factor": "0.5",
        "layers": {"a": "1"},
        "size": "null",
        "choice": "null",
        "steps": ["1", 2],
        "word": "5",
    }
    fitted = checked(given, example.schema)
    assert {key: fitted[key] for key in given} == {
        "switch": False,
        "count": 3,
        "factor": 0.5,
        "layers": {"a": 1.0},
        "size": None,
        "choice": None,
        "steps": [1.0, 2.0],
        "word": "5",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"switch": 1}, "at.switch: 1 does not fit; give true or false"),
        ({"count": 1.5}, "at.count: 1.5 does not fit; give a whole number"),
        ({"factor": 0}, "at.factor: 0.0 does not fit; give a number greater than 0"),
        ({"mode": "god"}, "at.mode: 'god' is unknown; did you mean good? known: fast, good"),
        ({"layers": {"a": "x"}}, "at.layers.a: 'x' does not fit; give a number"),
        ({"steps": 5}, "at.steps: 5 does not fit; give a list"),
        ({"steps": [1, "x"]}, "at.steps[1]: 'x' does not fit; give a number"),
        ({"wrd": "x"}, "at.wrd: unknown key; did you mean word? known:"),
    ],
)
def test_settings_that_do_not_fit(given: dict[str, Any], message: str) -> None:
    with pytest.raises(GramflowError) as caught:
        checked(given, example.schema, ("at",))
    assert str(caught.value).startswith(message)


def test_a_setting_without_default_must_be_given() -> None:
    class Strict:
        @dataclass(frozen=True)
        class Settings:
            size: int

    with pytest.raises(GramflowError, match=r"at\.size: missing; give a whole number"):
        checked({}, Plugin("losses", "strict", Strict, "").schema, ("at",))


def test_a_type_that_no_config_can_hold_is_refused() -> None:
    class Odd:
        @dataclass(frozen=True)
        class Settings:
            when: complex = 0j

    with pytest.raises(GramflowError, match="loss odd: the type of its setting when"):
        _ = Plugin("losses", "odd", Odd, "").schema
