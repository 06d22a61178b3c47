"""Temporal stability, and painting of disoccluded areas, on drawn scenes with exact flow.

`python -m benchmarks steady [WIDTH] [PRESET]` paints with the demo's styles and the bundled
network, and prints three tables:

1. Two frames of scenes with different motion, the first painted without neighbours. Temporal error
   (mean squared difference along the exact flow, outside occlusions) of the video itself, of both
   frames painted independently, and of the second frame painted from the first, with the look's
   flow and with the exact flow. Then content and style losses of the second frame with the look's
   flow, relative to those of the frame painted independently.
2. Ground that a walking figure uncovers. Distance of the painted frame from the video where the
   ground was ever occluded, divided by the distance elsewhere. The frame painted independently
   gives the reference.
3. Published measures over that video. Identity is the mean squared change of the style's own
   picture painted in its style.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.look import save as write
from benchmarks.material import DEMO, RESULTS
from benchmarks.measures import (
    LPIPS,
    LPIPS_WEIGHTS,
    flow_change,
    structure_change,
    warping_error,
)
from benchmarks.problems import neighbour, stylizer_of
from demo.draw.scenes import SCENES, Film, figure
from gramflow.base.arrays import Picture
from gramflow.engine.backend import prepare
from gramflow.engine.flows import Flow, warp
from gramflow.engine.steadiness import Neighbour
from gramflow.engine.stylizers import Painted
from gramflow.media.pictures import from_pixels, read_picture, resize, to_pixels
from gramflow.painting.setup import make_flow
from gramflow.settings.config import load

WIDTH, PRESET = 256, "draft"
MOTIONS = {"zoom": "starry_night", "rotation": "oil", "fast": "starry_night", "flat": "cut_paper"}
"""Style of each scene of the first table."""
FRAMES, WALK = 9, "oil"
PICTURES = RESULTS / "pictures/steady"


Known = tuple[Flow, NDArray[np.bool_]]
"""The exact flow to another frame, and the mask of pixels that are occluded there."""


class Counted:
    """Wraps an objective and appends the number of pixels of each evaluation to a list."""

    def __init__(self, objective: Any, pixels: list[int]) -> None:
        self.objective = objective
        self.pixels = pixels

    def __call__(self, picture: Any, *arguments: Any) -> Any:
        """Evaluate the objective."""
        self.pixels.append(picture.shape[1] * picture.shape[2])
        return self.objective(picture, *arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.objective, name)


class Painter:
    """Paints frames with a look in one of the demo's styles."""

    def __init__(self, style: str, look: dict[str, Any], width: int, height: int) -> None:
        self.file = DEMO / f"styles/{style}.jpg"
        file = str(self.file)
        config = load(
            {
                "network": "vgg19",
                "videos": {"scene": {"path": file}},
                "styles": {style: {"images": [file]}},
                "looks": {"default": look | {"width": width, "height": height}},
                "encode": {"pixel_format": "yuv444p"},  # which may have odd sizes
            }
        )
        self.stylizer: Any = stylizer_of(config)
        self.evaluated: list[int] = []
        for name in ("objective", "low"):
            if objective := getattr(self.stylizer, name):
                setattr(self.stylizer, name, Counted(objective, self.evaluated))
        self.flow = make_flow(config, config.looks["default"])

    def paint(self, frame: Picture, *neighbours: Neighbour) -> tuple[Painted, float]:
        """Paint a frame, with its neighbours one, two, ... steps back.

        Also returns the number of evaluations, where smaller sizes count by their pixels.
        """
        self.evaluated.clear()
        painted = self.stylizer.paint(frame, dict(enumerate(neighbours, 1)), 0, lambda _: None)
        return painted, sum(self.evaluated) / (frame.shape[0] * frame.shape[1])

    def neighbour(
        self, frame: Picture, before: Picture, painted: Painted, exact: Known | None = None
    ) -> Neighbour:
        """Warp the frame before and its painted picture to this frame.

        exact: flow to use, with its occlusions as trust; None for the look's own flow.
        """
        if exact is None:
            return neighbour(self.flow, frame, before, painted)
        flow, hidden = exact
        known = np.where(hidden, 0, 1).astype(np.float32)
        stored = from_pixels(to_pixels(painted.picture))
        return Neighbour(warp(stored, flow), warp(before, flow), known)


def style_of(painter: Painter, painted: Painted) -> float:
    """The style loss: the sum of the style terms with the look's weights."""
    terms = painter.stylizer.palette.losses.items()
    return sum(
        loss.settings.weight * painted.terms[name] for name, loss in terms if loss.source == "style"
    )


