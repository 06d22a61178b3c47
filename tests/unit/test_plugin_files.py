"""Files that a plugin's settings name: a part of the frame's key, and refused where they lack."""

import os
from pathlib import Path
from typing import Any

import pytest

from gramflow.base.errors import GramflowError
from gramflow.film.identity import random_weights
from gramflow.film.manifest import Manifest
from gramflow.film.recipes import target_name
from gramflow.settings.config import Config, check_apart, load
from tests.support.renders import painted_keys

WEIGHTS = random_weights("vgg16")
PLUGINS = '''
from dataclasses import dataclass, field
from gramflow.engine.flows import Still
from gramflow.engine.losses import Loss

class Learned(Still):
    """Reads weights."""
    name = "trained"

    @dataclass(frozen=True)
    class Settings(Still.Settings):
        weights: str = field(metadata={"doc": "an ONNX file", "file": True})
        more: list[str] = field(default_factory=list, metadata={"doc": "more", "file": True})
        other: str | None = field(default=None, metadata={"doc": "perhaps", "file": True})

class Deep(Still):
    """Compares the network's features."""
    name = "deep"

    @dataclass(frozen=True)
    class Settings(Still.Settings):
        layers: tuple[str, ...] = field(default=(), metadata={"doc": "compared", "layer": True})

class Judge(Loss):
    """Reads weights, too."""
    name = "judge"
    source = "style"

    @dataclass(frozen=True)
    class Settings(Loss.Settings):
        model: str | None = field(default=None, metadata={"doc": "a file", "file": True})
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the plugins and their files."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(PLUGINS)
    for name in "ab":
        Path(f"{name}.onnx").write_text(name)
    Path("same.onnx").write_text("a")
    return tmp_path


def config(**look: Any) -> Config:
    """One render; the file of the plugins stands for the pictures."""
    return load(
        {
            "plugins": ["mine.py"],
            "videos": {"clip": {"path": "mine.py"}},
            "styles": {"red": {"images": ["mine.py"]}},
            "looks": {"default": {"width": 64, **look}},
        }
    )


def trained(**settings: Any) -> Config:
    return config(flow={"name": "trained", "weights": "a.onnx", **settings})


def keys(of: Config) -> list[dict[int, str]]:
    manifest = Manifest(64, 48, "1/25", 0, ["0", "1"], [0, 1], 1, [0])
    return painted_keys(of, of.renders["clip.red"], manifest, WEIGHTS)


@pytest.mark.usefixtures("folder")
def test_what_a_file_holds_enters_the_key_and_its_name_does_not() -> None:
    first = keys(trained())
    assert keys(trained(weights="same.onnx")) == first
    for other in ({"weights": "b.onnx"}, {"more": ["b.onnx"]}, {"other": "b.onnx"}):
        assert keys(trained(**other)) != first
    alone = [keys(trained(weights=name)) for name in ("a.onnx", "b.onnx")]
    assert alone[0] != alone[1]
    # a flow that is not used does not count
    content = [
        keys(config(flow={"name": "trained", "weights": name}, start="content"))
        for name in ("a.onnx", "b.onnx")
    ]
    assert content[0] == content[1]


@pytest.mark.usefixtures("folder")
def test_a_losss_file_enters_its_target_too() -> None:
    found = [config(losses={"judge": {"model": f"{name}.onnx"}}) for name in ("a", "b", "same")]
    names = [
        target_name(each, each.styles["red"], each.looks["default"], WEIGHTS) for each in found
    ]
    assert names[0] == names[2] != names[1]
    assert keys(found[0]) == keys(found[2]) != keys(found[1])


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("look", "start"),
    [
        ({"flow": {"name": "trained", "weights": "lost"}}, "looks.default.flow.weights: lost: no"),
        (
            {"flow": {"name": "trained", "weights": "a.onnx", "more": ["b.onnx", "lost"]}},
            "looks.default.flow.more: lost: no such file; correct the path",
        ),
        ({"losses": {"judge": {"model": "lost"}}}, "looks.default.losses.judge.model: lost: no"),
    ],
)
def test_a_file_that_is_not_there_is_refused(look: dict[str, Any], start: str) -> None:
    with pytest.raises(GramflowError) as caught:
        config(**look)
    assert str(caught.value).startswith(start)


def test_a_file_of_one_machine_is_refused_where_machines_share_nothing(folder: Path) -> None:
    found = load(
        {
            "weights": "random",
            "store": "/data/store",
            "plugins": [str(folder / "mine.py")],
            "videos": {"clip": {"path": str(folder / "mine.py")}},
            "styles": {"red": {"images": [str(folder / "mine.py")]}},
            "looks": {"default": {"flow": {"name": "trained", "weights": "a.onnx"}}},
        }
    )
    with pytest.raises(GramflowError, match=r"^looks\.default\.flow\.weights: a\.onnx is on"):
        check_apart(found)


@pytest.mark.usefixtures("folder")
def test_layers_of_a_flow_must_be_the_networks() -> None:
    config(flow={"name": "deep", "layers": ["block4_conv2"]})
    with pytest.raises(GramflowError, match=r"^looks\.default\.flow\.layers: vgg16 has no layer"):
        config(flow={"name": "deep", "layers": ["block4_conv2", "block4_conv4"]})


# -- files with plugins that lie elsewhere -------------------------------------------------------


def entries(*plugins: str) -> dict[str, Any]:
    return {
        "plugins": list(plugins),
        "videos": {"clip": {"path": "mine.py"}},
        "styles": {"red": {"images": ["mine.py"]}},
        "looks": {"default": {"width": 64, "flow": {"name": "trained", "weights": "a.onnx"}}},
    }


@pytest.mark.parametrize("way", ["absolute", "relative", "link"])
def test_code_elsewhere_is_not_run_because_a_config_says_so(
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    code = elsewhere / "code.py"
    code.write_text("from pathlib import Path\nPath('ran').touch()\n" + PLUGINS)
    (folder / "link.py").symlink_to(code)
    named = {"absolute": str(code), "relative": os.path.relpath(code), "link": "link.py"}[way]
    with pytest.raises(GramflowError) as caught:
        load(entries(named))
    line = str(caught.value)
    assert line.startswith(f"plugins[0]: {named} is code outside of the project's folder; ")
    remedy = f"GRAMFLOW_PLUGIN_FOLDERS={elsewhere}"
    assert line.endswith(remedy) and not Path("ran").exists()
    # a neighbour whose name begins alike is another folder
    monkeypatch.setenv("GRAMFLOW_PLUGIN_FOLDERS", f"{folder}:{str(elsewhere)[:-1]}")
    with pytest.raises(GramflowError, match="is code outside"):
        load(entries(named))
    # nor can a config allow itself to
    with pytest.raises(GramflowError, match="unknown key"):
        load(entries(named) | {"GRAMFLOW_PLUGIN_FOLDERS": str(elsewhere)})
    assert not Path("ran").exists()

    monkeypatch.setenv("GRAMFLOW_PLUGIN_FOLDERS", f"/nowhere:{elsewhere}")
    assert load(entries(named)).looks["default"].flow["name"] == "trained"
    assert Path("ran").exists()


def test_code_within_the_projects_folder_is_run(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine/code.py").write_text(PLUGINS)
    for named in ("mine/code.py", str(folder / "mine/code.py"), "mine/../mine/code.py"):
        assert load(entries(named)).looks["default"].flow["name"] == "trained"
