"""The README's pictures: `python -m benchmarks.pictures` after `make demo`, into docs/pictures/.

demo.jpg and demo.mp4: the film that `make demo` made, beside the one that it was made from.
styles.jpg: a street that the project drew, in every style that comes along.
"""

import shutil
import sys
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.material import DEMO
from benchmarks.steady import Painter
from demo.draw.contents import CONTENTS
from gramflow.arrays import Pixels
from gramflow.engine.device import prepare
from gramflow.media.pictures import resize, to_pixels

FILM = DEMO / "seaside.mp4"
PAINTED = DEMO.parent / "results/seaside.oil.mp4"
STYLES = sorted((DEMO / "styles").glob("*.jpg"))
OUT = DEMO.parent / "docs/pictures"
LOOK = {"preset": "draft", "evaluations": 8}
CONTENT, WIDTH = "day", 256


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
    film, painted = frames_of(FILM), frames_of(PAINTED)
    height, width = painted[0].shape[:2]
    rows = [frames[start::3][:4] for start in (0, 12) for frames in (film, painted)]
    sheet(rows, (width, height), "demo.jpg")
    shutil.copyfile(PAINTED, OUT / "demo.mp4")


def styles() -> None:
    """A drawn content, and what becomes of it in each style."""
    prepare(2)
    drawn = CONTENTS[CONTENT]()
    height = round(drawn.shape[0] * WIDTH / drawn.shape[1])
    frame = resize(drawn, WIDTH, height)
    pictures = [frame]
    for path in STYLES:
        painter = Painter(path.stem, LOOK, WIDTH, height)
        pictures.append(painter.paint(frame)[0].picture)
        print(path.stem, flush=True)
    pixels = [(to_pixels(picture) // 257).astype(np.uint8) for picture in pictures]
    sheet([pixels[:4], pixels[4:]], (WIDTH, height), "styles.jpg")


def main() -> None:
    """Make them all, or those that are named."""
    made = {"demo": demo, "styles": styles}
    for name in sys.argv[1:] or made:
        made[name]()


if __name__ == "__main__":
    main()
