"""A brush drawing in ink washes on paper: bamboo in front of misty mountains, and a red sun."""

from itertools import pairwise

import numpy as np

from demo.draw.canvas import (
    Array,
    area,
    blur,
    colour,
    disc,
    fractal,
    glaze,
    noise,
    rough,
    shrink,
    step,
    stroke,
)

HEIGHT, WIDTH = 1024, 800
SIZE = HEIGHT, WIDTH
INK = colour("16181f")


def draw() -> Array:
    """The picture, 512 x 400."""
    picture = _paper()
    sun = rough(disc(SIZE, (545, 235), 84), 60, 3, 3)
    wash = sun * (0.72 + 0.2 * fractal(SIZE, 90, 4)) + 0.35 * (sun - blur(sun, 9)).clip(0)
    glaze(picture, colour("c8301e"), wash * step(400, 190, np.indices(SIZE)[0].astype(np.float32)))
    bamboo = _bamboo()
    free = 1 - 0.85 * step(0.04, 0.3, blur(bamboo, 2.5))
    for number, (top, dark) in enumerate(((330, 0.28), (440, 0.45), (600, 0.7), (800, 1.0))):
        glaze(picture, INK, _mountain(top, dark, 40 + 10 * number) * free)
    glaze(picture, INK, bamboo.clip(0, 1) * 0.97)
    _seal(picture)
    return shrink(picture, 2)


def _paper() -> Array:
    fibres = np.zeros(SIZE, np.float32)
    random = np.random.default_rng(1)
    for x, y, angle, bow in random.uniform(0, 1, (700, 4)):
        turn = angle * 2 * np.pi + (bow - 0.5) * np.linspace(-2, 2, 6)
        steps = np.stack([np.cos(turn), np.sin(turn)], 1) * 9
        stroke(
            fibres, np.add(np.cumsum(steps, 0), (x * WIDTH, y * HEIGHT)), random.uniform(-1, 1), 1
        )
    tone = 0.028 * fractal(SIZE, 300, 2) + 0.02 * fractal(SIZE, 8, 9, 3) + 0.035 * blur(fibres, 0.8)
    return colour("ede1c6") * (1 + tone[..., None] * np.array((1, 1.1, 1.5), np.float32))


def _mountain(top: float, dark: float, seed: int) -> Array:
    """Amount of ink of a mountain: most along its ridge, fading down into the mist."""
    y, x = np.indices(SIZE, np.float32)
    peaks = fractal((1, WIDTH), 330, seed, 6, 0.52)[0]
    ridge = top - 150 * peaks - 40 * np.abs(noise((1, WIDTH), 120, seed + 7)[0])
    below = y - ridge - 6 * noise(SIZE, 14, seed + 1) - 3 * noise(SIZE, 5, seed + 2)
    inside = step(-2, 3, below)
    wet = 0.75 + 0.35 * fractal(SIZE, 110, seed + 3)
    fade = np.exp(-np.maximum(below, 0) / (95 + 50 * noise(SIZE, 200, seed + 4)))
    slope = below * (0.55 + 0.35 * np.sign(noise(SIZE, 300, seed + 5)))
    creases = fractal((HEIGHT, 2 * WIDTH), (26, 170), seed + 6, 4)
    folds = _sample(creases, x + slope * 0.6 + WIDTH / 2, below * 0.9 + 200)
    strokes = step(0.12, 0.5, folds) * np.exp(-np.maximum(below, 0) / 150)
    rim = np.exp(-np.maximum(below, 0) / 7) * step(-0.3, 0.5, noise(SIZE, 60, seed + 8))
    trees = _trees(ridge, seed) if dark > 0.4 else 0
    ink = inside * (0.66 * fade * wet + 0.6 * strokes + 0.25 * rim) + trees
    return (dark * ink).clip(0, 1)


def _sample(texture: Array, x: Array, y: Array) -> Array:
    """Sample a texture at the nearest lower whole pixels; it is repeated."""
    return texture[y.astype(int) % texture.shape[0], x.astype(int) % texture.shape[1]]


def _trees(ridge: Array, seed: int) -> Array:
    """Mask of trees along parts of a ridge, as dabs of a wet brush."""
    random = np.random.default_rng(seed)
    dabs = np.zeros(SIZE, np.float32)
    for x in np.flatnonzero(random.uniform(0, 1, WIDTH) < 0.1):
        if noise((1, WIDTH), 110, seed + 9)[0, x] > 0:
            tall, y, dark = random.uniform(14, 34), ridge[x] + 4, random.uniform(0.4, 1)
            stroke(dabs, [(x, y), (x + random.normal(0, 2), y - tall)], dark, 2)
            for up in np.arange(4, tall, 4):
                wide = 0.42 * (tall - up) + random.uniform(0, 2.5)
                ends = [
                    (x - wide, y - up + 2.5),
                    (x, y - up),
                    (x + wide, y - up + random.uniform(1, 4)),
                ]
                stroke(dabs, ends, dark * random.uniform(0.6, 1), 2)
    return blur(dabs, 0.7) * (0.75 + 0.35 * noise(SIZE, 20, seed))


