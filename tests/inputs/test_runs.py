"""Odd films and wrong configs in real runs of the workflow."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.inputs.films import PLAIN, Film, by, sound
from tests.inputs.stages import furnish
from tests.inputs.table import RIGHT, Tell
from tests.support.media import decoded
from tests.support.project import COPYING, ROOT, Project

ODD = {
    "variable": Film(
        "variable frame rate",
        by(
            "variable.mkv",
            f"-vf 'setpts=N*3+mod(N*N*517\\,2),settb=1/90' -fps_mode passthrough {PLAIN}",
        ),
    ),
    "pcm": Film("PCM sound, Motion JPEG", sound("pcm_s16le", "pcm.avi")),
    "gif": Film("GIF of 63x47 pixels", by("gif.gif", size="63x47")),
    "one": Film(
        "one frame of 10 bits", by("one.mkv", "-frames:v 1 -c:v ffv1 -pix_fmt yuv420p10le")
    ),
}


def test_odd_films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell) -> None:
    """Painted by a stylizer that copies, with reports and page, beside a film that is text."""
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path)
    Path("copying.py").write_text(COPYING)
    Path("text.mp4").write_text("Dear diary\n")
    paths = {name: film.make() for name, film in ODD.items()} | {"text": "text.mp4"}
    project = Project(
        tmp_path,
        {
            "weights": "random",
            "plugins": ["copying.py"],
            "videos": {name: {"path": path} for name, path in paths.items()},
            "styles": {"night": {"images": ["night.png"]}},
            "looks": {"default": {"width": 64, "stylizer": "copying"}},
        },
        quiet=True,
    )
    run = project.run("--keep-going", fails=True, timeout=3000)
    assert "Traceback" not in run.output
    (line,) = re.findall("ERROR: (.*)", run.output)
    assert line.startswith("videos.text.path: text.mp4 is no film")
    tell("Whole runs", "text named .mp4, beside films that are painted", line)
    for name, film in ODD.items():
        shown = decoded(tmp_path / f"results/{name}.night.mp4")
        assert len(shown) == len(project.manifest(name)["frames"])
        (tmp_path / f"results/{name}.night.temporal.json").read_bytes()
        tell("Whole runs", film.case, RIGHT)
    warnings = set(re.findall("WARNING: (.*)", run.output))
    assert len(warnings) == 1 and "becomes AAC" in warnings.pop()


@pytest.mark.parametrize(
    ("case", "text", "refused"),
    [
        (
            "a config with a key twice",
            "videos: {}\nvideos: {}\n",
            "the key 'videos' is there twice",
        ),
        ("a config with half a letter", b"videos: \xc3\n", "is not text in UTF-8"),
        ("a config that holds itself", "videos: &a {b: *a}\n", "what it is a part of"),
        ("a config without videos", "styles: {a: {images: [b]}}\n", "videos: missing"),
    ],
)
def test_a_wrong_config(
    case: str, text: str | bytes, refused: str, tmp_path: Path, tell: Tell
) -> None:
    """One line after that of the profile, and nothing made."""
    data = text.encode() if isinstance(text, str) else text
    (tmp_path / "config.yaml").write_bytes(data)
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "1"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    lines = [line for line in done.stdout.splitlines() if not line.startswith("Using ")]
    assert len(lines) == 1 and lines[0].startswith("ERROR: ") and refused in lines[0]
    kept = {path.name for path in tmp_path.iterdir()} - {".snakemake"}
    assert kept == {"config.yaml"}
    tell("Whole runs", case, lines[0].removeprefix("ERROR: "))
