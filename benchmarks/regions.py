"""A film with a masked figure: `python -m benchmarks regions [FOLDER]`.

Paints 44 frames of the demo's street, in which a woman walks, in The Starry Night, in the style of
a mosaic, and with the woman in mosaic and the rest in The Starry Night, by masks of her that are
drawn with the frames. Prints the temporal error of these films, for the woman and the ground: the
mean squared difference of a frame from the one before it, warped along the film's motion, where
that can be trusted. Writes docs/pictures/regions.jpg, every sixth frame, and regions.mp4.

FOLDER: a project that is kept, so that a second run goes on; by default a temporary one.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import yaml

from benchmarks.material import DEMO
from benchmarks.pictures import OUT, frames_of, sheet
from demo.draw.canvas import pixels, shrink
from demo.draw.film import FPS, SCALE
from demo.draw.street import street, woman
from gramflow.base.arrays import Picture
from gramflow.engine.flows import DIS, scaled, warp
from gramflow.engine.trust import match
from gramflow.media.pictures import from_pixels, read_picture, resize
from gramflow.store.frames import painted_store
from tests.support import media
from tests.support.project import ROOT, Project

FRAMES = 44
CONFIG = {
    "network": "vgg19",
    "weights": "bundled",
    "videos": {"street": {"path": "street.mkv", "masks": {"woman": "masks/*.png"}}},
    "styles": {
        name: {"images": [str(DEMO / f"styles/{name}.jpg")]} for name in ("starry_night", "mosaic")
    },
    "looks": {
        "default": {"preset": "draft"},
        "two": {"preset": "draft", "regions": {"woman": {"style": "mosaic"}}},
    },
    "renders": [{"style": "starry_night", "look": ["default", "two"]}, {"style": "mosaic"}],
}
RENDERS = {
    "The Starry Night": "street.starry_night",
    "mosaic": "street.mosaic",
    "the woman in mosaic, the rest in The Starry Night": "street.starry_night.two",
}


def write_film(folder: Path) -> None:
    """Draw street.mkv, without loss, and masks/."""
    place, frames = street(), []
    folder.joinpath("masks").mkdir(exist_ok=True)
    for number in range(FRAMES):
        walk, phase = 230 + 18 * number, 0.11 * number
        frames.append(pixels(shrink(place.seen(2.4 * number + 10, walk, phase), SCALE)))
        mask = pixels(shrink(woman(walk, phase)[..., None].repeat(3, -1), SCALE))
        cv2.imwrite(str(folder / f"masks/{number:03d}.png"), mask[..., 0])
    media.write_raw(folder / "street.mkv", frames, rate=FPS)


def errors(project: Project, render: str) -> dict[str, float]:
    """Temporal error of a render's woman and ground, and of the whole film."""
    store, flow = painted_store(project.folder / "store"), DIS(DIS.Settings())
    painted = [from_pixels(store.read(each["key"])) for each in project.frames(render)]
    height, width = painted[0].shape[:2]
    film = [frame.astype(np.float32) / 255 for frame in frames_of(project.folder / "street.mkv")]
    sums: dict[str, list[float]] = {}
    for number in range(1, FRAMES):
        found = match(flow, film[number], film[number - 1])
        trust = resize(found.trust, width, height)
        before = warp(painted[number - 1], scaled(found.flow, width, height))
        difference = np.square(painted[number] - before).mean(-1)
        mask = mask_of(project.folder, number, width, height)
        for name, share in (("woman", mask), ("ground", 1 - mask), ("film", np.ones_like(mask))):
            total = sums.setdefault(name, [0.0, 0.0])
            total[0] += float((share * trust * difference).sum())
            total[1] += float((share * trust).sum())
    return {name: above / below for name, (above, below) in sums.items()}


def mask_of(folder: Path, number: int, width: int, height: int) -> Picture:
    """The woman's mask in a frame, (height, width), 0..1."""
    return resize(read_picture(folder / f"masks/{number:03d}.png")[..., 0], width, height)


def main(folder: str = "") -> None:
    """Paint both films, and print the table."""
    place = Path(folder or tempfile.mkdtemp(prefix="bench-regions-"))
    place.mkdir(exist_ok=True)
    if not (place / "street.mkv").is_file():
        write_film(place)
    place.joinpath("config.yaml").write_text(yaml.safe_dump(CONFIG))
    print(f"painting in {place}; this takes a while", file=sys.stderr)
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "all"]
    subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
    project = Project(place, json.loads(json.dumps(CONFIG)))
    print("| | woman | ground | film |\n| --- | --- | --- | --- |")
    for name, render in RENDERS.items():
        found = errors(project, render)
        cells = " | ".join(f"{found[part]:.5f}" for part in ("woman", "ground", "film"))
        print(f"| {name} | {cells} |", flush=True)
    film = place / f"results/{render}.mp4"
    frames = frames_of(film)[::6]
    sheet([frames[:4], frames[4:8]], frames[0].shape[1], "regions.jpg")
    OUT.joinpath("regions.mp4").write_bytes(film.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
