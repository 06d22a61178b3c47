"""The plugins of docs/plugins.md, as a reader would try them."""

import subprocess
import sys
from contextlib import chdir
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from gramflow.base.arrays import luminance
from gramflow.film.masks import Mask
from gramflow.media.pictures import from_pixels, resize
from gramflow.settings.config import load
from gramflow.store.frames import extracted_store, mask_store, painted_store, read_mask
from gramflow.store.layout import Layout
from tests.support.media import film, pictures
from tests.support.page import blocks, write_plugins
from tests.support.project import Project
from tests.support.tiny import write_style


def make_project(folder: Path) -> Project:
    """The page's files and config, with one film and looks that are painted fast."""
    film(folder / "room.mp4", seconds=0.1)
    pictures(folder, 1)
    write_style(folder / "day.jpg", 1)
    write_plugins(folder)
    config: dict[str, Any] = {
        "weights": "random",
        "plugins": [],
        "videos": {"room": {"path": "room.mp4"}},
        "styles": {"night": {"images": ["1.png"]}},
        "looks": {},
    }
    for entries in map(yaml.safe_load, blocks("yaml")):
        config["plugins"] += entries["plugins"]
        config["styles"] |= entries.get("styles", {})
        config["videos"] |= entries.get("videos", {})
        for look, changes in entries.get("looks", {}).items():
            config["looks"].setdefault(look, {}).update(changes)
    for look in config["looks"].values():
        look |= {"width": 32, "evaluations": 3, "start": look.get("start", "content")}
    config["renders"] = [{"style": "night", "look": list(config["looks"])}]
    return Project(folder, config)


def test_the_mask_of_the_page_is_of_its_region(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.config["videos"]["room"]["masks"]["sky"] |= {"over": 0.5, "soft": 0}
    project.command()
    with chdir(tmp_path):
        path = Layout(load(project.config)).mask("room", "sky")
    project.run(path)
    store = mask_store(tmp_path / "store")
    extracted = extracted_store(tmp_path / "store")
    keys = zip(project.manifest("room")["frames"], Mask.load(tmp_path / path).frames, strict=True)
    for frame, mask in keys:
        light = luminance(from_pixels(extracted.read(frame))) > 0.5
        assert (read_mask(store, mask) == light).all() and 0 < light.mean() < 1


def test_the_page_works(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    project.run()
    for frame in project.frames("room.night"):
        assert frame["terms"].keys() == {"content", "statistics", "gamut", "tv"}
        assert frame["evaluations"] == 3
        assert 0 < frame["losses"][-1][1] < frame["losses"][0][1]
    assert_each_frame_has_its_own_settings(project)
    for look in ("plain", "panned", "faded", "taught"):
        assert [frame["evaluations"] for frame in project.frames(f"room.night.{look}")] == [0] * 3

    assert_the_films_colours(project)

    painted, plain = project.painted(), project.records("room.night.plain")
    file = tmp_path / "my_loss.py"
    file.write_text(file.read_text().replace("return squared", "return 2 * squared"))
    project.run()
    assert not any(frame["reused"] for frame in project.frames("room.night"))
    assert set(project.painted()) > set(painted)
    # a look without the edited file is left alone
    assert project.records("room.night.plain") == plain


def assert_the_films_colours(project: Project) -> None:
    """Of the look that keeps them: all channels differ from the film by the same."""
    painted = painted_store(project.folder / "store")
    extracted = extracted_store(project.folder / "store")
    sources, frames = project.manifest("room")["frames"], project.frames("room.night.coloured")
    keys = zip(sources, frames, strict=True)
    for source, frame in keys:
        picture = from_pixels(painted.read(frame["key"]))
        film = resize(from_pixels(extracted.read(source)), *picture.shape[1::-1])
        change = (picture - film)[((picture > 0) & (picture < 1)).all(-1)]
        difference = np.ptp(change, axis=-1).max()
        assert difference < 1 / 255 and np.abs(change).mean() > 20 * difference


def assert_each_frame_has_its_own_settings(project: Project) -> None:
    """Of the look that fades: each frame as far as its time says."""
    painted = painted_store(project.folder / "store")
    pictures = [
        [from_pixels(painted.read(frame["key"])) for frame in project.frames(f"room.night{look}")]
        for look in (".plain", ".faded")
    ]
    manifest = project.manifest("room")
    unit = float(Fraction(manifest["time_base"]))
    for time, plain, faded in zip(manifest["times"], *pictures, strict=True):
        share = (time - manifest["origin"]) * unit / 2
        assert np.abs(plain + share * (1 - 2 * plain) - faded).max() < 1e-4
    assert share > 0.02


def test_the_command_lists_them(tmp_path: Path) -> None:
    make_project(tmp_path).command()
    done = subprocess.run(
        [Path(sys.executable).with_name("gramflow"), "plugins"],
        cwd=tmp_path,
        env={"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    for text in (
        "statistics",
        "least deviation",
        "copying",
        "The frame as it is.",
        "momentum",
        "pan",
        "film",
    ):
        assert text in done.stdout


FAILING = '''
from gramflow.engine.stylizers import Painted, Stylizer
from gramflow.base.errors import GramflowError


class Failing(Stylizer):
    """Gives the first frame back, and fails at the second."""

    name = "failing"
    painted = 0

    def paint(self, frame, neighbours, seed, on_epoch):
        if self.painted:
            raise GramflowError("out of paint")
        self.painted += 1
        return Painted(frame)
'''


def test_a_frame_on_its_way_is_kept_when_the_next_fails(tmp_path: Path) -> None:
    """And the error is the log's last line."""
    film(tmp_path / "room.mp4", seconds=0.1)
    pictures(tmp_path, 1)
    (tmp_path / "failing.py").write_text(FAILING)
    config: dict[str, Any] = {
        "weights": "random",
        "plugins": ["failing.py"],
        "videos": {"room": {"path": "room.mp4"}},
        "styles": {"night": {"images": ["1.png"]}},
        "looks": {"default": {"width": 1600, "stylizer": "failing", "start": "content"}},
    }
    project = Project(tmp_path, config)
    project.run(fails=True)
    assert len(project.painted()) == 1
    (log,) = tmp_path.glob("logs/stylize/**/*.log")
    lines = log.read_text().splitlines()
    assert lines[-1] == "ERROR: out of paint"
    assert "frame 1/3, 0 evaluations" in lines[-2]
