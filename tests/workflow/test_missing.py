"""A shot that fails for ever: the other films are made, and the page tells what is missing."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.media import write_raw
from tests.support.project import COPYING, Project
from tests.support.tiny import write_style

FRAGILE = COPYING.replace(
    "        return",
    "        if frame.mean() < 0.1:\n            raise ValueError('too dark')\n        return",
)


def shown(project: Project) -> dict[str, Any]:
    """What the page was given of each render, by its name."""
    page = (project.folder / "results/index.html").read_text()
    renders = json.loads(page.split('id="renders">')[1].split("</script>")[0])
    return {render.pop("name"): render for render in renders}


def test_the_other_films_are_made_and_the_page_tells_why_one_is_not(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    frames = random.integers(100, 255, (6, 48, 64, 3), np.uint8)
    write_raw(tmp_path / "day.mkv", list(frames), rate=12)
    write_raw(tmp_path / "dusk.mkv", [*frames[:3], *frames[3:] // 16], rate=12)
    write_style(tmp_path / "red.png", 0)
    (tmp_path / "copying.py").write_text(FRAGILE)
    project = Project(
        tmp_path,
        {
            "weights": "random",
            "plugins": ["copying.py"],
            "videos": {name: {"path": f"{name}.mkv", "cuts": [0.25]} for name in ("day", "dusk")},
            "styles": {"red": {"images": ["red.png"]}},
            "looks": {"default": {"width": 32, "stylizer": "copying"}},
        },
    )
    project.run("--keep-going", "--retries", "0", fails=True)
    assert project.film("day.red")
    assert not (tmp_path / "results/dusk.red.mp4").exists()
    page = shown(project)
    assert (page["day.red"]["waiting"], page["day.red"]["failed"]) == (False, None)
    assert page["dusk.red"]["waiting"]
    assert page["dusk.red"]["failed"] == "stylize: ValueError: too dark"

    (tmp_path / "copying.py").write_text(COPYING)
    project.run()
    assert project.film("dusk.red")
    assert {render["failed"] for render in shown(project).values()} == {None}
