"""Makes the README's pictures in docs/pictures/: `python -m benchmarks.pictures` after `make demo`.

demo.jpg, demo.mp4: frames of the demo's video and of the painted video; the painted video.
styles.jpg: a street drawn by the project, in every bundled style.
looks.jpg: all contents drawn by the project, in every bundled style; a column per style.
settings.jpg: the street in oil, with other values of two settings of the look; a row per setting.
handling.jpg: the street and a portrait by `draft`, and by the presets `broad`, `fine` and `flat`.
intensity.jpg: the street in three styles, at rising intensities.
colours.jpg: a frame of the demo in three styles, by each way to keep the film's colours.
timeline.jpg: a film that turns into a painting, and one that dissolves into another style.
statistics.jpg: two contents, a style each, by other loss terms, poolings and starts.
networks.jpg: a photograph that they have not learnt on, and a frame of the demo, by each network.

Those between are painted by the preset `draft`, with about as few evaluations as the demo.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import cv2
import numpy as np
import yaml
from matplotlib.cbook import get_sample_data
from PIL import Image

import gramflow
from benchmarks.intensity import painted as painted_at
from benchmarks.intensity import painter
from benchmarks.material import DEMO
from benchmarks.steady import Painter
from demo.draw.contents import CONTENTS
from gramflow.base.arrays import Picture, Pixels
from gramflow.bundled import networks
from gramflow.engine.backend import prepare
from gramflow.live import painter as live
from gramflow.media.pictures import read_picture, resize, to_bytes, to_pixels

FILM = DEMO / "seaside.mp4"
PAINTED = DEMO.parent / "results/seaside.oil.mp4"
STYLES = sorted((DEMO / "styles").glob("*.jpg"))
OUT = DEMO.parent / "docs/pictures"
WIDTH, CELL = 256, 192


def frames_of(film: Path) -> list[Pixels]:
    """All frames of a video, (height, width, 3), 8-bit RGB."""
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def sheet(rows: list[list[Pixels]], width: int, name: str) -> None:
    """Write a JPEG sheet of rows of pictures, each resized to `width`.

    All pictures of a row must have the same aspect.
    """
    lines = []
    for row in rows:
        height = round(row[0].shape[0] * width / row[0].shape[1])
        lines.append(
            [cv2.resize(each, (width, height), interpolation=cv2.INTER_AREA) for each in row]
        )
    OUT.mkdir(exist_ok=True)
    image = cv2.cvtColor(np.vstack([np.hstack(line) for line in lines]), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(OUT / name), image, [cv2.IMWRITE_JPEG_QUALITY, 90])


def demo() -> None:
    """Make demo.jpg, every third frame of the demo's video above the painted ones, and demo.mp4."""
    film, painted = frames_of(FILM), frames_of(PAINTED)
    rows = [frames[start::3][:4] for start in (0, 12) for frames in (film, painted)]
    sheet(rows, painted[0].shape[1], "demo.jpg")
    shutil.copyfile(PAINTED, OUT / "demo.mp4")


