"""What was odd about the numbers of a frame is told by the run and by the report on the film."""

import json
from pathlib import Path

import cv2
import numpy as np

from tests.support import media
from tests.support.project import Project
from tests.support.tiny import QUICK, write_style


def test_a_frame_of_one_colour_is_flagged(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    frames = [random.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(3)]
    frames[1][:] = 0
    media.write_raw(tmp_path / "clip.mkv", frames, rate=12)
    write_style(tmp_path / "red.png", 0)
    cv2.imwrite(str(tmp_path / "blank.png"), np.full((48, 64, 3), 90, np.uint8))
    project = Project(
        tmp_path,
        {
            "weights": "random",
            "videos": {"clip": {"path": "clip.mkv", "cuts": "off"}},
            "styles": {name: {"images": [f"{name}.png"]} for name in ("red", "blank")},
            "looks": {"default": QUICK},
        },
    )
    run = project.run()
    for style in ("red", "blank"):
        report = json.loads((tmp_path / f"results/clip.{style}.temporal.json").read_text())
        assert report["flagged"]["1"][-1] == "The frame has one colour."
        assert "WARNING: clip." + style in run.output.replace("  ", " ")
