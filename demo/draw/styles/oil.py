"""A painting in thick oil: a field of wheat with poppies under a whirling sky."""

from dataclasses import dataclass

import numpy as np

from demo.draw.canvas import (
    Array,
    blur,
    colour,
    fractal,
    lit,
    mix,
    noise,
    over,
    ramp,
    shrink,
    step,
    stroke,
)

HEIGHT, WIDTH = 768, 1024
HORIZON = 0.58 * HEIGHT
WHIRLS = (
    (0.2, 0.2, 1.0, 150),
    (0.48, 0.36, -1.0, 120),
    (0.78, 0.2, 1.2, 170),
    (1.0, 0.5, -0.8, 120),
)
"""Whirls of the sky: x and y as fractions of the picture's size, turn, reach in pixels."""


def draw() -> Array:
    """The picture, 384 x 512."""
    canvas = _Canvas(_design(), _directions())
    random = np.random.default_rng(5)
    for width, length, count in ((40, 150, 900), (24, 100, 1900), (13, 60, 3400)):
        places = random.uniform(-0.06, 1.06, (count, 2)) * (WIDTH, HEIGHT)
        for place in places[np.argsort(places[:, 1] + random.normal(0, 90, count))]:
            canvas.brush(place, width * random.uniform(0.7, 1.2), length, random)
    _poppies(canvas, random)
    return shrink(canvas.dried(), 2)


def _design() -> Array:
    """The picture from which strokes take their colours."""
    size = HEIGHT, WIDTH
    y, x = np.indices(size, np.float32)
    sky = ramp(
        ((0, "1d2f78"), (0.3, "3a62b0"), (0.55, "8f7fc4"), (0.78, "f09a86"), (1, "ffd98a")),
        y / HORIZON,
    )
    for place_x, place_y, turn, reach in WHIRLS:
        away = np.hypot(x - place_x * WIDTH, y - place_y * HEIGHT)
        angle = np.arctan2(y - place_y * HEIGHT, x - place_x * WIDTH)
        arms = 0.5 + 0.5 * np.sin(2 * angle * np.sign(turn) - away / reach * 7)
        sky = mix(
            sky,
            colour("fbe3c2"),
            0.9 * step(0.35, 0.9, arms) * step(1.25 * reach, 0.3 * reach, away),
        )
        sky = mix(
            sky,
            colour("23266b"),
            0.6 * step(0.75, 1, 1 - arms) * step(1.5 * reach, 0.5 * reach, away),
        )
    sun = np.hypot(x - 0.78 * WIDTH, y - 0.2 * HEIGHT)
    sky = mix(sky, colour("f6c53d"), step(105, 60, sun))
    sky = mix(sky, colour("fdf3bd"), step(62, 40, sun))
    depth = (y - HORIZON) / (HEIGHT - HORIZON)
    wheat = ramp(
        ((0, "f0cf63"), (0.5, "dd9b27"), (1, "96591c")), depth + 0.16 * fractal(size, 160, 8)
    )
    wheat = mix(wheat, colour("6c7a2c"), step(0.25, 0.6, fractal(size, (230, 60), 12)))
    picture = np.where((y < HORIZON)[..., None], sky, wheat)
    for rise, shade, seed in ((74, "6a6fb5", 21), (46, "3a6686", 22), (20, "285440", 23)):
        top = HORIZON - rise - 0.6 * rise * fractal((1, WIDTH), 260, seed, 4)[0]
        over(picture, colour(shade), ((y > top) & (y < HORIZON + 6)).astype(np.float32))
    return picture


def _directions() -> Array:
    """Direction of the strokes at every pixel, in radians."""
    size = HEIGHT, WIDTH
    y, x = np.indices(size, np.float32)
    along_x, along_y = np.full(size, 0.55, np.float32), 0.25 * noise(size, 200, 31)
    for place_x, place_y, turn, reach in WHIRLS:
        away_x, away_y = (x - place_x * WIDTH) / reach, (y - place_y * HEIGHT) / reach
        strength = 2.5 * turn * np.exp(-(away_x**2 + away_y**2) / 1.6)
        along_x, along_y = along_x - strength * away_y, along_y + strength * away_x
    sky = np.arctan2(along_y, along_x)
    wheat = -1.35 + 0.75 * noise(size, 240, 33) + 0.25 * noise(size, 50, 34)
    hills = 0.35 * noise(size, 120, 35)
    ground = np.where(y < HORIZON + 12, hills, wheat)
    return np.where(y < HORIZON - 85, sky, ground).astype(np.float32)