def painted(frame: Picture, width: int, evaluations: int) -> list[Pixels]:
    """Return the frame at this width, followed by its painted version in each style."""
    height = round(frame.shape[0] * width / frame.shape[1])
    pictures = [resize(frame, width, height)]
    look = {"preset": "draft", "evaluations": evaluations}
    for path in STYLES:
        painter = Painter(path.stem, look, width, height)
        pictures.append(painter.paint(pictures[0])[0].picture)
        print(path.stem, flush=True)
    return [(to_pixels(picture) // 257).astype(np.uint8) for picture in pictures]


def styles() -> None:
    """Make styles.jpg: the street by day in each style."""
    pictures = painted(CONTENTS["day"](), WIDTH, 8)
    sheet([pictures[:4], pictures[4:]], WIDTH, "styles.jpg")


def looks() -> None:
    """Make looks.jpg: all contents drawn by the project, and a frame of the demo's video."""
    film = frames_of(FILM)[6].astype(np.float32) / 255
    contents = *(draw() for draw in CONTENTS.values()), film
    sheet([painted(frame, CELL, 6) for frame in contents], CELL, "looks.jpg")


def settings() -> None:
    """Make settings.jpg: values of `coarsest` above, weights of `content` below."""
    height = WIDTH * 9 // 16
    frame = resize(CONTENTS["day"](), WIDTH, height)
    changes: list[list[dict[str, Any]]] = [
        [{"coarsest": coarsest} for coarsest in (64, 128, WIDTH)],
        [{"losses": {"content": {"weight": weight}}} for weight in (3, 9, 27)],
    ]
    rows = []
    for row in changes:
        looks = ({"preset": "draft", "evaluations": 8} | change for change in row)
        made = [Painter("oil", look, WIDTH, height).paint(frame)[0].picture for look in looks]
        rows.append([(to_pixels(picture) // 257).astype(np.uint8) for picture in made])
    sheet(rows, WIDTH, "settings.jpg")


def colours() -> None:
    """Make colours.jpg: a row for each style, and one of the film at rising strengths."""
    film = frames_of(FILM)[6]
    height = WIDTH * film.shape[0] // film.shape[1]
    rows = []
    for name in ("starry_night", "oil", "mosaic"):
        made = [coloured(film, name, by) for by in WAYS]
        rows.append([cropped(DEMO / f"styles/{name}.jpg", height), *made])
    between = [coloured(film, "oil", "transport", strength) for strength in (0.25, 0.5, 0.75)]
    rows.append([film, rows[1][1], *between, rows[1][-1]])
    sheet(rows, CELL, "colours.jpg")


def handling() -> None:
    """Make handling.jpg: a row for each preset, in a style of its kind, beside `draft`."""
    rows = []
    for preset, style in (("broad", "oil"), ("fine", "hatching"), ("flat", "cut_paper")):
        row = []
        for content in ("day", "portrait"):
            frame = to_bytes(resize(CONTENTS[content](), WIDTH, WIDTH * 9 // 16))
            for look in ("draft", preset):
                settings, path = {"evaluations": 8}, DEMO / f"styles/{style}.jpg"
                row.append(gramflow.paint(frame, path, look=look, width=WIDTH, settings=settings))
        rows.append(row)
        print(preset, flush=True)
    sheet(rows, WIDTH, "handling.jpg")


def intensity() -> None:
    """Make intensity.jpg: a row for each style, a column for each intensity."""
    frame = resize(CONTENTS["day"](), CELL, CELL * 9 // 16)
    rows = []
    for style in ("starry_night", "watercolour", "mosaic"):
        by = painter(style, CELL, {"evaluations": 8})
        made = [painted_at(by, style, frame, step / 5).pixels for step in range(6)]
        rows.append([(pixels // 257).astype(np.uint8) for pixels in made])
        print(style, flush=True)
    sheet(rows, CELL, "intensity.jpg")


WAYS = ("style", "luminance", "covariance", "histogram", "transport")


def coloured(film: Pixels, style: str, by: str, strength: float = 1.0) -> Pixels:
    """Paint a frame. by: a way to keep the film's colours, or "style"."""
    way = {"name": "content", "by": by, "strength": strength}
    painted = gramflow.paint(
        film,
        DEMO / f"styles/{style}.jpg",
        look="draft",
        width=WIDTH,
        settings={"evaluations": 8, "colours": "style" if by == "style" else way},
    )
    print(style, by, strength, flush=True)
    return painted


def cropped(path: Path, height: int) -> Pixels:
    """The middle of a picture, `WIDTH` wide."""
    picture = read_picture(path)
    scale = max(WIDTH / picture.shape[1], height / picture.shape[0])
    picture = resize(picture, *(round(side * scale) for side in picture.shape[1::-1]))
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - WIDTH) // 2
    return to_bytes(picture[top : top + height, left : left + WIDTH])


STATISTICS: list[dict[str, Any]] = [
    {},
    {"losses": {"moments": {"weight": 0}, "deviation": {"weight": 90}}},
    {"losses": {"moments": {"weight": 0}, "histogram": {"weight": 60}}},
    {"losses": {"histogram": {"weight": 20}}},
    {"pooling": "average"},
    {"pooling": "l2"},
    {"opening": "gray"},
    {"opening": "noise"},
    {"opening": "style"},
]
"""Changes of the look that statistics.jpg shows, in the order of its two rows for a content."""


def statistics() -> None:
    """Make statistics.jpg: two rows for each content, which is the first picture."""
    rows = []
    width, height = 160, 90
    for content, style in (("day", "mosaic"), ("night", "oil")):
        frame = resize(CONTENTS[content](), width, height)
        made = [frame]
        for change in STATISTICS:
            look = {"preset": "draft", "evaluations": 4, "coarsest": width // 2} | change
            made.append(Painter(style, look, width, height).paint(frame)[0].picture)
            print(style, change, flush=True)
        small = [(to_pixels(picture) // 257).astype(np.uint8) for picture in made]
        rows += [small[:5], small[5:]]
        sheet(rows, CELL, "statistics.jpg")


def by_networks() -> None:
    """Make networks.jpg, of Grace Hopper (US Navy, public domain) and of the demo."""
    with get_sample_data("grace_hopper.jpg") as file:
        portrait = np.asarray(Image.open(file))[90:400, 0:512]
    painters = [live.Painter(networks.model(name), threads=2) for name in networks.names()]
    rows = []
    for frame in (portrait, frames_of(FILM)[6]):
        height = round(frame.shape[0] * WIDTH / frame.shape[1])
        small = cv2.resize(frame, (WIDTH, height), interpolation=cv2.INTER_AREA)
        rows.append([small, *(painter.paint(small, 1.0) for painter in painters)])
    sheet(rows, WIDTH, "networks.jpg")


TIMELINES = {
    "develop": [{"at": 0, "intensity": 0}, {"at": 0.6, "intensity": 1}],
    "dissolve": [{"at": 0.1, "style": "own"}, {"at": 0.5, "style": "mosaic"}],
}


def timeline(folder: Path | None = None) -> None:
    """Make timeline.jpg: a row of every second frame of a film for each of `TIMELINES`.

    folder: of the project that paints them; a temporary one by default.
    """
    plain = {"preset": "draft", "width": 160, "evaluations": 10}
    config = {
        "weights": "bundled",
        "network": "vgg19",
        "videos": {"seaside": {"path": str(FILM), "end": 0.75}},
        "styles": {
            name: {"images": [str(DEMO / f"styles/{name}.jpg")]} for name in ("oil", "mosaic")
        },
        "looks": {name: plain | {"timeline": entries} for name, entries in TIMELINES.items()},
        "renders": [{"video": "seaside", "style": "oil", "look": list(TIMELINES)}],
    }
    with TemporaryDirectory() as temporary:
        project = folder or Path(temporary)
        project.joinpath("config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        machine = ["--cores", "all", "--resources", "gpu=1"]
        command = [sys.executable, "-m", "snakemake", "-s", str(DEMO.parent / "Snakefile")]
        subprocess.run([*command, *machine], cwd=project, check=True)
        films = [project / f"results/seaside.oil.{name}.mp4" for name in TIMELINES]
        sheet([frames_of(film)[::2] for film in films], CELL, "timeline.jpg")


def main() -> None:
    """Make all pictures, or those that the command line names."""
    prepare(2)
    made = {
        "demo": demo,
        "styles": styles,
        "looks": looks,
        "settings": settings,
        "handling": handling,
        "intensity": intensity,
        "colours": colours,
        "timeline": timeline,
        "statistics": statistics,
        "networks": by_networks,
    }
    for name in sys.argv[1:] or made:
        made[name]()


if __name__ == "__main__":
    main()
