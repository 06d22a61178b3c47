"""Pairs of frames with known motion: drawn scenes, and those of the test material.

A drawn scene is a stack of layers, each a texture with an outline that an affine map moves. The
flow of a pixel is its layer's; both frames show it where the same layer is on top at both ends.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.material import SHARED
from gramflow.arrays import Picture
from gramflow.engine.flows import Flow
from gramflow.media.pictures import read_picture

WIDTH, HEIGHT = 960, 432
_FAR = 1e9  # Middlebury's sign for a pixel whose flow nobody knows

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pair:
    """Two frames, and the flow from the first into the second.

    known: (height, width), where the flow is exact. seen: of these, what the second frame shows.
    """

    name: str
    frame: Picture
    other: Picture
    flow: Flow
    known: Mask
    seen: Mask


@dataclass(frozen=True)
class Layer:
    """A texture (height, width, 3) with an outline (height, width), 0..1, and where it is drawn.

    before, after: 2x3 matrices from the texture's pixels to those of the two frames.
    """

    texture: Picture
    outline: NDArray[np.float32]
    before: Matrix
    after: Matrix


def affine(x: float, y: float, degrees: float = 0, zoom: float = 1) -> Matrix:
    """Moves the middle of a texture of the frames' size by x and y, and turns it around itself."""
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, zoom)
    return matrix + np.array([[0, 0, x], [0, 0, y]])


def clouds(seed: int, scales: tuple[float, ...] = (1, 3, 9, 27)) -> Picture:
    """A texture with detail at every scale."""
    random = np.random.default_rng(seed)
    total = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for scale in scales:
        total += scale * cv2.GaussianBlur(
            random.normal(size=total.shape).astype(np.float32), (0, 0), scale
        )
    grey = total.mean(-1, keepdims=True)
    total = grey + 0.5 * (total - grey)
    tint = random.uniform(0.3, 0.7, 3).astype(np.float32)
    return np.clip(tint + 0.2 * total / total.std(), 0, 1).astype(np.float32)


def cartoon(seed: int, shapes: int = 40) -> Picture:
    """Flat areas with thin dark lines around them, as in a drawn film."""
    random = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH, 3), random.uniform(0.5, 0.9, 3), np.float32)
    for _ in range(shapes):
        middle = (random.uniform(0, 1, 2) * (WIDTH, HEIGHT)).astype(int).tolist()
        axes = random.integers(15, 120, 2).tolist()
        angle, colour = random.uniform(0, 360), random.uniform(0.2, 1, 3).tolist()
        cv2.ellipse(picture, middle, axes, angle, 0, 360, colour, -1, cv2.LINE_AA)
        cv2.ellipse(picture, middle, axes, angle, 0, 360, (0.1, 0.1, 0.1), 2, cv2.LINE_AA)
    return cv2.GaussianBlur(picture, (0, 0), 0.6)


