"""Moving scenes with exact ground-truth optical flow and occlusions, to test flows and films.

A scene is a stack of layers. Each has a texture and an outline in coordinates of its own, and a 3x3
matrix (homography) that places it in the frame at a time. So frames are sampled at exact positions,
flow is the product of one matrix and the inverse of another, and occlusion is computed from
outlines, not from pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from demo.draw.canvas import Array, Size, blur, colour, mix, step

Mask = NDArray[np.bool_]
Places = NDArray[np.float64]
"""x or y of many places, in pixels."""
Pose = Callable[[float], NDArray[np.float64]]
"""From a time, in frames, to the 3x3 matrix from a layer's coordinates to pixels of the frame."""
Outline = Callable[[Places, Places], Places]
"""Signed distance, from x and y in a layer's coordinates, to its edge; negative inside."""

FINE = 2
"""Texels of a texture per pixel."""
PERIOD = 512
"""Period of the textures in pixels."""


@dataclass(frozen=True)
class Layer:
    """A sheet in a scene.

    texture: (PERIOD * FINE, PERIOD * FINE, 3), repeated.
    pose: where it is at a time.
    outline: its shape; None for an endless sheet.
    """

    texture: Array
    pose: Pose
    outline: Outline | None = None


@dataclass(frozen=True)
class Pair:
    """Two frames, and the ground truth of the motion between them.

    frame_a, frame_b: (height, width, 3) float32, 0..1.
    flow: (height, width, 2) float32, x and y in pixels from a to b.
    occluded: (height, width), pixels of a that b does not show.
    """

    frame_a: Array
    frame_b: Array
    flow: Array
    occluded: Mask


@dataclass(frozen=True)
class Film:
    """Frames of one shot, with ground truth for all but the first.

    backward: flow from each frame to the one before it.
    uncovered: pixels of each frame that the one before does not show.
    """

    frames: list[Array]
    backward: list[Array]
    uncovered: list[Mask]


