"""A pen drawing in brown ink on cream paper: a jug with fruit, shaded by crossing lines.

Hatching lines are level sets of a function that rises across the picture. They widen where the
drawing is dark and break off where it is light.
"""

import cv2
import numpy as np

from demo.draw.canvas import (
    Array,
    blob,
    blur,
    cast,
    colour,
    curve,
    disc,
    fractal,
    glaze,
    line,
    lit,
    mix,
    noise,
    shrink,
    step,
    stroke,
    swell,
)

HEIGHT, WIDTH = 768, 1024
SIZE = HEIGHT, WIDTH
TABLE = 500
INK = colour("2c1a12")


def draw() -> Array:
    """The picture, 384 x 512."""
    tone, height, outlines = _still_life()
    ink = np.zeros(SIZE, np.float32)
    layers = ((12, 0.86, 20, 0.55), (10, 0.66, -42, 0.9), (9, 0.48, 62, 0.35), (8, 0.32, 5, 0.2))
    for number, (gap, light, degrees, bulge) in enumerate(layers):
        ink = np.maximum(ink, _hatch(tone, height, gap, light, degrees, bulge, 60 + number))
    ink = np.maximum(ink, _contours(outlines))
    ink *= 0.92 + 0.1 * fractal(SIZE, 8, 5, 2)
    picture = _paper()
    glaze(
        picture,
        colour("b9653a"),
        0.55 * step(0.75, 0.15, blur(tone, 5)) * (1 + 0.3 * fractal(SIZE, 60, 90)),
    )
    glaze(picture, INK, ink.clip(0, 1))
    return shrink(picture, 2)


def _paper() -> Array:
    grain = (
        0.02 * fractal(SIZE, 7, 1, 3)
        + 0.03 * fractal(SIZE, 260, 2, 3)
        + 0.012 * noise(SIZE, (40, 2), 3)
    )
    return colour("f0e3c4") * (1 + grain[..., None] * np.array((1, 1.1, 1.6), np.float32))


HANDLE = curve(
    [(392, 262), (470, 244), (536, 268), (545, 345), (505, 405), (458, 436)], closed=False
)

THINGS: tuple[tuple[float, float, float, float, tuple[tuple[float, float], ...]], ...] = (
    # x and y of the foot, size, lightness, outline in units of the size
    (
        (330, 600, 430, 0.9, ((-0.2, 0), (-0.33, -0.14), (-0.37, -0.36), (-0.27, -0.58),
         (-0.14, -0.72),
         (-0.12, -0.86), (-0.2, -0.97), (0, -1), (0.17, -0.96), (0.11, -0.86), (0.13, -0.72),
         (0.26, -0.58), (0.37, -0.36), (0.33, -0.14), (0.2, 0), (0, 0.015)))
    ),
    (
        (735, 590, 250, 1.0, ((-0.3, -0.02), (-0.42, -0.2), (-0.38, -0.42), (-0.2, -0.62),
         (-0.14, -0.85),
         (0.02, -0.98), (0.16, -0.86), (0.2, -0.62), (0.38, -0.42), (0.42, -0.2), (0.3, -0.02),
          (0, 0.02)))
    ),
    ((560, 650, 190, 0.6, ((-0.35, -0.03), (-0.55, -0.4), (-0.42, -0.78), (-0.1, -0.82),
     (0, -0.77), (0.12, -0.83),
      (0.45, -0.76), (0.55, -0.4), (0.33, -0.03), (0, 0)))),
    ((880, 668, 165, 0.72, ((-0.4, -0.04), (-0.6, -0.38), (-0.42, -0.74), (-0.06, -0.8),
     (0.02, -0.76), (0.14, -0.8),
      (0.45, -0.72), (0.58, -0.38), (0.36, -0.04), (0, 0)))),
)  # fmt: skip


