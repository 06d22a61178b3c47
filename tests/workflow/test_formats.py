"""Whole runs whose films are not mp4 files: another container, and a folder of frames."""

import json
from pathlib import Path

import numpy as np
import pytest

from gramflow.commands.main import main
from tests.support.media import decoded, times
from tests.support.project import COPYING, Project
from tests.support.studio import facts_of, lights, raw, read_lights, studio_film, write_lights
from tests.support.tiny import write_style


def project_of(folder: Path, video: dict[str, object], encode: dict[str, object]) -> Project:
    """A project whose one film is copied."""
    write_style(folder / "red.png", 0)
    (folder / "copying.py").write_text(COPYING)
    config = {
        "weights": "random",
        "plugins": ["copying.py"],
        "videos": {"clip": video | {"cuts": "off"}},
        "styles": {"red": {"images": ["red.png"]}},
        "looks": {"default": {"width": 64, "stylizer": "copying", "start": "content"}},
        "encode": encode,
    }
    return Project(folder, config)


def test_prores_with_alpha(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The film is a .mov with the source's alpha; the page has a copy that browsers play."""
    shape = "format=yuva444p10le,geq=lum=400+X:cb=512+Y:cr=512-Y:a=16*X"
    options = ("-c:v", "prores_ks", "-profile:v", "4444", "-vf", shape)
    path = studio_film(tmp_path / "clip.mov", *options)
    encode = {"codec": "prores_ks", "pixel_format": "yuva444p10le"}
    project = project_of(tmp_path, {"path": "clip.mov", "alpha": True}, encode)
    project.quiet = True
    assert "results/clip.red.mov" in project.run().output
    film = tmp_path / "results/clip.red.mov"
    before, after = np.array(raw(path)), np.array(raw(film))
    assert np.abs(before[:, 3] - after[:, 3]).max() <= 4  # of 12 bits: one of the 10
    assert times(film) == times(path) and facts_of(film).timecode == "01:02:03:04"
    copy = tmp_path / "results/page/clip.red.film.mp4"
    assert (facts_of(copy).codec, len(decoded(copy))) == ("h264", 6)
    assert '"file": "clip.red.mov"' in (tmp_path / "results/page/clip.red.js").read_text()
    monkeypatch.chdir(tmp_path)
    assert main(["verify"]) == 0


def test_a_folder_of_light(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """OpenEXR in and out; a lost frame of the folder is noticed, and all are written again."""
    written = write_lights(tmp_path / "in", lights())
    project = project_of(tmp_path, {"path": "in/*.exr", "fps": 24}, {"codec": "exr"})
    project.run()
    folder = tmp_path / "results/clip.red.frames"
    found = np.stack(read_lights(folder))
    plain = np.stack(written) >= 1.2e-3
    assert (np.abs(found - written) / written)[plain].max() <= 1e-3
    assert len(decoded(tmp_path / "results/page/clip.red.film.mp4")) == 4
    painted = project.painted()
    assert "Nothing to be done" in project.run("--dry-run").output
    (folder / "000002.exr").unlink()
    project.run()
    assert len(read_lights(folder)) == 4 and project.painted() == painted
    monkeypatch.chdir(tmp_path)
    assert main(["verify"]) == 0
    capsys.readouterr()
    assert main(["show", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["look"] == "default"
