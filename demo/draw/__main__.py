"""Draws the demo's film and style pictures: `python -m demo.draw`, or `... contents FOLDER`.

Both are committed, so nobody needs to run this; it documents that they are the project's own work.
The contents, test pictures to judge looks by, are only written on demand.
"""

import sys
from importlib import import_module
from pathlib import Path

import cv2

from demo.draw import contents, film
from demo.draw.canvas import Array, pixels

HERE = Path(__file__).parents[1]
STYLES = ("cut_paper", "hatching", "ink", "mosaic", "oil", "watercolour")
QUALITY = 88


def save(picture: Array, path: Path) -> None:
    """Write a picture in the format of the name's suffix; JPEG in QUALITY."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = cv2.cvtColor(pixels(picture), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(path), shown, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(path)


def main(arguments: list[str]) -> None:
    """Write demo/seaside.mp4 and demo/styles/, or the contents into a folder."""
    match arguments:
        case []:
            for name in STYLES:
                style = import_module(f"demo.draw.styles.{name}")
                save(style.draw(), HERE / "styles" / f"{name}.jpg")
            film.write(HERE / "seaside.mp4")
        case ["contents", folder]:
            for name, draw in contents.CONTENTS.items():
                save(draw(), Path(folder) / f"{name}.png")
        case _:
            sys.exit("usage: python -m demo.draw [contents FOLDER]")


if __name__ == "__main__":
    main(sys.argv[1:])