def motions(width: int, height: int, preset: str) -> None:
    """Print the first table, of scenes with different motion."""
    print("| scene, style | film | alone | look's flow | exact flow | content | style |")
    print("| --- " * 7 + "|", flush=True)
    for name, style in MOTIONS.items():
        scene, painter = (
            SCENES[name]((height, width)),
            Painter(style, {"preset": preset}, width, height),
        )
        before, frame = scene.frame(0), scene.frame(1)
        flow, hidden = known = scene.motion(1, 0)
        first, alone = painter.paint(before)[0], painter.paint(frame)[0]
        chained = [
            painter.paint(frame, painter.neighbour(frame, before, first, exact))[0]
            for exact in (None, known)
        ]
        errors = [warping_error(frame, before, flow, ~hidden)] + [
            warping_error(each.picture, first.picture, flow, ~hidden) for each in (alone, *chained)
        ]
        cells = " | ".join(f"{error:.5f}" for error in errors)
        ratios = (
            chained[0].terms["content"] / alone.terms["content"],
            style_of(painter, chained[0]) / style_of(painter, alone),
        )
        print(f"| {name}, {style} | {cells} | {ratios[0]:.2f} | {ratios[1]:.2f} |", flush=True)
        save(f"{name}.png", [before, frame], [first.picture, chained[0].picture])


def walk(width: int, height: int, preset: str) -> None:
    """Print the other two tables, of a figure that crosses a street."""
    film, painter = (
        figure(FRAMES, (height, width)),
        Painter(WALK, {"preset": preset}, width, height),
    )
    painted, work, once = [painter.paint(film.frames[0])[0]], [], np.zeros((height, width), bool)
    for number in range(1, FRAMES):
        before, frame = film.frames[number - 1], film.frames[number]
        flow, hidden = film.backward[number - 1], film.uncovered[number - 1]
        found, made = painter.paint(frame, painter.neighbour(frame, before, painted[-1]))
        painted.append(found)
        work.append(made)
        once = (warp(once.astype(np.float32), flow) > 0.5) | hidden
        print(f"frame {number + 1} of {FRAMES}", file=sys.stderr)
    alone = painter.paint(film.frames[-1])[0]
    print("\n| the last frame | distance from film, once hidden | elsewhere | ratio |")
    print("| --- " * 4 + "|")
    for name, each in (("painted along", painted[-1]), ("on its own", alone)):
        distance = np.abs(each.picture - film.frames[-1]).mean(-1)
        inside, outside = distance[once].mean(), distance[~once].mean()
        print(f"| {name} | {inside:.3f} | {outside:.3f} | {inside / outside:.2f} |")
    of_preset = painter.stylizer.palette.settings["evaluations"]
    print(
        f"\nOnce hidden: {once.mean():.1%} of the picture. Evaluations a frame, in those of a "
        f"whole one: {np.mean(work):.1f}, of which the preset's own {of_preset}."
    )
    save("walk.png", film.frames[::2], [each.picture for each in painted[::2]])
    papers(painter, film, [each.picture for each in painted], alone.picture)


def papers(painter: Painter, film: Film, painted: list[Picture], alone: Picture) -> None:
    """Print the third table, of published measures.

    painted: the frames painted in sequence. alone: the last frame painted independently.
    """
    rows: dict[str, list[float]] = {}

    def add(name: str, value: float) -> None:
        rows.setdefault(name, []).append(value)

    lpips = LPIPS() if LPIPS_WEIGHTS.is_file() else None
    for number, (flow, hidden) in enumerate(zip(film.backward, film.uncovered, strict=True), 1):
        frames, pictures = film.frames[number - 1 : number + 1], painted[number - 1 : number + 1]
        add("warping error", warping_error(pictures[1], pictures[0], flow, ~hidden))
        add("the film's own", warping_error(frames[1], frames[0], flow, ~hidden))
        add("tOF, pixels", flow_change(painter.flow, frames, pictures))
        add("CFSD", structure_change(frames[1], pictures[1]))
        if lpips:
            add("tLP", abs(lpips(*pictures) - lpips(*frames)))
            add("content LPIPS", lpips(frames[1], pictures[1]))
    add("e_stab", float(np.sqrt(np.mean(rows["warping error"]))))
    add("CFSD, the last frame on its own", structure_change(film.frames[-1], alone))
    own = resize(read_picture(painter.file), *reversed(film.frames[0].shape[:2]))
    add("identity", float(np.square(painter.paint(own)[0].picture - own).mean()))
    print("\n| measure | mean over the film |\n| --- | --- |")
    for name, values in rows.items():
        print(f"| {name} | {np.mean(values):.5f} |")


def save(name: str, *rows: Sequence[Picture]) -> None:
    """Save rows of pictures as one sheet, for visual inspection."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    write(PICTURES / name, np.vstack([np.hstack(row) for row in rows]))


def main(width: int = WIDTH, preset: str = PRESET) -> None:
    """Print all tables row by row."""
    height = 2 * round(width * 9 / 32)
    prepare(2)
    print(f"{width}x{height} pixels, preset {preset}, bundled weights.\n")
    motions(width, height, preset)
    walk(width, height, preset)


if __name__ == "__main__":
    main(*(kind(given) for kind, given in zip((int, str), sys.argv[1:], strict=False)))
