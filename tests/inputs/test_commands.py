"""What the commands say to files and arguments that they cannot use."""

import re
from pathlib import Path

import pytest

from gramflow.commands.main import WRONG_USE, main
from tests.inputs.stages import furnish
from tests.inputs.table import Tell
from tests.support.media import film

PAINT = ["paint", "night.png", "night.png"]
COMMANDS: list[tuple[str, list[str], str]] = [
    # case, arguments, part of the line
    ("paint: no such picture", ["paint", "lost.jpg", "night.png"], "no such file"),
    ("paint: a folder", ["paint", ".", "night.png"], "no such file"),
    (
        "paint: text as a picture",
        ["paint", "text.jpg", "night.png"],
        "neither a picture nor a film",
    ),
    ("paint: text as a film", ["paint", "text.mp4", "night.png"], "neither a picture nor a film"),
    ("paint: text as a style", ["paint", "night.png", "text.jpg"], "not a picture"),
    ("paint: a film as a style", ["paint", "night.png", "clip.mp4"], "not a picture"),
    ("paint: an empty file", ["paint", "empty.png", "night.png"], "neither a picture"),
    ("paint: sound alone", ["paint", "tone.wav", "night.png"], "has no pictures"),
    ("paint: over its source", [*PAINT, "-o", "night.png"], "would replace a source"),
    ("paint: to a folder", [*PAINT, "-o", "folder.png"], "is a folder"),
    ("paint: into no folder", [*PAINT, "-o", "lost/a.png"], "its folder is not there"),
    ("paint: to another kind", [*PAINT, "-o", "a.gif"], "one of .png"),
    (
        "paint: 99999999 pixels wide",
        [*PAINT, "-o", "b.png", "--width", "99999999"],
        "at most 16384",
    ),
    ("paint: 1e19 pixels wide", [*PAINT, "--width", "1e19"], "invalid positive value"),
    ("paint: a setting nobody knows", [*PAINT, "-o", "b.png", "--set", "lok=1"], "unknown key"),
    (
        "paint: a setting without a value",
        [*PAINT, "-o", "b.png", "--set", "width"],
        "and its value",
    ),
    (
        "paint: a setting that is no YAML",
        [*PAINT, "-o", "b.png", "--set", "width=["],
        "is not YAML",
    ),
    ("paint: weights that are text", [*PAINT, "-o", "b.png", "--weights", "text.jpg"], "weights"),
    ("paint: a network nobody knows", [*PAINT, "-o", "b.png", "--network", "vgg"], "network"),
    ("status: no project", ["status", "--configfile", "lost.yaml"], "no such file"),
    ("status: a picture as config", ["status", "--configfile", "night.png"], "UTF-8"),
    ("status: a folder as config", ["status", "--configfile", "folder.png"], "cannot be read"),
    (
        "plan: a film that is text",
        ["plan", "--configfile", "text.yaml"],
        "no film that ffmpeg can read",
    ),
    ("show: text", ["show", "text.mp4"], "no film that can be read"),
    ("show: no such film", ["show", "lost.mp4"], "lost.mp4"),
    (
        "export: a render nobody knows",
        ["export", "x.y", "--frames", "f", "--configfile", "ok.yaml"],
        "x.y",
    ),
    ("preview: to another kind", ["preview", "-o", "a.gif", "--configfile", "ok.yaml"], ".png"),
    (
        "preview: a render nobody knows",
        ["preview", "--render", "x", "--configfile", "ok.yaml"],
        "there is no x",
    ),
    (
        "train: no such picture",
        ["train", "lost.jpg", "--on", "clip.mp4", "-o", "a.onnx"],
        "lost.jpg",
    ),
    ("train: on text", ["train", "night.png", "--on", "text.mp4", "-o", "a.onnx"], "text.mp4"),
    ("live: no such film", ["live", "lost.mp4"], "lost.mp4"),
    ("live: text as a network", ["live", "clip.mp4", "--network", "text.onnx"], "text.onnx"),
    ("run: no project", ["run"], "config.yaml: no such file"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture, a film, text under several names, and two configs."""
    from tests.support.media import make, tone

    root = tmp_path_factory.mktemp("user")
    furnish(root)
    film(root / "clip.mp4", seconds=0.1)
    make(*tone(0.1), str(root / "tone.wav"))
    (root / "folder.png").mkdir()
    (root / "empty.png").touch()
    for name in ("text.jpg", "text.mp4", "text.onnx"):
        (root / name).write_text("Dear diary\n")
    for name, path in (("ok", "clip.mp4"), ("text", "text.mp4")):
        entries = f"videos: {{a: {{path: {path}}}}}\nstyles: {{s: {{images: [night.png]}}}}\n"
        (root / f"{name}.yaml").write_text(f"weights: random\n{entries}")
    return root


@pytest.mark.parametrize(
    ("case", "arguments", "told"), COMMANDS, ids=[case for case, *_ in COMMANDS]
)
def test_a_command(
    case: str,
    arguments: list[str],
    told: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tell: Tell,
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    try:
        status = main(arguments)
    except SystemExit as ended:  # argparse's, which prints the usage first
        status = int(ended.code or 0)
    lines = [
        line for line in capsys.readouterr().err.splitlines() if re.search("(ERROR|error): ", line)
    ]
    assert status == WRONG_USE
    (line,) = lines
    assert told in line
    assert sorted(folder.rglob("*")) == before
    tell("Commands", case, re.sub(".*?(ERROR|error): ", "", line, count=1))
