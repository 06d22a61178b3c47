"""Configs of strangers: no name in one is a path, no text is a command of a shell or terminal."""

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gramflow.base.errors import GramflowError
from gramflow.base.files import write_bytes
from gramflow.base.script import job
from gramflow.settings.config import load
from gramflow.settings.reading import schema
from gramflow.settings.schema import checked
from gramflow.view.page import call
from tests.support.project import ROOT

NAMES = (
    *("..", ".", "", "a/b", "a\\b", "C:up", "a.b", "a+b", "a b", "-rf", "a\0b", "a\nb", "{x}"),
    *("`touch up`", "a;b", "<script>", 'a"b', "é", "x" * 65),
)
PATHS = ("..", "../up", "/tmp/up", "$(touch up)")
PLUGIN = """
from gramflow.engine.stylizers import Stylizer

class Named(Stylizer):
    \"\"\"Has a name.\"\"\"

    name = {name!r}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A config in which everything is right."""
    monkeypatch.chdir(tmp_path)
    Path("a.mp4").touch()
    Path("a.png").touch()
    config = {
        "videos": {"room": {"path": "a.mp4", "masks": {"figure": "a.png"}}},
        "styles": {"night": {"images": ["a.png"]}},
        "looks": {"fine": {"width": 64, "regions": {"figure": {"style": "night"}}}},
        "renders": [{"video": "room", "style": "night", "look": "fine"}],
    }
    assert list(load(deepcopy(config)).painted) == ["room.night.fine"]
    return config


@pytest.mark.parametrize("name", PATHS)
def test_no_name_is_a_path(config: dict[str, Any], tmp_path: Path, name: str) -> None:
    """Names are parts of files' names; each place that one can stand in refuses it by itself."""
    room, night, render = config["videos"]["room"], config["styles"]["night"], config["renders"][0]
    Path("named.py").write_text(PLUGIN.format(name=name))
    changes: list[dict[str, Any]] = [
        {"videos": {name: room}},
        {"videos": {"room": room | {"masks": {name: "a.png"}}}},
        {"styles": {name: night}},
        {"looks": config["looks"] | {name: {}}},
        {"looks": {"fine": {"regions": {name: {"style": "night"}}}}},
        {"looks": {"fine": {"regions": {"figure": {"style": name}}}}},
        {"looks": {"fine": {"timeline": [{"at": 0, "style": name}]}}},
        {"plugins": ["named.py"]},
        {"renders": [render | {"video": name}]},
        {"renders": [render | {"style": name}]},
        {"renders": [render | {"look": name}]},
        {"renders": [render | {"shots": {name: "fine"}}]},
    ]
    before = sorted(tmp_path.parent.iterdir()), sorted(tmp_path.rglob("*"))
    for change in changes:
        with pytest.raises(GramflowError) as caught:
            load(config | change)
        assert str(caught.value).isprintable(), change
    assert (sorted(tmp_path.parent.iterdir()), sorted(tmp_path.rglob("*"))) == before


def test_names_are_of_letters_digits_and_two_signs() -> None:
    """By the one pattern that the schema has for all of them."""
    names = schema()["properties"]["videos"]["propertyNames"]
    for kind in ("styles", "looks"):
        assert schema()["properties"][kind]["propertyNames"] == names
    for name in NAMES:
        with pytest.raises(GramflowError, match=r"names; use at most 64 of A-Z"):
            checked({name: 1}, {"type": "object", "propertyNames": names})


def test_a_link_in_place_of_a_result_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """As all files are written, so that no file of someone's is overwritten through a link."""
    kept, link = tmp_path / "kept", tmp_path / "results" / "room.night.mp4"
    kept.write_text("mine")
    link.parent.mkdir()
    link.symlink_to(kept)
    write_bytes(link, b"film")
    assert kept.read_text() == "mine" and link.read_bytes() == b"film" and not link.is_symlink()


def test_what_jobs_say_obeys_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit), job(str(tmp_path / "a.log")) as say:
        say("extracted \x1b]0;title\x07.mp4")
        raise GramflowError("videos.a: \x1b[2Jb.mp4\r is no film")
    said = capsys.readouterr().err
    assert said == (tmp_path / "a.log").read_text()
    first, second = said.splitlines()
    assert first == "extracted \\x1b]0;title\\x07.mp4"
    assert second == "ERROR: videos.a: \\x1b[2Jb.mp4\\r is no film"


def test_every_text_in_a_command_for_a_shell_is_quoted() -> None:
    """`{output:q}`: of the workflow's rules, as the address of a store may hold any text."""
    for file in (ROOT / "workflow/Snakefile", *ROOT.glob("rules/*.smk")):
        for command in re.findall(r"shell:\s*((?:\s*\".*\"\n)+)", file.read_text()):
            assert not re.findall(r"{(?![^}]*:q})", command), f"{file}: {command}"


@pytest.mark.parametrize("page", ["view/page.html", "live/page.html"])
def test_no_text_becomes_a_part_of_a_page(page: str) -> None:
    """Pages make elements and text nodes; what a script tells them cannot end that script."""
    code = (ROOT / "gramflow" / page).read_text()
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", code)
    told = {"name": "</script><script>alert(1)</script>\u2028'\"\\"}
    script = call("finished", told)
    assert script.count(b"\n") == 1 and script.isascii() and script.endswith(b"});\n")
    assert json.loads(script.removeprefix(b"gramflow.finished(").removesuffix(b");\n")) == told


@pytest.mark.parametrize("lock", [path.name for path in ROOT.glob("*.lock")])
def test_every_locked_package_has_one_version_and_a_hash(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    assert len(entries) > 50
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!-]+( ; [^\\]+)? \\\n", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}$", entry), entry
