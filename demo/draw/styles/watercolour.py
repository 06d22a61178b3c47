"""A watercolour: autumn trees at a lake under blue hills, wet in wet, on rough paper."""

import numpy as np

from demo.draw.canvas import (
    Array,
    bend,
    blob,
    blur,
    colour,
    disc,
    fractal,
    lit,
    noise,
    rough,
    shrink,
    step,
    stroke,
)

HEIGHT, WIDTH = 768, 1024
SIZE = HEIGHT, WIDTH
SHORE = 430


class _Sheet:
    """Rough paper for transparent washes."""

    def __init__(self) -> None:
        self.grain = fractal(SIZE, 9, 1, 3) + 0.4 * fractal(SIZE, 40, 2, 2)
        self.light = np.empty((*SIZE, 3), np.float32)
        self.light[:] = colour("f8f3e6")

    def wash(
        self, mask: Array, code: str, strength: float, seed: int, wet: float = 0, loose: float = 1
    ) -> None:
        """Paint a transparent wash; pigment gathers at its edge and in the paper's hollows.

        strength: of the colour, 1 as the code says.
        wet: how far it runs, in pixels.
        loose: how far its edge strays, relative to the usual.
        """
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        top, left = max(rows[0] - 60, 0), max(columns[0] - 60, 0)
        part = np.s_[top : rows[-1] + 60, left : columns[-1] + 60]
        density = self._density(mask[part], self.grain[part], strength, seed, wet, loose)
        self.light[part] *= np.exp(density[..., None] * np.log(colour(code).clip(0.02, 0.99)))

    @staticmethod
    def _density(
        mask: Array, grain: Array, strength: float, seed: int, wet: float, loose: float
    ) -> Array:
        """Optical density of the wash: the exponent of its colour at every pixel."""
        size = mask.shape[0], mask.shape[1]
        mask = rough(mask, 90, loose * (10 + wet / 2), seed)
        mask = rough(mask, 16, loose * (2.5 + wet / 8), seed + 3)
        if wet:
            mask = blur(mask, wet)
        rim = (mask - blur(mask, 7)).clip(0) * (0.35 if wet else 1.3)
        rim += (mask - blur(mask, 2.5)).clip(0) * (0 if wet else 0.9)
        flow = 0.72 + 0.42 * fractal(size, 150, seed + 6, 4)
        back = fractal(size, 120, seed + 12, 5)
        bloom = 0.4 * np.exp(-(((back - 0.32) / 0.035) ** 2)) - 0.28 * step(0.3, 0.42, back)
        pigment = mask * (flow + bloom) + rim
        pigment *= 1 + 0.24 * grain
        skipped = step(0.55, 0.85, grain + 0.25 * noise(size, 60, seed + 20)) * (0 if wet else 0.6)
        return (strength * pigment * (1 - skipped)).clip(0, 2.2)

    def dried(self) -> Array:
        """The picture, with light from the side on the paper's grain."""
        return self.light * (0.8 + 0.2 * lit(self.grain, depth=0.6))[..., None]


def draw() -> Array:
    """The picture, 384 x 512."""
    sheet = _Sheet()
    y, _ = np.indices(SIZE, np.float32)
    _sky(sheet, y)
    crowns = _crowns()
    _hills(sheet, y, 1 - 0.9 * blur(np.max([crown for _, crown, _ in crowns], 0), 4))
    _trees(sheet, crowns)
    _lake(sheet, y)
    _reeds(sheet)
    return shrink(sheet.dried(), 2)


def _sky(sheet: _Sheet, y: Array) -> None:
    cloud = fractal(SIZE, (330, 190), 30, 5)
    sheet.wash(step(400, 150, y) * step(0.28, -0.15, cloud), "4f86cf", 0.95, 31, 12)
    sheet.wash(step(300, 0, y) * step(0.1, -0.4, cloud), "3a4fa3", 0.6, 32, 14)
    sheet.wash(step(150, 420, y) * step(560, 430, y), "f6c874", 0.75, 33, 20)
    sheet.wash(
        step(230, 330, y) * step(430, 340, y) * step(-0.1, 0.5, cloud), "e58a8a", 0.7, 34, 14
    )


def _hills(sheet: _Sheet, y: Array, free: Array) -> None:
    for rise, code, strength, seed in (
        (180, "8fa2d6", 0.8, 40),
        (110, "5c6fb5", 0.95, 41),
        (60, "47568f", 0.9, 43),
    ):
        top = SHORE - rise - 0.45 * rise * fractal((1, WIDTH), 360, seed, 5)[0]
        fade = 0.55 + 0.45 * step(130, 0, y - top)
        sheet.wash(((y > top) & (y < SHORE)).astype(np.float32) * fade * free, code, strength, seed)


TREES = (
    (70, 210, 110, "c8421d"), (190, 150, 90, "e8a11f"), (290, 110, 75, "7d8f2a"),
     (385, 130, 70, "d9641c"),
    (640, 90, 70, "e8b42c"), (735, 150, 95, "b5301f"), (850, 230, 130, "e27a18"),
     (975, 190, 110, "8a9a2e"),
)  # fmt: skip
"""Trees along the shore: x, height, width, colour code."""


