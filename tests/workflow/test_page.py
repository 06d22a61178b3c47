"""The page of a run: its files, and what a person can do with it in a browser."""

import csv
import json
import zipfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gramflow.media.ffmpeg import open_film
from gramflow.media.pictures import read_picture
from gramflow.settings.config import load
from gramflow.store.layout import Layout
from gramflow.view.live import live
from gramflow.view.page import begin
from tests.support.browser import Browser, chromium, needs_chromium
from tests.support.media import decoded, make, textured, times, write_raw
from tests.support.project import Project
from tests.support.tiny import write_style

DIMMING = '''
from gramflow.engine.stylizers import Painted, Stylizer


class Dimming(Stylizer):
    """Darkens each frame, some more than others."""

    name = "dimming"

    def paint(self, frame, neighbours, seed, on_epoch):
        return Painted(frame * (0.7 if seed % 2 else 0.4), 3, [(1, 2.0), (3, 1.0 + seed % 7)])
'''
FRAMES = 6
HOSTILE = """-y "><img src=x onerror=alert(1)> & $x$ 'q' `touch run1`; $(touch run2).png"""
FILM = HOSTILE.replace("png", "mkv")
TITLE = "$(touch run4)`touch run5`;touch run6 <script>alert(1)</script> 'q' \"d\" -y"
LOOK = {"width": 32, "stylizer": "dimming"}


def write_film(path: Path, seed: int, title: str = "") -> None:
    """Six frames of 64x48, a pan of two pixels from frame to frame. title: in its metadata."""
    whole = np.rint(255 * textured(seed, 48, 64)).astype(np.uint8)
    plain = path.with_name("plain.mkv")
    write_raw(plain, [np.roll(whole, 2 * number, 1) for number in range(FRAMES)], rate=12)
    make("-i", str(plain), "-c", "copy", "-metadata", f"title={title}", str(path))
    plain.unlink()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two renders of other videos, styles and looks, with the worst names that are allowed."""
    folder = tmp_path_factory.mktemp("page") / "project"
    folder.mkdir()
    write_film(folder / "clip.mkv", seed=1)
    write_film(folder / FILM, seed=2, title=TITLE)
    for seed, name in enumerate(("red.png", HOSTILE)):
        write_style(folder / name, seed)
    (folder / "dimming.py").write_text(DIMMING)
    project = Project(
        folder,
        {
            "weights": "random",
            "plugins": ["dimming.py"],
            "videos": {"clip": {"path": "clip.mkv"}, "constructor": {"path": FILM}},
            "styles": {"red": {"images": ["red.png"]}, "1e3": {"images": [HOSTILE, "red.png"]}},
            "looks": {"default": LOOK, "x--": LOOK | {"width": 48}},
            "renders": [
                {"video": "clip", "style": "red"},
                {"video": "constructor", "style": "1e3", "look": "x--"},
            ],
        },
    )
    project.run()
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, with its times."""
    return finished.copied(tmp_path / "project")


def told(project: Project, render: str) -> dict[str, Any]:
    """What the page's script tells of a render."""
    script = (project.folder / f"results/page/{render}.js").read_text()
    return json.loads(script.removeprefix("gramflow.finished(").removesuffix(");\n"))


RENDERS = ("clip.red", OTHER := "constructor.1e3.x--")


@pytest.mark.parametrize("render", RENDERS)
def test_a_render_has_all_that_the_page_shows(finished: Project, render: str) -> None:
    results = finished.folder / "results"
    film, source = results / f"{render}.mp4", results / f"page/{render}.source.mp4"
    assert times(source) == times(film) and len(times(film)) == FRAMES
    assert decoded(source)[0].shape == decoded(film)[0].shape
    width, height = finished.plan(render).size
    assert read_picture(results / f"page/{render}.jpg").shape == (2 * height, width, 3)
    assert read_picture(results / f"{render}.sheet.jpg").shape[1] > 6 * 100
    assert not list(results.glob("page/*.live.js"))


def test_the_source_is_what_was_painted_from(finished: Project) -> None:
    results = finished.folder / "results"
    source, film = decoded(results / "page/clip.red.source.mp4"), decoded(results / "clip.red.mp4")
    ratios = [after.mean() / before.mean() for before, after in zip(source, film, strict=True)]
    assert all(min(abs(ratio - 0.7), abs(ratio - 0.4)) < 0.06 for ratio in ratios)


