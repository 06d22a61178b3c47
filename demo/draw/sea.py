"""Draws a sailing boat on a bright sea, for a frame of 1280x720 pixels."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from demo.draw.canvas import (
    Array,
    area,
    bend,
    blob,
    blur,
    colour,
    curve,
    disc,
    fractal,
    line,
    lit,
    mix,
    over,
    ramp,
    step,
    swell,
)

HEIGHT, WIDTH = 720, 1280
SIZE = HEIGHT, WIDTH
HORIZON = 410
BOAT = 560, 520
"""Centre of the boat's waterline, x and y in pixels."""

Points = list[tuple[float, float]]
Put = Callable[[Array, Array], None]
"""Paints where a mask is: put(mask, paint)."""


@dataclass(frozen=True)
class Sea:
    """The parts of the drawing that do not change from frame to frame."""

    sky: Array
    waves: tuple[Array, Array]
    boat: Array
    hull: Array

    def seen(self, time: float, zoom: float) -> Array:
        """The picture at a time: (HEIGHT, WIDTH, 3).

        time: in seconds.
        zoom: factor of enlargement about the boat, 1 or more.
        """
        picture = self.sky.copy()
        picture[HORIZON:] = self._water(time)[HORIZON:]
        roll = cv2.getRotationMatrix2D(BOAT, 2.5 * np.sin(2.4 * time + 0.5), 1)
        boat = cv2.warpAffine(self.boat, roll, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
        mask = cv2.warpAffine(self.hull, roll, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC).clip(0, 1)
        mirror = np.array([[1, 0, 0], [0, -0.8, 1.8 * BOAT[1] - 4]], np.float32)
        rows = np.indices(SIZE, np.float32)[0]
        ripple = 0.16 * (rows - BOAT[1]).clip(0) * self._slope(time).clip(-2, 2)
        shown = bend(cv2.warpAffine(mask, mirror, (WIDTH, HEIGHT)), ripple, 0) * (
            rows > BOAT[1] - 2
        )
        paint = bend(cv2.warpAffine(boat, mirror, (WIDTH, HEIGHT)), ripple, 0)
        over(
            picture,
            0.75 * paint + 0.25 * picture * 0.7,
            0.72 * blur(shown, 1.5) * step(720, 520, rows),
        )
        picture *= (1 - mask)[..., None]
        picture += boat * mask[..., None]
        x = np.indices(SIZE, np.float32)[1]
        bow = np.exp(-(((rows - BOAT[1] - 21) / 5) ** 2)) * step(250, 180, np.abs(x - BOAT[0] + 20))
        foam = bow * step(-0.4, 0.7, bend(fractal(SIZE, (46, 12), 3, 3), 70 * time, 0))
        over(picture, colour("f6f4ea"), 0.7 * blur(foam, 1.5))
        matrix = np.array(
            [[zoom, 0, (1 - zoom) * BOAT[0]], [0, zoom, (1 - zoom) * 400]], np.float32
        )
        return cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC).clip(0, 1)

    def _slope(self, time: float) -> Array:
        """Slope of the water in perspective: the sum of three moving waves."""
        y, x = np.indices(SIZE, np.float32)
        depth = 60000 / ((y - HORIZON).clip(0) + 14)
        across = (x - WIDTH / 2) * depth / 300
        first = self._at(self.waves[0], across * 1.1 + 90 * time, depth * 1.5 + 50 * time)
        second = self._at(self.waves[1], across * 0.5 - 60 * time, depth * 0.55 + 25 * time)
        third = self._at(self.waves[0], across * 4 - 120 * time, depth * 5 + 80 * time)
        return (0.7 * first + 0.8 * second + 0.5 * third) * step(HORIZON - 5, HORIZON + 120, y)

    @staticmethod
    def _at(texture: Array, x: Array, y: Array) -> Array:
        places = x.astype(np.float32), y.astype(np.float32)
        return cv2.remap(texture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)

    def _water(self, time: float) -> Array:
        y, x = np.indices(SIZE, np.float32)
        slope = self._slope(time)
        far = (y - HORIZON) / (HEIGHT - HORIZON)
        water = ramp(
            ((0, "a9c8cf"), (0.12, "5f9fb4"), (0.5, "2c7392"), (1, "0f4466")), far - 0.16 * slope
        )
        sun = np.exp(-(((x - 930) / (90 + 260 * far.clip(0))) ** 2))
        glint = step(0.42, 0.85, slope + 0.35 * sun) * (0.15 + 0.85 * sun)
        water = mix(water, colour("ffeec2"), 0.85 * glint)
        return mix(water, colour("083048"), 0.45 * step(-0.25, -0.8, slope))


