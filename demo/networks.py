"""Trains the networks that come with gramflow: `python -m demo.networks FOLDER`.

They learn the demo's own styles: on pictures that `demo.draw` draws, on the demo's film, and on
photographs that scikit-image brings along, in the public domain or free of rights (its
skimage/data/README.txt names their sources). It takes most of an hour on two cores.
"""

import argparse
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.draw.__main__ import main as draw
from gramflow.commands import train

DEMO = Path(__file__).parent
STYLES = ("ink", "mosaic", "oil")
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "rocket.jpg")
LEARNING = {"keyframes": 8, "copying": 1200, "steps": 1500}


def main() -> None:
    """Train those networks that the folder does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    package = find_spec("skimage")
    if package is None or package.origin is None:
        raise SystemExit("scikit-image is needed for its pictures: pip install scikit-image")
    photographs = [Path(package.origin).parent / "data" / name for name in PHOTOGRAPHS]
    with TemporaryDirectory() as drawn:
        draw(["contents", drawn])
        pictures = [*photographs, *sorted(Path(drawn).iterdir()), DEMO / "seaside.mp4"]
        for style in STYLES:
            learn(style, [str(path) for path in pictures], folder / f"{style}.onnx")


def learn(style: str, pictures: list[str], output: Path) -> None:
    """Train a style's network, unless it is there."""
    if output.exists():
        return
    train.run(
        [DEMO / "styles" / f"{style}.jpg"],
        pictures,
        output,
        look="draft",
        width=None,
        assignments=[f"stylizer.{name}={value}" for name, value in LEARNING.items()],
        licence="MIT",
        network="vgg19",
        weights="bundled",
    )


if __name__ == "__main__":
    main()
