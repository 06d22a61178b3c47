"""Temporal stability of different looks on real clips: `make bench-temporal`, or clips and looks by
name, such as `python -m benchmarks.temporal sintel temporal`.

Two clips are painted like The Starry Night with the bundled VGG-19 by the workflow itself: two
frames of MPI Sintel (alley_1, 512x218), measured by ground-truth flow outside occlusions, and six
frames of a room filmed by hand, measured by trusted DIS flow (the median of all pairs). The
temporal error is the mean squared difference of values in 0..1 after warping by cubic
interpolation. Loss terms and evaluations (of all sizes together) are those of the last frame.
Prints Markdown tables. Needs a folder of test material that is not part of the project (SHARED).
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from benchmarks.material import SHARED, need
from benchmarks.measures import warping_error
from gramflow.base.arrays import Picture
from gramflow.engine.flows import scaled
from gramflow.media.pictures import from_pixels, read_picture, resize
from gramflow.store.frames import painted_store
from tests.support.project import Project

ROOT = Path(__file__).parents[1]
SINTEL = SHARED / "data/sintel_easy"
TERMS = ("content", "moments")
NO_TERM = {"temporal": {"weight": 0}}
LOOKS: dict[str, dict[str, Any]] = {
    "content": {"start": "content", "evaluations": 120},
    "warped": {"losses": NO_TERM},
    "temporal": {},
}
CLIPS: dict[str, dict[str, Any]] = {
    "sintel": {
        "video": {"path": str(SINTEL / "frame_000[23].png"), "fps": 24},
        "size": {"width": 512, "height": 218},
    },
    "room": {
        "video": {"path": str(SHARED / "data/seed/room.avi"), "end": 0.3},
        "size": {"width": 192},
    },
}


def paint(clip: dict[str, Any], looks: Sequence[str], folder: Path) -> None:
    """Run the workflow in a folder to paint a clip with the looks of these names."""
    config = {
        "weights": "bundled",
        "network": "vgg19",
        "videos": {"clip": clip["video"] | {"cuts": "off"}},
        "styles": {"night": {"images": [str(SHARED / "data/seed/starry_night.jpg")]}},
        "looks": {
            name: {"preset": "standard", **clip["size"], **look} for name, look in LOOKS.items()
        },
        "renders": [{"look": list(looks)}],
        "segment_frames": 3,
    }
    folder.joinpath("config.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "all"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def frames_of(folder: Path, look: str) -> list[dict[str, Any]]:
    """The records' entries for the frames of a look's render."""
    config = yaml.safe_load(folder.joinpath("config.yaml").read_text())
    return Project(folder, config).frames(f"clip.night.{look}")


def ground_truth(width: int, height: int) -> tuple[Any, Any]:
    """Flow from Sintel's second frame into the third at a size, and the mask where it is valid."""
    flow = scaled(cv2.readOpticalFlow(str(SINTEL / "flow_2_to_3.flo")), width, height)
    masks = [
        cv2.imread(str(SINTEL / name), cv2.IMREAD_GRAYSCALE)
        for name in ("occlusion_2_to_3.png", "invalid_2.png")
    ]
    hidden = cv2.resize(np.maximum(*masks), (width, height), interpolation=cv2.INTER_AREA)
    return flow, hidden == 0


def sintel_error(before: Picture, after: Picture) -> float:
    """Temporal error between pictures of Sintel's second and third frame."""
    height, width = before.shape[:2]
    truth, seen = ground_truth(width, height)
    return warping_error(before, after, truth, seen)


def errors_of(clip: str, folder: Path, look: str) -> str:
    """The table's cells of temporal error: for `room` the median, and the error at the segment's
    border relative to the median."""
    if clip == "sintel":
        painted = painted_store(folder / "store")
        pictures = [from_pixels(painted.read(f["key"])) for f in frames_of(folder, look)]
        return f"{sintel_error(*pictures):.5f}"
    report = json.loads((folder / f"results/clip.night.{look}.temporal.json").read_text())
    errors = dict(zip(report["frames"], report["errors"], strict=True))
    # frame 3 begins the second segment
    return f"{report['median']:.5f} | {errors[3] / report['median']:.2f}"


def table(clip: str, looks: Sequence[str], folder: Path) -> None:
    """Print a clip's table."""
    border = " border |" * (clip == "room")
    print(f"\n| {clip} | temporal error |{border} {' | '.join(TERMS)} | evaluations |")
    print("| --- | --- |" + border.replace("border", "---") + " --- |" * (len(TERMS) + 1))
    if clip == "sintel":
        size = CLIPS[clip]["size"]["width"], CLIPS[clip]["size"]["height"]
        films = [resize(read_picture(SINTEL / f"frame_000{n}.png"), *size) for n in (2, 3)]
        print(f"| the film itself | {sintel_error(*films):.5f} |" + " |" * (len(TERMS) + 1))
    for look in looks:
        last = frames_of(folder, look)[-1]
        terms = " | ".join(f"{last['terms'][name]:.4f}" for name in TERMS)
        cells = f"{errors_of(clip, folder, look)} | {terms} | {last['evaluations']}"
        print(f"| {look} | {cells} |", flush=True)


def main() -> None:
    """Paint the clips, each in a temporary folder, and print a table for each."""
    need(SINTEL)
    looks = [name for name in sys.argv[1:] if name in LOOKS] or list(LOOKS)
    for clip in [name for name in sys.argv[1:] if name in CLIPS] or CLIPS:
        folder = Path(tempfile.mkdtemp(prefix=f"bench-temporal-{clip}-"))
        print(f"painting {clip} in {folder}; this takes a while", file=sys.stderr)
        paint(CLIPS[clip], looks, folder)
        table(clip, looks, folder)


if __name__ == "__main__":
    main()
