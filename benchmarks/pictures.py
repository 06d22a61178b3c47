"""The README's pictures: `python -m benchmarks.pictures` after `make demo`, into docs/pictures/.

demo.jpg and demo.mp4: the film that `make demo` made, beside the one that it was made from.
styles.jpg: a frame of the demo's film in every style that comes along, by the workflow itself.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np
import yaml

from gramflow.arrays import Pixels

ROOT = Path(__file__).parents[1]
FILM = ROOT / "demo/seaside.mp4"
PAINTED = ROOT / "results/seaside.oil.mp4"
STYLES = sorted((ROOT / "demo/styles").glob("*.jpg"))
OUT = ROOT / "docs/pictures"
LOOK = {"preset": "draft", "width": 256}
FRAME = 6  # of the film, in every style


def frames_of(film: Path) -> list[Pixels]:
    """All frames of a film, RGB."""
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def sheet(rows: list[list[Pixels]], size: tuple[int, int], name: str) -> None:
    """Write pictures in rows, each of this width and height."""
    lines = [
        np.hstack([cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in row])
        for row in rows
    ]
    OUT.mkdir(exist_ok=True)
    image = cv2.cvtColor(np.vstack(lines), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(OUT / name), image, [cv2.IMWRITE_JPEG_QUALITY, 90])


def demo() -> None:
    """Every third frame of the demo's film, above the painted ones, and the painted film."""
    rows = [
        film[start::3][:4] for start in (0, 12) for film in (frames_of(FILM), frames_of(PAINTED))
    ]
    sheet(rows, (320, 180), "demo.jpg")
    shutil.copyfile(PAINTED, OUT / "demo.mp4")


def styles() -> None:
    """One frame, and what becomes of it in each style."""
    frame = frames_of(FILM)[FRAME]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cv2.imwrite(str(folder / "frame.png"), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        config = {
            "network": "vgg19",
            "weights": "bundled",
            "videos": {"frame": {"path": "*.png", "fps": 1}},
            "styles": {path.stem: {"images": [str(path)]} for path in STYLES},
            "looks": {"default": LOOK},
        }
        folder.joinpath("config.yaml").write_text(yaml.safe_dump(config))
        command = ["-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "all"]
        subprocess.run([sys.executable, *command], cwd=folder, check=True)
        painted = [frames_of(folder / f"results/frame.{path.stem}.mp4")[0] for path in STYLES]
    pictures = [frame, *painted]
    sheet([pictures[:4], pictures[4:]], (320, 180), "styles.jpg")


def main() -> None:
    """Make them all, or those that are named."""
    for name in sys.argv[1:] or ("demo", "styles"):
        {"demo": demo, "styles": styles}[name]()


if __name__ == "__main__":
    main()