def _crowns() -> list[tuple[str, Array, int]]:
    """Three layers of leaves for every tree, each sparser: colour code, mask, layer."""
    random = np.random.default_rng(6)
    crowns = []
    for number, (x, tall, wide, code) in enumerate(TREES):
        for layer in range(3):
            crown = np.zeros(SIZE, np.float32)
            for _ in range(18 - 4 * layer):
                away = random.normal(0, 0.26, 2) * (wide, tall * 0.75) + (layer * 7, layer * 9)
                middle = np.array((x, SHORE - 0.58 * tall)) + away
                radius = wide * random.uniform(0.1, 0.27) * (1 - 0.2 * layer)
                crown = np.maximum(crown, disc(SIZE, middle, (1.1 * radius, 0.85 * radius)))
            shade = code if layer < 2 else "8a4a5c"
            crowns.append((shade, rough(crown, 22, 9, 7 * number + layer), layer))
    return crowns


def _trees(sheet: _Sheet, crowns: list[tuple[str, Array, int]]) -> None:
    for number, (shade, crown, layer) in enumerate(crowns):
        strength, wet = ((0.95, 5), (0.75, 0), (0.55, 0))[layer]
        sheet.wash(crown, shade, strength, 200 + 9 * number, wet)
    for number, (x, tall, wide, _) in enumerate(TREES):
        trunk = np.zeros(SIZE, np.float32)
        for lean in (-0.16, 0.02, 0.14):
            bend_x, top_x = x + 0.3 * lean * wide, x + lean * wide
            path = [(x, SHORE + 4), (bend_x, SHORE - 0.35 * tall), (top_x, SHORE - 0.8 * tall)]
            stroke(trunk, path, 1, 2 + wide / 60)
        sheet.wash(trunk, "5a3a44", 0.8, 300 + number, loose=0.3)
    bank = blob(
        SIZE,
        [
            (-40, SHORE - 14),
            (260, SHORE - 10),
            (520, SHORE + 2),
            (800, SHORE - 12),
            (1080, SHORE - 16),
            (1080, SHORE + 20),
            (500, SHORE + 16),
            (-40, SHORE + 24),
        ],
    )
    sheet.wash(bank, "5a6a26", 0.9, 80)
    sheet.wash(bank, "4b3550", 0.55, 81)


def _lake(sheet: _Sheet, y: Array) -> None:
    """Paint the reflection of what stands above the shore: wavy, darker and bluer."""
    above = blur(sheet.light[: SHORE + 10][::-1], 3)
    depth = HEIGHT - SHORE - 10
    rows = (np.linspace(0, 0.97, depth) * (len(above) - 1)).astype(int)
    mirrored = np.ones_like(sheet.light)
    mirrored[SHORE + 10 :] = above[rows]
    ripples = noise(SIZE, (130, 9), 90) * step(SHORE, HEIGHT, y) * 46 + 12 * noise(
        SIZE, (50, 5), 91
    )
    mirrored = bend(mirrored, ripples, 5 * noise(SIZE, (90, 16), 92))
    water = step(SHORE + 8, SHORE + 13, y + 3 * noise(SIZE, 60, 93))
    gaps = step(0.62, 0.8, fractal(SIZE, (190, 12), 94, 3) + 0.25 * step(640, 760, y))
    sheet.light *= 1 - water[..., None] * (1 - mirrored.clip(0.05, 1)) * (1 - 0.8 * gaps[..., None])
    sheet.wash(water * (1 - gaps), "a9c2e4", 0.6, 95)
    sheet.wash(
        step(600, 780, y) * step(-0.2, 0.3, fractal(SIZE, (240, 30), 96)), "2c4a86", 0.8, 97, 6
    )


def _reeds(sheet: _Sheet) -> None:
    random = np.random.default_rng(9)
    for group, (code, count) in enumerate((("6e7d1f", 34), ("9a5a1c", 26), ("2b3a2e", 24))):
        mask = np.zeros(SIZE, np.float32)
        for x in np.concatenate(
            [random.normal(130, 90, count), random.normal(930, 60, count // 2)]
        ):
            tall, lean = random.uniform(90, 300), random.normal(0, 40)
            t = np.linspace(0, 1, 14)
            path = np.stack([x + lean * t**2, 775 - tall * t], 1)
            for k in range(13):
                stroke(mask, path[k : k + 2], 1, 6 * (1 - t[k]) + 1)
        sheet.wash(mask, code, 0.95, 400 + group, loose=0.25)
    drops = np.zeros(SIZE, np.float32)
    for x, y, radius in random.uniform(0, 1, (46, 3)):
        drops = np.maximum(drops, disc(SIZE, (x * WIDTH, 430 + 330 * y), 1.5 + 6 * radius**4))
    sheet.wash(drops, "b5451f", 0.8, 500)