def test_what_is_told_of_a_render(finished: Project) -> None:
    data, frames = told(finished, "clip.red"), finished.frames("clip.red")
    assert (data["video"], data["style"], data["look"]) == ("clip", "red", "default")
    assert data["frames"] == FRAMES and data["length"] == pytest.approx(0.5)
    assert data["evaluations"] == sum(frame["evaluations"] for frame in frames) == 3 * FRAMES
    assert data["seconds"] == pytest.approx(sum(frame["seconds"] for frame in frames), abs=0.06)
    assert data["weights"]["source"] == "random" and data["settings"]["width"] == 32
    assert data["loss"]["along"] == [[n, frame["losses"][-1][1]] for n, frame in enumerate(frames)]
    report = json.loads((finished.folder / "results/clip.red.temporal.json").read_text())
    assert report["flagged"] and dict(map(tuple, _texts(data))) == report["flagged"]
    assert told(finished, OTHER)["pictures"][0][0] == HOSTILE


def test_no_text_of_a_stranger_is_a_command(finished: Project) -> None:
    """Names of films and pictures, and a film's title, which its painting has, too."""
    assert not list(finished.folder.rglob("run?"))
    film = finished.folder / f"results/{OTHER}.mp4"
    assert open_film(film).metadata["title"] == TITLE
    for script in finished.folder.glob("results/page/*.js"):
        assert script.read_text().isascii()  # one line of JSON: no text can end it
        assert script.read_text().count("\n") == 1


def _texts(data: dict[str, Any]) -> list[list[Any]]:
    return [[str(number), reasons] for number, reasons in data["steadiness"]["flagged"]]


def test_the_losses_are_a_table(finished: Project) -> None:
    with (finished.folder / "results/clip.red.loss.csv").open() as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert rows == [
        {"frame": frame["frame"], "evaluations": count, "loss": loss}
        for frame in finished.frames("clip.red")
        for count, loss in frame["losses"]
    ]


def test_only_what_is_lost_is_made_again(project: Project) -> None:
    """A lost sheet: a request, the render's part of the page, and the page."""
    kept = project.folder / f"results/page/{OTHER}.js"
    before, sheet = kept.stat().st_mtime_ns, project.folder / "results/clip.red.sheet.jpg"
    sheet.unlink()
    assert project.run().jobs == 3
    assert sheet.is_file() and kept.stat().st_mtime_ns == before
    assert project.run().jobs == 0


def test_the_page_is_there_from_the_start(project: Project) -> None:
    """Of a run that makes one film only, with what is still to come; the next one finishes it."""
    results = project.folder / "results"
    (results / "page/clip.red.js").unlink()
    (results / "clip.red.mp4").unlink()
    project.run("--", "results/clip.red.mp4")
    renders = json.loads(
        (results / "index.html").read_text().split('id="renders">')[1].split("</script>")[0]
    )
    assert [(each["name"], each["waiting"]) for each in renders] == [
        ("clip.red", True),
        (OTHER, False),
    ]
    assert [path.name for path in results.glob("page/*.live.js")] == ["clip.red.live.js"]
    project.run()
    assert '"waiting": true' not in (results / "index.html").read_text()
    assert not list(results.glob("page/*.live.js"))


def test_other_renders_make_another_page(project: Project) -> None:
    """Also an edited one is made again, and nothing else."""
    project.config["renders"] = [{"video": "clip", "style": "red"}]
    assert project.run().jobs == 1
    page = (project.folder / "results/index.html").read_text()
    assert "clip.red" in page and "constructor" not in page.split('id="renders"')[1][:200]
    assert project.run().jobs == 0


def test_a_film_that_browsers_cannot_play_gets_a_copy(finished: Project) -> None:
    wanted = finished.run("--dry-run", "--config", "encode={pixel_format: yuv444p}").output
    assert all(f"results/page/{render}.film.mp4" in wanted for render in RENDERS)


def test_the_report_plays_films(finished: Project, tmp_path: Path) -> None:
    finished.run("--report", str(tmp_path / "report.zip"))
    with zipfile.ZipFile(tmp_path / "report.zip") as file:
        names = {Path(name).name: name for name in file.namelist()}
        file.extractall(tmp_path)
    assert {f"{render}.{kind}" for render in RENDERS for kind in ("mp4", "sheet.jpg")} <= {*names}
    page = (tmp_path / "report/report.html").read_text()
    assert page.count("<video") == len(RENDERS) and '"look": "x--"' in page
    for render in RENDERS:
        assert names[f"{render}.mp4"].removeprefix("report/") in page


# -- in a browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as window:
        yield window


def number(browser: Browser) -> int:
    """The frame that the page says it shows; and both films are in the middle of it."""
    said = int(browser.run("document.querySelector('.scrub input').value"))
    browser.wait(
        lambda: all(
            abs(at - (said + 0.5) / 12) < 0.02
            for at in browser.run("[...document.querySelectorAll('video')].map(v => v.currentTime)")
        )
    )
    return said


