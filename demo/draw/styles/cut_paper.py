"""Cut paper: plants with fingers, cut from sheets painted in gouache and pasted on one another."""

from collections.abc import Sequence

import cv2
import numpy as np

from demo.draw.canvas import (
    Array,
    area,
    blur,
    cast,
    colour,
    disc,
    fractal,
    lit,
    noise,
    over,
    rough,
    shrink,
    step,
)

HEIGHT, WIDTH = 768, 1024
SIZE = HEIGHT, WIDTH

SHEETS = (
    (0, 0, 360, 400, "1747a0"), (350, 0, 690, 250, "f2b31c"), (680, 0, 1024, 330, "d92b23"),
    (0, 392, 250, 768, "f3ead6"), (240, 392, 560, 768, "0f8a5c"), (350, 240, 690, 560, "e9558a"),
    (550, 520, 800, 768, "20242e"), (680, 322, 1024, 560, "f58a1f"),
     (790, 550, 1024, 768, "39a9dc"),
)  # fmt: skip
"""The sheets of the background: left, top, right, bottom, colour code."""

PLANTS = (
    (180, 370, -92, 330, 5, "f7f1e1"), (130, 740, -84, 320, 5, "d92b23"),
     (520, 232, -100, 205, 3, "1747a0"),
    (400, 742, -88, 330, 5, "f6d443"), (545, 545, -82, 285, 4, "1a2a6c"),
     (850, 318, -97, 290, 5, "f2b31c"),
    (680, 752, -95, 220, 4, "6fc15c"), (845, 556, -60, 215, 3, "8b1e5b"),
     (915, 754, -100, 190, 4, "f7f1e1"),
)  # fmt: skip
"""Plants: foot x and y, direction in degrees, length, fingers on each side, colour code."""


def draw() -> Array:
    """The picture, 384 x 512."""
    picture = np.empty((*SIZE, 3), np.float32)
    picture[:] = colour("efe6d0")
    random = np.random.default_rng(11)
    for number, (left, top, right, bottom, code) in enumerate(SHEETS):
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
        mask = area(SIZE, corners + random.normal(0, 5, (4, 2)))
        _paste(picture, mask, code, 100 + 10 * number)
    for number, (x, y, degrees, length, fingers, code) in enumerate(PLANTS):
        _paste(picture, _plant((x, y), degrees, length, fingers, random), code, 300 + 10 * number)
    for number, (x, y, radius, code) in enumerate(
        (
            (745, 70, 40, "f7f1e1"),
            (300, 60, 30, "f2b31c"),
            (985, 520, 30, "1747a0"),
            (620, 300, 26, "f7f1e1"),
            (215, 440, 30, "1747a0"),
        )
    ):
        _paste(
            picture,
            rough(disc(SIZE, (x, y), (radius, 1.15 * radius), 20), 70, 7, number),
            code,
            500 + 10 * number,
        )
    return shrink(picture, 2)


def _plant(
    foot: Sequence[float], degrees: float, length: float, fingers: int, random: np.random.Generator
) -> Array:
    """The mask of a stem with round fingers on both sides."""
    mask = np.zeros(SIZE, np.float32)
    turn = np.deg2rad(degrees + random.uniform(-16, 16) * np.linspace(-1, 1, 30))
    stem = np.cumsum(np.stack([np.cos(turn), np.sin(turn)], 1), 0) * length / 30 + foot
    thick = 0.052 * length + 3
    _limb(mask, stem, 0.5 * thick, 1.0 * thick)
    for place in np.linspace(0.12, 0.84, min(fingers, 4)):
        reach = length * (0.42 - 0.2 * abs(place - 0.35)) * random.uniform(0.85, 1.15)
        for side in (-1, 1):
            start = stem[int((place + 0.04 * side) * 29)]
            angle = turn[int(place * 29)] + side * np.linspace(1.5, 0.45, 12)
            finger = start + np.cumsum(np.stack([np.cos(angle), np.sin(angle)], 1), 0) * reach / 12
            _limb(mask, finger, 0.6 * thick, thick * random.uniform(0.8, 1.15))
    return rough(step(0.42, 0.58, blur(mask, 4)), 45, 3, int(foot[0]))


def _limb(mask: Array, path: Array, first: float, last: float) -> None:
    """Draw a line with round ends into a mask; its radius grows from `first` to `last`."""
    for place, radius in zip(path[::1], np.linspace(first, last, len(path)), strict=True):
        cv2.circle(mask, (int(place[0]), int(place[1])), int(radius), 1.0, -1)


def _paste(picture: Array, mask: Array, code: str, seed: int) -> None:
    """Paste a cut sheet: its shadow, its white cut edge, its painted face."""
    picture *= (1 - 0.5 * cast(mask, 5, 7, 5) - 0.25 * cast(mask, 2, 3, 1.5))[..., None]
    over(picture, colour("f5efe0"), mask)
    face = step(0.3, 0.9, blur(mask, 1.5))
    curl = lit(blur(mask, 3), (-0.6, -0.75, 0.8), 5)
    over(picture, _gouache(code, seed) * (0.65 + 0.35 * curl.clip(0.4, 1.5))[..., None], face)


def _gouache(code: str, seed: int) -> Array:
    """A sheet painted with a broad brush: bands, streaks, thin places and the paper's grain."""
    random = np.random.default_rng(seed)
    wide = int(np.hypot(*SIZE))
    square = wide, wide
    bands = (
        0.5 * noise(square, (500, 60), seed)
        + 0.5 * np.sign(noise(square, (300, 34), seed + 1)) * 0.4
    )
    streaks = fractal(square, (240, 9), seed + 2, 3, 0.7)
    thin = step(0.35, 0.9, fractal(square, (110, 14), seed + 3, 4))
    turn = cv2.getRotationMatrix2D(
        (wide / 2, wide / 2), random.uniform(-35, 35) + 90 * random.integers(2), 1
    )
    turn[:, 2] += (WIDTH - wide) / 2, (HEIGHT - wide) / 2
    bands, streaks, thin = (
        cv2.warpAffine(m, turn, (WIDTH, HEIGHT)) for m in (bands, streaks, thin)
    )
    grain = lit(fractal(SIZE, 6, seed + 4, 3), depth=0.5)
    hue = noise(SIZE, 260, seed + 5)[..., None] * np.array((0.05, 0.0, -0.05), np.float32)
    shade = colour(code) * (1 + 0.11 * bands + 0.075 * streaks)[..., None] + hue
    shade += (colour("f5efe0") - shade) * 0.17 * thin[..., None]
    return shade * (0.75 + 0.25 * grain)[..., None]
