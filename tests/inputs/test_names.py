"""Names of files and of entries: any file name works in a real run, or is refused by the config."""

import unicodedata
from pathlib import Path

import pytest

from gramflow.base.errors import GramflowError
from gramflow.settings.config import load
from tests.inputs.table import RIGHT, Tell
from tests.support.media import decoded, film, pictures
from tests.support.project import COPYING, Project

FILES = {
    "spaces": "a b  c.mp4",
    "a space in front": " a.mp4",
    "quotes": 'it\'s "so".mp4',
    "percent": "100%d%%.mp4",
    "a star that is no pattern": "a*.mp4",
    "brackets and a question mark": "[1]?.mp4",
    "semicolon, ampersand, bar": "a;b&c|d.mp4",
    "dollar and backticks": "$HOME $(id) `id`.mp4",
    "backslash": "a\\nb.mp4",
    "parentheses, hash, comma, equals": "(a)#b,c=d.mp4",
    "a dash in front": "-i.mp4",
    "a tilde in front": "~a.mp4",
    "a colon": "file:a.mp4",
    "one brace": "a{b.mp4",
    "a line break": "a\nb.mp4",
    "a tab": "a\tb.mp4",
    "accents, composed": unicodedata.normalize("NFC", "é.mp4"),
    "accents, decomposed": unicodedata.normalize("NFD", "é.mp4"),
    "other scripts and an emoji": "映画 فيلم 🎬.mp4",
    "200 letters": f"{'x' * 200}.mp4",
    "hidden": ".a.mp4",
    "no suffix": "film",
    "several dots": "a.b.c.mp4",
    "con, which Windows reserves": "con.mp4",
    "case 1": "Room.mp4",
    "case 2": "room.mp4",
}


def test_file_names(tmp_path: Path, tell: Tell) -> None:
    """One run that probes and extracts all of them; the last is painted, too."""
    made = film(tmp_path / "made.mp4", seconds=0.08).read_bytes()
    frames = len(decoded(tmp_path / "made.mp4"))
    pictures(tmp_path, 1)[0].rename(tmp_path / "it's [a] $style;.png")
    (tmp_path / "copying.py").write_text(COPYING)
    for name in FILES.values():
        (tmp_path / name).write_bytes(made)
    videos = {f"v{number}": {"path": name} for number, name in enumerate(FILES.values())}
    # a video, a style and a look of one name, which is a device's on Windows
    videos["con"] = {"path": "made.mp4"}
    project = Project(
        tmp_path,
        {
            "weights": "random",
            "plugins": ["copying.py"],
            "videos": videos,
            "styles": {"con": {"images": ["it's [a] $style;.png"]}},
            "looks": {"con": {"width": 64, "stylizer": "copying"}},
            "renders": [{"look": "con"}],
        },
        quiet=True,
    )
    project.run("--until", "extract", timeout=1800)
    for number, case in enumerate(FILES):
        assert len(project.manifest(f"v{number}")["frames"]) == frames
        tell("Names", f"a film's file: {case}", RIGHT)
    project.run("--", "results/con.con.con.mp4", timeout=1800)
    assert project.film("con.con.con")
    tell("Names", "a video, a style and a look of one name", RIGHT)
    tell("Names", "a style's file: quotes, brackets, dollar, semicolon", RIGHT)


REFUSED: list[tuple[str, dict[str, object], str]] = [
    (
        "a film's file: braces",
        {"videos": {"a": {"path": "{a}.mp4"}}},
        "takes braces for a wildcard",
    ),
    ("a film's file: 300 letters", {"videos": {"a": {"path": "x" * 300}}}, "no such file"),
    ("a film's file: ..", {"videos": {"a": {"path": ".."}}}, "is a folder"),
    ("a film's file: /dev/null", {"videos": {"a": {"path": "/dev/null"}}}, "no such file"),
    ("a film's file: a home's ~", {"videos": {"a": {"path": "~/lost.mp4"}}}, "no such file"),
    (
        "a film's file: file://",
        {"videos": {"a": {"path": "file:///a.mp4"}}},
        "not a kind of stream",
    ),
    ("a film's file: half a surrogate pair", {"videos": {"a": {"path": "\ud800"}}}, "not in UTF-8"),
    *(
        (f"a video called {name!r}"[:40], {"videos": {name: {"path": "a.mp4"}}}, "file names")
        for name in ("..", ".", "a/b", "a b", "-a", "a.b", "{a}", "a*", "é", "a\n", "$a", "x" * 65)
    ),
    ("a video called true", {"videos": {True: {"path": "a.mp4"}}}, "in quotes"),
    (
        "two styles whose names differ by case only",
        {"styles": {"Night": {"images": ["a.png"]}, "night": {"images": ["a.png"]}}},
        "by case only",
    ),
]


@pytest.mark.parametrize(
    ("case", "entries", "refused"), REFUSED, ids=[case for case, *_ in REFUSED]
)
def test_names_that_are_refused(
    case: str,
    entries: dict[str, object],
    refused: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.mp4", "a.png", "{a}.mp4"):
        Path(name).touch()
    whole = {"videos": {"a": {"path": "a.mp4"}}, "styles": {"s": {"images": ["a.png"]}}}
    with pytest.raises(GramflowError, match=refused) as raised:
        load(whole | entries)
    line = str(raised.value)
    assert len(line.splitlines()) == 1 and line.isprintable()
    tell("Names", case, line)
