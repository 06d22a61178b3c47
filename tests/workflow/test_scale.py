"""Five thousand frames through the whole chain, painted by a stylizer that copies them."""

import json
from pathlib import Path

import av
import numpy as np

from tests.support import media
from tests.support.project import COPYING, Project

FRAMES = 5_000


def test_thousands_of_frames(tmp_path: Path):
    """No recursion error, every frame in its place, and a second run without a job."""
    project = Project(
        tmp_path,
        {
            "weights": "random",
            "plugins": ["copying.py"],
            "videos": {"clip": {"path": "clip.mkv"}},
            "styles": {"blocks": {"images": ["style.png"]}},
            "looks": {"default": {"width": 32, "stylizer": "copying"}},
            "segment_frames": 500,
        },
    )
    tmp_path.joinpath("copying.py").write_text(COPYING)
    media.make(
        *["-f", "lavfi", "-i", f"testsrc2=s=32x32:r=25:d={FRAMES // 25}"],
        *["-c:v", "ffv1", media.local(tmp_path / "clip.mkv")],
    )
    media.make(
        *["-f", "lavfi", "-i", "testsrc=s=64x48:d=1"], "-frames:v", "1", str(tmp_path / "style.png")
    )

    first = project.run()
    assert first.output.count("Finished jobid") == len(project.records("clip.blocks")) + 12
    assert len(project.frames("clip.blocks")) == len(project.manifest("clip")["frames"]) == FRAMES
    with av.open(str(tmp_path / "results/clip.blocks.mp4")) as film:
        assert film.streams.video[0].frames == FRAMES
        ends = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)][:: FRAMES - 1]
    with av.open(str(tmp_path / "clip.mkv")) as film:
        source = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)][:: FRAMES - 1]
    for painted, original in zip(ends, source, strict=True):
        assert np.abs(painted.astype(float) - original).mean() < 8
    assert project.run().jobs == 0
    assert len(json.dumps(project.manifest("clip"))) < 1_000_000