def sea() -> Sea:
    """Draw sky and land, the textures of the waves, and the boat."""
    y, x = np.indices(SIZE, np.float32)
    sky = ramp(((0, "2f6db5"), (0.5, "7fb4d8"), (0.85, "f2dcb4"), (1, "f7c990")), y / HORIZON)
    depth = 130 / (HORIZON + 30 - y).clip(20, None)
    clouds = cv2.remap(
        fractal((900, 1800), (260, 190), 12, 6, 0.55),
        ((x - 640) * depth * 1.5 + 900).astype(np.float32),
        (depth * 190).astype(np.float32) % 880,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    puffs = fractal(SIZE, (300, 150), 14, 6, 0.55) + 0.3 * step(60, 330, y)
    cover = step(0.18, 0.6, puffs)
    light = lit(130 * blur(puffs, 2), (0.6, -0.75, 0.5), 0.12)
    over(sky, ramp(((0.1, "8793b8"), (0.7, "e6cfc6"), (1.4, "fff6e2")), light), 0.95 * cover)
    over(sky, colour("fff4e0"), 0.3 * step(0.2, 0.8, clouds) * step(330, 100, y))
    glow = np.exp(-((x - 930) ** 2 + 2 * (y - 330) ** 2) / 52000)
    sky = mix(sky, colour("ffe9b0"), 0.75 * glow)
    over(sky, colour("fffbe8"), blur(disc(SIZE, (930, 318), 34), 2))
    _land(sky)
    sky = np.nan_to_num(sky)
    tiles = fractal((1024, 1024), (90, 60), 20, 5), fractal((1024, 1024), (150, 80), 30, 4)
    return Sea(sky, tiles, *_boat())


def _land(picture: Array) -> None:
    """Draw a headland with a lighthouse."""
    y, x = np.indices(SIZE, np.float32)
    top = (
        HORIZON
        - 95 * step(860, 1240, x)
        - 26 * fractal((1, WIDTH), 140, 41, 5)[0] * step(840, 1000, x)
    )
    land = step(-1, 1, y - top) * step(850, 880, x) * step(HORIZON + 1, HORIZON, y)
    rock = ramp(
        ((0, "4b4a3c"), (0.5, "7d7550"), (1, "b9a878")), 0.5 + 0.5 * fractal(SIZE, (40, 26), 42, 4)
    )
    rock = mix(rock, colour("5f7d3c"), step(30, 8, y - top + 12 * fractal(SIZE, 30, 43)))
    over(
        picture,
        rock * lit(9 * fractal(SIZE, (30, 20), 44, 4), (-0.6, -0.6, 0.7), 0.5)[..., None],
        land,
    )
    far = HORIZON - 34 - 16 * fractal((1, WIDTH), 260, 47, 4)[0]
    over(
        picture,
        colour("8ba3bd"),
        step(-1, 1, y - far) * step(420, 200, x) * step(HORIZON + 1, HORIZON, y),
    )
    tower = area(SIZE, [(1100, 320), (1106, 196), (1130, 196), (1138, 320)])
    bands = mix(
        colour("f4efe2"), colour("c43a2c"), step(0.45, 0.55, np.abs((y / 42) % 1 - 0.5) * 2)
    )
    over(picture, bands * lit(swell(tower, 15), (-0.7, -0.3, 0.7))[..., None].clip(0.4, 1.3), tower)
    over(
        picture,
        colour("3a3f46"),
        area(SIZE, [(1102, 198), (1106, 172), (1118, 158), (1130, 172), (1134, 198)]),
    )
    over(
        picture, colour("ffe79a"), area(SIZE, [(1110, 192), (1111, 176), (1126, 176), (1127, 192)])
    )


def _boat() -> tuple[Array, Array]:
    """The boat on even keel: (HEIGHT, WIDTH, 3), and its mask."""
    picture, mask = np.zeros((*SIZE, 3), np.float32), np.zeros(SIZE, np.float32)

    def at(points: Points) -> Array:
        return np.array(points, np.float32) + np.array(BOAT, np.float32)

    def put(shape: Array, paint: Array) -> None:
        over(picture, paint, shape)
        np.maximum(mask, shape, out=mask)

    y, x = np.indices(SIZE, np.float32)
    wood = colour("6b4426") * (1 + 0.25 * fractal(SIZE, (8, 60), 50, 3))[..., None]
    put(line(SIZE, at([(10, -40), (10, -420)]), 10), wood)
    for points, code, seed in (
        (
            [(16, -62), (60, -180), (38, -300), (14, -405), (190, -300), (250, -70), (130, -58)],
            "b4452c",
            51,
        ),
        (
            [(2, -400), (-60, -270), (-140, -130), (-190, -62), (-110, -72), (0, -84), (-24, -240)],
            "f0e2c0",
            52,
        ),
    ):
        sail = area(SIZE, np.concatenate([curve(at(points), 10)]))
        belly = lit(swell(sail, 90), (-0.75, -0.35, 0.6), 0.75).clip(0.45, 1.35)
        seams = 1 - 0.22 * step(0.9, 0.98, np.abs(((y + 0.35 * x) / 46) % 1 - 0.5) * 2)
        cloth = colour(code) * (belly * seams * (1 + 0.07 * fractal(SIZE, 60, seed, 4)))[..., None]
        put(sail, cloth)
    put(line(SIZE, at([(12, -66), (262, -66)]), 8), wood)
    for end in ((-232, -54), (268, -52)):
        put(line(SIZE, at([(10, -416), end]), 2), np.broadcast_to(colour("3a2c22"), picture.shape))
    put(
        blob(SIZE, at([(12, -420), (60, -432), (100, -414), (58, -410)])),
        np.broadcast_to(colour("2b58a0"), picture.shape),
    )
    _sailor(put, at)
    hull = area(SIZE, np.concatenate([curve(at([(-250, -58), (-120, -36), (60, -30), (240, -54)]),
     closed=False),
                                      curve(at([(240, -54), (218, 4), (120, 20), (-120, 20),
                                       (-200, 2), (-250, -58)]), closed=False)]))  # fmt: skip
    below = (y - BOAT[1] + 40) / 60
    planks = 1 - 0.4 * step(
        0.84, 0.97, np.abs((below * 4.2 + 0.0006 * (x - BOAT[0])) % 1 - 0.5) * 2
    )
    paint = ramp(
        (
            (0, "3f7f9c"),
            (0.62, "2a5a78"),
            (0.66, "e9e0c8"),
            (0.74, "e9e0c8"),
            (0.78, "8c2f26"),
            (1, "5c1c1a"),
        ),
        below,
    )
    light = lit(swell(hull, 40), (-0.5, -0.8, 0.6), 0.6).clip(0.35, 1.4)
    put(hull, paint * (planks * light * (1 + 0.12 * fractal(SIZE, (90, 8), 55, 3)))[..., None])
    rail = curve(at([(-254, -60), (-120, -38), (60, -32), (244, -56)]), closed=False)
    put(line(SIZE, rail, 8), colour("c9935a") * np.ones_like(picture))
    return picture, mask


def _sailor(put: Put, at: Callable[[Points], Array]) -> None:
    """Draw a sailor in oilskins, from the chest up."""
    coat = blob(SIZE, at([(146, -30), (144, -84), (164, -104), (186, -84), (190, -30)]))
    ones = np.ones((*SIZE, 3), np.float32)
    for shape, code, radius in ((coat, "e0b030", 16), (disc(SIZE, at([(164, -116)])[0], 13),
     "d9a27c", 12),
                                (disc(SIZE, at([(163, -127)])[0], (17, 7)),
                                 "2b3a55", 6)):  # fmt: skip
        put(
            shape,
            ones
            * colour(code)
            * lit(swell(shape, radius), (-0.6, -0.6, 0.7)).clip(0.4, 1.3)[..., None],
        )