@needs_chromium
@pytest.mark.parametrize("width", [1280, 390])
def test_the_grid_leads_to_each_film(finished: Project, browser: Browser, width: int) -> None:
    page = finished.folder / "results/index.html"
    browser.open(page, width=width)
    browser.wait(lambda: len(browser.all(".card img.over")) == len(RENDERS))
    assert all(image.get_attribute("alt") for image in browser.all(".card img:not(.over)"))
    for render in RENDERS:
        browser.open(page, f"#{render}", width)
        browser.wait(lambda: browser.run("document.querySelector('video')?.readyState") == 4)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.all("#view h1")[0].text.startswith(render.split(".")[0])
    assert HOSTILE in browser.all(".pictures")[0].text
    assert not browser.errors


@needs_chromium
def test_the_divider_is_dragged_and_moved_by_keys(finished: Project, browser: Browser) -> None:
    from selenium.webdriver import ActionChains

    browser.open(finished.folder / "results/index.html", "#clip.red")
    divider = browser.one("[role=slider]")

    def at() -> int:
        return int(divider.get_attribute("aria-valuenow"))

    middle = browser.run("document.querySelector('.divider').getBoundingClientRect().left")
    assert at() == 50
    ActionChains(browser.driver).drag_and_drop_by_offset(divider, 80, 0).perform()
    assert at() > 60
    moved = browser.run("document.querySelector('.divider').getBoundingClientRect().left")
    assert moved == pytest.approx(middle + 80, abs=2)
    browser.press("\ue012")  # arrow to the left; the divider has the focus
    dragged = at()
    browser.press("\ue012", "\ue012")
    assert at() == dragged - 4
    browser.press("\ue011")  # home
    assert at() == 0 and divider.get_attribute("aria-valuetext") == "0 % source, 100 % painted"
    assert not browser.errors


@needs_chromium
def test_keys_step_frames(finished: Project, browser: Browser) -> None:
    browser.open(finished.folder / "results/index.html", "#clip.red")
    browser.wait(lambda: browser.run("document.querySelector('video')?.readyState") == 4)
    browser.press(".", ".", ".")
    assert number(browser) == 3
    browser.press(",")
    assert number(browser) == 2
    browser.press(" ")
    browser.wait(lambda: not browser.run("document.querySelector('video').paused"))
    browser.wait(lambda: not browser.run("document.querySelector('video.source').paused"))
    browser.press(" ")
    browser.wait(lambda: browser.run("document.querySelector('video').paused"))
    browser.press("\ue00c")  # escape
    browser.wait(lambda: browser.all(".card")[0].is_displayed())
    assert not browser.errors


@needs_chromium
def test_flagged_frames_are_links(finished: Project, browser: Browser) -> None:
    browser.open(finished.folder / "results/index.html", "#clip.red")
    flagged, reasons = told(finished, "clip.red")["steadiness"]["flagged"][-1]
    browser.wait(lambda: browser.all(".flagged li"))
    last = browser.all(".flagged li")[-1]
    assert reasons[0] in last.text
    last.find_element("css selector", "a").click()
    assert number(browser) == flagged
    assert not browser.errors


@needs_chromium
def test_light_and_dark(finished: Project, browser: Browser) -> None:
    browser.open(finished.folder / "results/index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = browser.run(ground)
    browser.one("#theme").click()
    assert browser.run(ground) != before
    browser.one("#theme").click()
    assert browser.run(ground) == before


@needs_chromium
def test_a_film_can_be_watched_growing(project: Project, browser: Browser) -> None:
    """From waiting over its newest frame to the finished film, without loading the page anew."""
    results = project.folder / "results"
    page = results / "page"
    data = page / "clip.red.js"
    finished = data.read_bytes()
    data.unlink()
    with chdir(project.folder):
        config = load(project.config)
        layout, render = Layout(config), config.renders["clip.red"]
        begin(config, ["clip.red"])
        show = live(config, render, Path(layout.plan(render)))
    browser.open(results / "index.html")
    browser.wait(lambda: "Waits" in browser.all(".card")[0].text)
    assert "1 still to come" in browser.one("#summary").text
    with chdir(project.folder):
        show(4, np.full((24, 32, 3), 0.9, np.float32), np.zeros((24, 32, 3), np.float32))
    browser.wait(lambda: "painting: 6 of 6" in browser.all(".card")[0].text)
    browser.all(".card")[0].click()
    browser.wait(lambda: "Frame 4" in browser.one("[role=status]").text)
    assert not browser.errors
    data.write_bytes(finished)
    (page / "clip.red.live.js").unlink()
    browser.wait(lambda: browser.all("video"))
    assert "still to come" not in browser.one("#summary").text