@dataclass(frozen=True)
class Scene:
    """Layers, the furthest first, in a frame of (height, width) pixels.

    light: factor on the brightness, from the time and from x and y as fractions of the frame's
        size.
    """

    size: Size
    layers: tuple[Layer, ...]
    light: Callable[[float, Places, Places], Places] | None = None

    def frame(self, time: float) -> Array:
        """The picture at a time, in frames: (height, width, 3), 0..1."""
        x, y = self._grid()
        picture = np.zeros((*self.size, 3), np.float32)
        for layer in self.layers:
            own_x, own_y = _moved(np.linalg.inv(layer.pose(time)), x, y)
            wrapped = (own_x * FINE).astype(np.float32), (own_y * FINE).astype(np.float32)
            paint = cv2.remap(layer.texture, *wrapped, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
            if layer.outline is None:
                picture = paint
            else:
                picture = mix(picture, paint, (0.5 - layer.outline(own_x, own_y)).clip(0, 1))
        if self.light:
            height, width = self.size
            picture = picture * self.light(time, x / width, y / height)[..., None]
        return picture.clip(0, 1).astype(np.float32)

    def motion(self, start: float, end: float) -> tuple[Array, Mask]:
        """Flow between two times, and the mask of the first one's pixels that the second lacks.

        Flow is (height, width, 2), x and y in pixels. Pixels that leave the frame count as not
        shown.
        """
        x, y = self._grid()
        top = self._top(start, x, y)
        to_x, to_y = np.zeros_like(x), np.zeros_like(y)
        for number, layer in enumerate(self.layers):
            there = _moved(layer.pose(end) @ np.linalg.inv(layer.pose(start)), x, y)
            to_x, to_y = (
                np.where(top == number, there[0], to_x),
                np.where(top == number, there[1], to_y),
            )
        height, width = self.size
        outside = (to_x < 0) | (to_y < 0) | (to_x > width - 1) | (to_y > height - 1)
        flow = np.stack([to_x - x, to_y - y], -1).astype(np.float32)
        return flow, outside | (self._top(end, to_x, to_y) != top)

    def pair(self, start: float = 0, end: float = 1) -> Pair:
        """The frames at two times, with ground truth."""
        return Pair(self.frame(start), self.frame(end), *self.motion(start, end))

    def film(self, count: int) -> Film:
        """The frames at times 0, 1, ... count - 1, with ground truth."""
        frames = [self.frame(time) for time in range(count)]
        motions = [self.motion(time, time - 1) for time in range(1, count)]
        return Film(frames, [flow for flow, _ in motions], [mask for _, mask in motions])

    def _top(self, time: float, x: Places, y: Places) -> NDArray[np.int64]:
        """Index of the topmost layer at each place."""
        top = np.zeros(x.shape, np.int64)
        for number, layer in enumerate(self.layers):
            if layer.outline is not None:
                inside = layer.outline(*_moved(np.linalg.inv(layer.pose(time)), x, y)) < 0
                top = np.where(inside, number, top)
        return top

    def _grid(self) -> tuple[Places, Places]:
        y, x = np.indices(self.size).astype(np.float64)
        return x, y


def pair(name: str, size: Size = (288, 512)) -> Pair:
    """Two frames of one of SCENES.

    size: height and width in pixels; motions are in proportion to the width.
    """
    return SCENES[name](size).pair()


def figure(frames: int, size: Size = (288, 512)) -> Film:
    """A film of a figure that walks across a street and uncovers what it hid."""
    return crossing(size).film(frames)


def translation(size: Size) -> Scene:
    """A textured wall that moves by fractions of pixels."""
    unit = size[1] / 512
    return Scene(
        size, (Layer(_stones(1), lambda time: _shift(6.4 * unit * time, 2.7 * unit * time)),)
    )


def rotation(size: Size) -> Scene:
    """A wall that turns by 3 degrees per frame about the frame's centre."""
    return Scene(size, (Layer(_leaves(2), lambda time: _about(size, _turn(3 * time))),))


def zoom(size: Size) -> Scene:
    """A wall that is enlarged by 4 % per frame."""
    return Scene(size, (Layer(_stones(3), lambda time: _about(size, _scale(1.04**time))),))


def tilt(size: Size) -> Scene:
    """A wall that tilts away from the viewer, in perspective."""
    bent = np.array([[0.0, 0, 0], [0, 0, 0], [-0.04 / size[1], 0.03 / size[1], 0]])
    return Scene(size, (Layer(_leaves(4), lambda time: _about(size, np.eye(3) + bent * time)),))


def crossing(size: Size) -> Scene:
    """A figure walks along a street's wall while the camera follows it slowly."""
    height, width = size
    unit = width / 512

    def camera(time: float) -> NDArray[np.float64]:
        return _shift(-2.2 * unit * time, 0)

    wall = Layer(_bricks(5), camera)
    kerb = 0.74 * height
    ground = Layer(_stones(6), camera, lambda x, y: kerb - y)
    walker = _walker(0.72 * height, (0.12 * width, 0.92 * height), 9 * unit)
    seen = tuple(replace(part, pose=_after(camera, part.pose)) for part in walker)
    return Scene(size, (wall, ground, *seen))


def fast(size: Size) -> Scene:
    """Three objects that move by 30 and more pixels per frame at a width of 512, over a wall."""
    height, width = size
    unit = width / 512
    wall = Layer(_leaves(7), lambda time: _shift(-11 * unit * time, 4 * unit * time))
    flights = (
        (0.25, 0.35, 0.17, 42, 9, _bricks(8)),
        (0.72, 0.62, 0.2, -36, -12, _stones(9)),
        (0.5, 0.8, 0.12, 31, -33, _cloth(10, "c23a2b")),
    )
    things = (
        _thing((x * width, y * height), r * height, (dx * unit, dy * unit), texture)
        for x, y, r, dx, dy, texture in flights
    )
    return Scene(size, (wall, *things))


def flat(size: Size) -> Scene:
    """A drawing of flat areas with thin lines: a disc and a bar pass one another."""
    height, width = size
    unit = width / 512
    sheet = Layer(_drawing(11), lambda time: _shift(-3.5 * unit * time, 0))
    ball = _thing(
        (0.3 * width, 0.5 * height), 0.24 * height, (8.5 * unit, 1.5 * unit), _plain("f2b31c")
    )
    bar = Layer(
        _plain("c8321f"),
        lambda time: _shift(0.66 * width - 5.5 * unit * time, 0.5 * height) @ _turn(20 + 2 * time),
        _capsule((0, -0.3 * height), (0, 0.3 * height), 0.035 * height),
    )
    return Scene(size, (sheet, ball, bar))


def changing_light(size: Size) -> Scene:
    """The street with the figure, while a shadow comes from the left and all grows darker."""

    def light(time: float, x: Places, y: Places) -> Places:
        shadow = step(0.25 + 0.06 * time, 0.05 + 0.06 * time, x + 0.3 * y)
        return (1 - 0.07 * time) * (1 - 0.35 * shadow)

    return replace(crossing(size), light=light)


SCENES: dict[str, Callable[[Size], Scene]] = {
    "translation": translation,
    "rotation": rotation,
    "zoom": zoom,
    "tilt": tilt,
    "crossing": crossing,
    "fast": fast,
    "flat": flat,
    "changing light": changing_light,
}
"""The scenes by name."""


def _walker(tall: float, foot: tuple[float, float], speed: float) -> list[Layer]:
    """A figure in profile that walks to the right with swinging limbs.

    tall: height in pixels.
    foot: its place at time 0.
    speed: pixels per frame.
    """
    coat, skirt, skin = _cloth(20, "274b8f"), _cloth(21, "8c2f39"), _cloth(22, "d9a07a")
    limbs = (  # joint and end above the foot, thickness (parts of `tall`), swing (degrees), texture
        ((0.0, 0.47), (0.0, 0.05), 0.052, -24, _cloth(23, "30353f")),
        ((0.0, 0.8), (0.03, 0.5), 0.036, 26, coat),
        ((0.0, 0.47), (0.0, 0.05), 0.058, 24, _cloth(24, "3d4452")),
        ((0.0, 0.52), (0.0, 0.38), 0.09, 5, skirt),
        ((0.0, 0.78), (0.0, 0.52), 0.088, 0, coat),
        ((0.005, 0.92), (0.012, 0.9), 0.062, 0, skin),
        ((-0.05, 0.965), (0.075, 0.96), 0.022, 0, _cloth(25, "b8862f")),
        ((0.0, 0.79), (0.03, 0.48), 0.04, -26, _cloth(26, "3c66b4")),
    )
    layers = []
    for joint, end, thick, swing, texture in limbs:
        place = np.array((joint[0], -joint[1])) * tall
        reach = (np.array((end[0], -end[1])) - (joint[0], -joint[1])) * tall
        pose = _swinging(np.array(foot) + place, speed, swing, speed / (0.55 * tall))
        layers.append(Layer(texture, pose, _capsule((0, 0), reach, thick * tall)))
    return layers


def _swinging(place: ArrayLike, speed: float, swing: float, steps: float) -> Pose:
    """Moves to the right by `speed` pixels per frame, and swings about its joint.

    place: the joint at time 0.
    swing: amplitude in degrees.
    steps: half periods of the swing per frame.
    """
    x, y = np.asarray(place)
    return lambda time: (
        _shift(x + speed * time, y) @ _turn(swing * np.sin(np.pi * (steps * time + 0.3)))
    )


def _after(second: Pose, first: Pose) -> Pose:
    """Composition of two poses: `first`, then `second`."""
    return lambda time: second(time) @ first(time)


def _thing(
    place: tuple[float, float], radius: float, speed: tuple[float, float], texture: Array
) -> Layer:
    """A round object that moves at constant speed."""
    (x, y), (right, down) = place, speed
    pose = lambda time: _shift(x + right * time, y + down * time)  # noqa: E731
    return Layer(texture, pose, _capsule((0, 0), (0.2 * radius, 0), radius))


def _capsule(start: ArrayLike, end: ArrayLike, radius: float) -> Outline:
    """Outline of a line segment with round ends, `radius` thick to each side."""
    (ax, ay), (bx, by) = np.asarray(start, float), np.asarray(end, float)
    length = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-9)

    def distance(x: Places, y: Places) -> Places:
        along = (((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length).clip(0, 1)
        return np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) - radius

    return distance


def _moved(matrix: NDArray[np.float64], x: Places, y: Places) -> tuple[Places, Places]:
    """Apply a 3x3 matrix (homography) to places."""
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    right = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / depth
    return right, (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / depth


def _shift(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _turn(degrees: float) -> NDArray[np.float64]:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])


def _scale(factor: float) -> NDArray[np.float64]:
    return np.diag((factor, factor, 1.0))


def _about(size: Size, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix applied about the frame's centre in place of its corner."""
    y, x = (size[0] - 1) / 2, (size[1] - 1) / 2
    return _shift(x, y) @ matrix @ _shift(-x, -y)


_SIDE = PERIOD * FINE


def _periodic(cell: float, seed: int, octaves: int = 3) -> Array:
    """Periodic noise in octaves, of period PERIOD; the coarsest bumps are `cell` pixels wide."""
    total = np.zeros((_SIDE, _SIDE), np.float32)
    places = np.arange(_SIDE, dtype=np.float32)
    for octave in range(octaves):
        count = max(round(PERIOD / cell * 2**octave), 1)
        values = (
            np.random.default_rng((seed, octave)).uniform(-1, 1, (count, count)).astype(np.float32)
        )
        at = np.meshgrid(places * count / _SIDE, places * count / _SIDE)
        total += 0.6**octave * cv2.remap(values, *at, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return total


def _tinted(values: Array, dark: str, light: str) -> Array:
    return mix(colour(dark), colour(light), (0.5 + 0.5 * values).clip(0, 1)[..., None])


@cache
def _stones(seed: int) -> Array:
    """Texture of round stones in rows, each of its own tone."""
    return _laid(seed, 32, 32, 12, "6f675c", "d6c6a8", "3d3833")


@cache
def _bricks(seed: int) -> Array:
    """Texture of a brick wall."""
    return _laid(seed, 64, 32, 3, "7f3b2a", "d08a5e", "cdbfa8")


def _laid(seed: int, wide: int, high: int, corner: float, dark: str, light: str, gap: str) -> Array:
    """Texture of blocks with round corners, every other row shifted by half a block.

    wide, high, corner: size of a block and radius of its corners, in pixels.
    dark, light, gap: colour codes of the blocks and of the mortar.
    """
    y, x = np.indices((_SIDE, _SIDE), np.float32) / FINE
    bulge = 1.5 * _periodic(32, seed + 40, 1)
    row = np.floor(y / high).astype(int)
    column = (x + wide / 2 * (row % 2)) / wide
    number = np.floor(column).astype(int) % (PERIOD // wide)
    away_x = np.abs(column - np.floor(column) - 0.5) * wide
    away_y = np.abs(y / high - row - 0.5) * high
    over_x = np.maximum(away_x - (wide / 2 - 2.5 - corner), 0)
    over_y = np.maximum(away_y - (high / 2 - 2.5 - corner), 0)
    edge = np.hypot(over_x, over_y) - corner + bulge
    tones = np.random.default_rng(seed).uniform(-0.6, 0.6, (PERIOD // high, PERIOD // wide))
    values = tones[row, number] + 0.6 * _periodic(16, seed + 41) + 0.02 * (high / 2 - y % high)
    block = _tinted(values.astype(np.float32), dark, light)
    return blur(mix(colour(gap), block, step(1, -2, edge)), 0.9 * FINE)


@cache
def _leaves(seed: int) -> Array:
    """Texture of green and yellow spots of many sizes."""
    paint = _tinted(_periodic(48, seed, 4), "16301f", "8fae4b")
    spots = step(0.25, 0.6, _periodic(20, seed + 30, 2))
    return blur(
        mix(paint, _tinted(_periodic(10, seed + 31, 1), "c48a2a", "f0e2a0"), spots), 0.9 * FINE
    )


@cache
def _cloth(seed: int, code: str) -> Array:
    """Texture of cloth with folds and a pattern of spots."""
    folds = 1 + 0.3 * _periodic(32, seed, 3) + 0.15 * _periodic(8, seed + 50, 1)
    spots = step(0.4, 0.6, _periodic(13, seed + 51, 1))[..., None]
    return blur((colour(code) * folds[..., None] * (1 - 0.35 * spots)).clip(0, 1), 0.8 * FINE)


@cache
def _plain(code: str) -> Array:
    """Texture of one colour with sparse darker lines."""
    y, x = np.indices((_SIDE, _SIDE), np.float32) / FINE
    lines = step(1.6, 0.8, np.abs((x + y) % 64 - 32))
    return blur(mix(colour(code), colour(code) * 0.35, lines[..., None]), 0.6 * FINE)


@cache
def _drawing(seed: int) -> Array:
    """Texture of flat areas in three colours, with dark outlines."""
    hills = _periodic(128, seed, 2)
    paint = np.where((hills > 0.15)[..., None], colour("7cc0d8"), colour("f4ead2"))
    paint = np.where((hills < -0.35)[..., None], colour("5f9e52"), paint)
    for level in (0.15, -0.35):
        slope = np.hypot(*np.gradient(hills)) * FINE
        paint = mix(
            paint, colour("1c1c22"), step(1.6, 0.8, np.abs(hills - level) / slope)[..., None]
        )
    return blur(paint, 0.6 * FINE)