def _still_life() -> tuple[Array, Array, list[Array]]:
    """The tone (lightness) and the height map, in pixels, of the still life, and outlines."""
    y, x = np.indices(SIZE, np.float32)
    wall = (
        0.66
        + 0.14 * step(150, 600, x)
        - 0.12 * step(620, 1024, x + 0.3 * y)
        - 0.5 * step(420, 20, x + 0.5 * y)
    )
    board = 0.98 - 0.3 * step(TABLE, TABLE + 20, y) * step(HEIGHT, TABLE, y)
    tone = np.where(y < TABLE, wall - 0.18 * step(TABLE - 70, TABLE, y), board).astype(np.float32)
    tone -= 0.32 * step(HEIGHT - 80, HEIGHT, y)
    height = np.zeros(SIZE, np.float32)
    outlines = []
    for foot_x, foot_y, size, light, points in THINGS:
        outline = curve(np.array(points) * size + (foot_x, foot_y))
        mask = blob(SIZE, np.array(points) * size + (foot_x, foot_y))
        if foot_x == 330:
            mask = np.maximum(mask, line(SIZE, HANDLE, 26))
        shadow = disc(SIZE, (foot_x + 0.33 * size, foot_y - 8), (0.6 * size, 0.11 * size), -5)
        tone -= 0.62 * blur(shadow, 9) * (y > TABLE) + 0.3 * cast(mask, 60, 12, 22) * (y <= TABLE)
        body = swell(mask, 0.36 * size)
        shade = lit(blur(body, 5), (-0.75, -0.55, 0.75), 1.1)
        bounce = 0.16 * step(0.75, 1.15, lit(body, (0.9, 0.4, 0.5), 1))
        inside = (light * np.clip(0.86 * shade - 0.06, 0.14, 1.2) + bounce).clip(0.14, 1.1)
        glint = disc(
            SIZE, (foot_x - 0.16 * size, foot_y - 0.5 * size), (0.05 * size, 0.085 * size), 20
        )
        inside = np.maximum(inside, 1.2 * blur(glint, 3))
        tone, height = mix(tone, inside, mask), mix(height, body, mask)
        outlines.append(outline)
    outlines += _details()
    lip = disc(SIZE, (324, 186), (70, 17), 2)
    return mix(tone, 0.2 + 0 * tone, lip), height, outlines


def _details() -> list[Array]:
    """Lines in and around the objects: handle, stalks, the table's edge and boards."""
    heading = np.gradient(HANDLE, axis=0)
    sideways = np.stack([-heading[:, 1], heading[:, 0]], 1)
    sideways *= 13 / np.linalg.norm(sideways, axis=1, keepdims=True)
    handle = [HANDLE - sideways, HANDLE + sideways]
    stalks = [
        [(738, 345), (746, 312), (768, 292)],
        [(560, 500), (566, 470), (590, 452)],
        [(883, 540), (880, 512), (896, 496)],
    ]
    lip = [(324 + 70 * np.cos(t), 186 + 17 * np.sin(t)) for t in np.linspace(0, 6.3, 40)]
    rim = [
        curve([(250, 402), (330, 424), (410, 402)], closed=False),
        curve([(246, 420), (330, 442), (414, 420)], closed=False),
    ]
    table = [
        np.array([(0, TABLE), (186, TABLE + 1)]),
        np.array([(474, TABLE), (640, TABLE)]),
        np.array([(836, TABLE + 1), (1024, TABLE)]),
    ]
    boards = [
        np.array([(60, 768), (150, 640)]),
        np.array([(420, 768), (430, 690)]),
        np.array([(760, 768), (740, 700)]),
    ]
    return [*handle, np.array(lip), *rim, *table, *boards] + [
        curve(s, closed=False) for s in stalks
    ] * 2


def _hatch(
    tone: Array, height: Array, gap: float, light: float, degrees: float, bulge: float, seed: int
) -> Array:
    """Mask of one layer of hatching, where the tone is below `light`.

    gap: distance of the lines in pixels.
    degrees: their direction.
    bulge: how far they follow the height map.
    """
    y, x = np.indices(SIZE, np.float32)
    angle = np.deg2rad(degrees)
    rise = y * float(np.cos(angle)) - x * float(np.sin(angle)) - bulge * blur(height, 6)
    rise += 3.5 * noise(SIZE, 140, seed) + 1.2 * noise(SIZE, 34, seed + 9)
    slope = np.hypot(
        cv2.Sobel(rise, cv2.CV_32F, 1, 0, scale=0.125),
        cv2.Sobel(rise, cv2.CV_32F, 0, 1, scale=0.125),
    )
    number = np.rint(rise / gap).astype(int)
    away = np.abs(rise - number * gap) / np.clip(slope, 0.4, 3)
    own = np.random.default_rng(seed).uniform(-1, 1, 4096).astype(np.float32)[number % 4096]
    breaks = 0.07 * own + 0.07 * noise(SIZE, (70, 70), seed + 20)
    dark = light + breaks - tone
    width = (
        np.clip(0.75 + 2.2 * dark, 0, 1.7)
        * step(0, 0.05, dark)
        * (1 + 0.25 * noise(SIZE, 22, seed + 30))
    )
    return (width - away + 0.5).clip(0, 1) * step(0, 0.8, width)


def _contours(lines: list[Array]) -> Array:
    """Draw every line twice, with varying pressure, as by hand."""
    ink = np.zeros(SIZE, np.float32)
    random = np.random.default_rng(7)
    for points in lines:
        for sway in (1.2, 2.6):
            shift = random.normal(0, sway, 2) + sway * np.cumsum(
                random.normal(0, 0.18, points.shape), 0
            )
            if len(points) > 60:
                points = np.concatenate([points, points[:6]])
                shift = np.concatenate([shift, shift[-6:]])
            press = 2.6 + 1.3 * np.sin(np.linspace(0, 9, len(points)) + random.uniform(0, 6))
            for k in range(len(points) - 1):
                stroke(ink, (points + shift)[k : k + 2], random.uniform(0.75, 1), press[k])
    return blur(ink, 0.6)