def _bamboo() -> Array:
    """Amount of ink of three canes with their leaves."""
    ink = np.zeros(SIZE, np.float32)
    random = np.random.default_rng(8)
    canes = ((690, 560, 1060, 34, 0.75), (735, 790, 1060, 22, 0.5), (110, 40, 1060, 25, 0.62))
    for bottom, top, length, width, dark in canes:
        joints = np.linspace(0, 1, 8) ** 0.92
        for low, high in pairwise(joints):
            along = np.linspace(low + 0.006, high - 0.004, 26)
            sway = 16 * np.sin(along * 3 + bottom)
            path = np.stack([bottom + (top - bottom) * along + sway, 1040 - length * along], 1)
            ends = np.abs(np.linspace(-1, 1, 26)) ** 8
            _brush(
                ink, path, width / 2 * (1 + 0.16 * ends), dark * (0.95 + 0.4 * ends), 0.3, random
            )
    for x, y, lean, count in LEAVES:
        twig = np.array([[x - 34 * lean, y - 22], [x - 14 * lean, y - 12], [x, y]])
        _brush(ink, _smooth(twig), np.full(24, 1.8), np.full(24, 0.8), 0.1, random)
        for _ in range(count):
            angle = np.pi / 2 - lean * random.uniform(-0.5, 1.25)
            length, wide = random.uniform(80, 165), random.uniform(7, 12)
            dark = random.choice((0.45, 0.8, 1.1, 1.2))
            start = np.array((x, y)) + random.normal(0, 7, 2)
            bow = angle + lean * random.uniform(-0.1, 0.5) * np.linspace(0, 1, 30)
            path = start + np.cumsum(np.stack([np.cos(bow), np.sin(bow)], 1), 0) * length / 30
            taper = np.sin(np.linspace(0.03, 1, 30) ** 0.62 * np.pi)
            fade = dark * np.linspace(1, 0.72, 30)
            _brush(ink, path, wide * taper, fade, random.uniform(0.05, 0.35), random)
    return blur(ink, 0.7) * (0.88 + 0.16 * fractal(SIZE, 46, 77)) + 0.12 * blur(ink, 5)


LEAVES = (
    (560, 150, 1, 8),
    (650, 330, -1, 7),
    (590, 370, 1, 9),
    (735, 520, -1, 5),
    (640, 610, 1, 6),
    (90, 130, -1, 6),
    (60, 300, 1, 4),
    (150, 400, -1, 5),
    (760, 130, 1, 5),
)
"""Bundles of leaves: x, y, side (1 left, -1 right), number of leaves."""


def _smooth(points: Array) -> Array:
    """24 points on the quadratic Bezier curve with these three control points."""
    t = np.linspace(0, 1, 24)[:, None]
    return (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]


def _brush(
    ink: Array, path: Array, widths: Array, dark: Array, dry: float, random: np.random.Generator
) -> None:
    """Draw a brush stroke bristle by bristle; bristles run dry towards its end.

    widths: distance from the stroke's centre line to its side, in pixels.
    dry: how dry the brush is, 0 wet.
    """
    heading = np.gradient(path, axis=0)
    sideways = np.stack([-heading[:, 1], heading[:, 0]], 1)
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
    bristles = max(int(widths.max() * 1.3), 3)
    holds = random.uniform(0.78, 1, bristles)
    runs = noise((bristles, len(path)), (9, 1.5), int(random.integers(1 << 30)))
    for number, side in enumerate(np.linspace(-1, 1, bristles)):
        line = path + sideways * (side * widths)[:, None]
        empty = runs[number] < -1 + 2 * dry * np.linspace(0.3, 1, len(path))
        rim = 0.12 * abs(side) ** 4
        for k in np.flatnonzero(~empty[:-1]):
            value = min(dark[k] * holds[number] + rim, 1)
            stroke(ink, line[k : k + 2], value, 2)


def _seal(picture: Array) -> None:
    """Stamp a red seal with a sign made of bars."""
    x, y, side = 236, 96, 62
    block = area(SIZE, [(x, y), (x + side, y), (x + side, y + side), (x, y + side)])
    bars = (
        (10, 10, 20, 52),
        (27, 10, 52, 18),
        (27, 25, 35, 52),
        (42, 25, 52, 38),
        (42, 45, 52, 52),
    )
    for left, top, right, bottom in bars:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        block = block - area(SIZE, np.add(corners, (x, y)))
    worn = step(-0.75, -0.2, fractal(SIZE, 14, 5))
    glaze(picture, colour("bf2417"), rough(block.clip(0, 1), 12, 1.6, 6) * worn * 0.92)