def photograph(path: str, part: tuple[float, float, float, float] = (0, 0, 1, 1)) -> Picture:
    """A part (left, top, right, bottom, in shares) of a picture of the test material."""
    picture = read_picture(SHARED / "data" / path)
    height, width = picture.shape[:2]
    left, top, right, bottom = part
    crop = picture[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    whole = cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.clip(whole, 0, 1)


EVERYWHERE = np.ones((HEIGHT, WIDTH), np.float32)


def ellipse(x: float, y: float, width: float, height: float) -> NDArray[np.float32]:
    """An outline, all in pixels."""
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    middle, axes = (round(x), round(y)), (round(width / 2), round(height / 2))
    cv2.ellipse(mask, middle, axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(mask, (0, 0), 0.6)


def _drawn(layers: list[Layer], at: Callable[[Layer], Matrix]) -> tuple[Picture, NDArray[np.int64]]:
    """A frame, and which layer is on top; -1 where two are blended."""
    size = WIDTH, HEIGHT
    picture = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    top = np.full((HEIGHT, WIDTH), -1)
    for number, layer in enumerate(layers):
        matrix = at(layer)
        colours = cv2.warpAffine(
            layer.texture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )
        edge = cv2.BORDER_CONSTANT if number else cv2.BORDER_REFLECT
        share = cv2.warpAffine(layer.outline, matrix, size, flags=cv2.INTER_LINEAR, borderMode=edge)
        picture += share[..., None] * (colours - picture)
        top[share > 0.01] = -1
        top[share > 0.99] = number
    return np.clip(picture, 0, 1), top


def _points(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ matrix[:, :2].T + matrix[:, 2]


def scene(
    name: str, layers: list[Layer], light: Callable[[Picture], Picture] | None = None
) -> Pair:
    """The pair that layers make; `light` changes the second frame. Noise and 8 bits as in films."""
    frame, top = _drawn(layers, lambda layer: layer.before)
    other, beneath = _drawn(layers, lambda layer: layer.after)
    x, y = np.meshgrid(np.arange(WIDTH, dtype=float), np.arange(HEIGHT, dtype=float))
    points = np.stack([x, y], -1)
    flow, seen = np.zeros_like(points), np.zeros(top.shape, bool)
    for number, layer in enumerate(layers):
        back = cv2.invertAffineTransform(layer.before)
        ends = _points(layer.after, _points(back, points))
        mine = top == number
        flow[mine] = (ends - points)[mine]
        column, row = np.rint(ends).astype(int).transpose(2, 0, 1)
        inside = (column >= 0) & (row >= 0) & (column < WIDTH) & (row < HEIGHT)
        column, row = column.clip(0, WIDTH - 1), row.clip(0, HEIGHT - 1)
        seen |= mine & inside & (beneath[row, column] == number)
    random = np.random.default_rng(1)
    pictures = [frame, other if light is None else light(other)]
    filmed = [
        np.rint(np.clip(each + random.normal(0, 0.004, each.shape), 0, 1) * 255) / 255
        for each in pictures
    ]
    first, second = (each.astype(np.float32) for each in filmed)
    return Pair(name, first, second, flow.astype(np.float32), top >= 0, seen)


def _dimmer(picture: Picture) -> Picture:
    """Darker, and a light that comes from one side."""
    side = np.linspace(-0.04, 0.06, picture.shape[1], dtype=np.float32)[None, :, None]
    return picture * np.float32(0.92) + side


def _figures(seed: int, background: Picture, texture: Callable[[int], Picture]) -> list[Layer]:
    """A figure that crosses a moving background, and smaller ones that go their own ways."""
    random = np.random.default_rng(seed)
    layers = [Layer(background, EVERYWHERE, affine(0, 0), affine(-9, 3))]
    for number in range(6):
        x, y = random.uniform(0.15, 0.85, 2) * (WIDTH, HEIGHT)
        width, height = random.uniform(50, 150), random.uniform(60, 200)
        outline = ellipse(x, y, width, height)
        move = affine(*random.uniform(-45, 45, 2) * (1, 0.4))
        layers.append(Layer(texture(seed + number), outline, affine(0, 0), move))
    return layers


def drawn_scenes() -> Iterator[Pair]:
    """Planes that move as a whole, figures that cover and uncover, flat areas, changes of light."""
    night, market = photograph("seed/starry_night.jpg"), photograph("films/market/frame_0001.png")
    people = photograph("films/breakdance/00000.jpg")
    still = affine(0, 0)

    def plane(name: str, texture: Picture, after: Matrix) -> Pair:
        return scene(name, [Layer(texture, EVERYWHERE, still, after)])

    yield plane("pan", market, affine(38, -7))
    yield plane("turn", clouds(1), affine(4, 0, 7))
    yield plane("zoom", people, affine(0, 0, 0, 1.1))
    figure = Layer(clouds(3), ellipse(420, 230, 180, 320), still, affine(62, -6, 3))
    yield scene("figure", [Layer(market, EVERYWHERE, still, affine(-6, 2)), figure])
    yield scene("crowd", _figures(5, people, lambda seed: clouds(seed)))
    yield scene("painted", _figures(6, night, lambda seed: night[:, ::-1] ** (0.5 + seed % 3)))
    yield scene("light", _figures(7, market, lambda seed: clouds(seed)), _dimmer)
    yield scene("flicker", [Layer(people, EVERYWHERE, still, affine(5, 1))], _dimmer)
    flat = Layer(cartoon(8), EVERYWHERE, still, affine(3, 0))
    moving = Layer(cartoon(9, 8), ellipse(500, 216, 260, 300), still, affine(28, 4, 4))
    yield scene("cartoon", [flat, moving])
    yield plane("cartoon pan", cartoon(10, 25), affine(22, 6))


def filmed_scenes() -> Iterator[Pair]:
    """MPI Sintel's alley (Butler et al. 2012) and Middlebury (Baker et al. 2011)."""
    folder = SHARED / "data/sintel_easy"
    masks = [
        cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE) == 0
        for name in ("invalid_2.png", "occlusion_2_to_3.png")
    ]
    frames = [read_picture(folder / f"frame_000{number}.png") for number in (2, 3)]
    flow = cv2.readOpticalFlow(str(folder / "flow_2_to_3.flo"))
    yield Pair("alley", frames[0], frames[1], flow, masks[0], masks[0] & masks[1])
    for name in ("Dimetrodon", "Grove3", "RubberWhale", "Urban3", "Venus"):
        folder = SHARED / "data/middlebury" / name
        frames = [read_picture(folder / f"frame{number}.png") for number in (10, 11)]
        flow = cv2.readOpticalFlow(str(folder / "flow10.flo"))
        known = (np.abs(flow) < _FAR).all(-1)
        flow[~known] = 0
        yield Pair(name, frames[0], frames[1], flow, known, known)