@dataclass
class _Canvas:
    """Paint and its thickness.

    design: the colours of the strokes.
    angles: their directions, in radians.
    """

    design: Array
    angles: Array

    def __post_init__(self) -> None:
        self.paint = np.empty_like(self.design)
        self.paint[:] = self.design * 0.8
        self.thickness = np.zeros(self.design.shape[:2], np.float32)

    def brush(self, place: Array, width: float, length: float, random: np.random.Generator) -> None:
        """Paint one stroke from `place` along the directions."""
        x, y = np.clip(place.astype(int), 0, (WIDTH - 1, HEIGHT - 1))
        shade = self.design[y, x] + random.normal(0, 0.035, 3) + random.normal(0, 0.05)
        self.lay(self._follow(place, length * random.uniform(0.6, 1.2)), width, shade, random)

    def lay(self, path: Array, width: float, shade: Array, random: np.random.Generator) -> None:
        """Paint one stroke bristle by bristle: colours vary, and paint is thicker at the sides."""
        heading = np.gradient(path, axis=0)
        sideways = np.stack([-heading[:, 1], heading[:, 0]], 1)
        sideways /= np.maximum(np.linalg.norm(sideways, axis=1, keepdims=True), 1e-6)
        pressure = np.sin(np.linspace(0.25, 0.96, len(path)) * np.pi)[:, None] ** 0.4
        second = shade + random.normal(0, 0.07, 3)
        level = random.uniform(0.3, 1)
        for side in random.permutation(np.linspace(-1, 1, max(int(width / 2.2), 3))):
            first, last = random.integers(0, 3), len(path) - random.integers(0, 3)
            line = (path + sideways * pressure * side * width / 2)[first:last]
            if len(line) > 1:
                tint = mix(shade, second, 0.5 + 0.5 * side) + random.normal(0, 0.028)
                stroke(self.paint, line, np.clip(tint, 0.02, 1), 3)
                stroke(
                    self.thickness, line, level + 0.35 * abs(side) ** 3 + random.uniform(0, 0.45), 3
                )

    def _follow(self, place: Array, length: float) -> Array:
        points = [np.asarray(place, np.float32)]
        for _ in range(max(int(length / 8), 2)):
            x, y = np.clip(points[-1].astype(int), 0, (WIDTH - 1, HEIGHT - 1))
            angle = self.angles[y, x]
            points.append(points[-1] + 8 * np.array((np.cos(angle), np.sin(angle)), np.float32))
        return np.array(points)

    def dried(self) -> Array:
        """The paint with light on its relief."""
        relief = blur(self.thickness, 0.9) + 0.25 * blur(self.thickness, 3)
        light = lit(relief, (-0.6, -0.7, 0.9), 3.2)
        gloss = np.clip(light - 1.22, 0, 0.35)[..., None]
        return self.paint * mix(1, light, 0.62)[..., None] + 0.8 * gloss


def _poppies(canvas: _Canvas, random: np.random.Generator) -> None:
    reds = [colour(code) for code in ("d8301c", "b91c1c", "ee5a2a", "e23d3d")]
    for near, place in sorted(random.uniform(0, 1, (46, 2)).tolist()):
        middle = np.array((place * WIDTH, HORIZON + 30 + near**1.3 * (HEIGHT - HORIZON - 20)))
        radius = 6 + 18 * near
        for angle in random.uniform(0, 2 * np.pi, 4 + int(4 * near)):
            turns = angle + np.linspace(0, 1.6, 6)
            path = middle + radius * 0.55 * np.stack([np.cos(turns), 0.75 * np.sin(turns)], 1)
            canvas.lay(path, radius * 0.9, reds[random.integers(4)], random)
        if near > 0.3:
            dark = np.array([middle - 2, middle + 2])
            canvas.lay(dark, radius * 0.35, colour("24142a"), random)
