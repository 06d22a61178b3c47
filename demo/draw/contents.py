"""Test pictures to judge looks by: a portrait, a night street, a flat drawing, a day street."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import ArrayLike

from demo.draw.canvas import (
    Array,
    Size,
    bend,
    blob,
    blur,
    cast,
    colour,
    curve,
    disc,
    fractal,
    line,
    lit,
    mix,
    noise,
    over,
    ramp,
    shrink,
    step,
    stroke,
    swell,
)
from demo.draw.street import GROUND, street


def day() -> Array:
    """The village street of the film, 288 x 512 (height x width)."""
    picture = street().seen(90, 760, 0.1)
    return cv2.resize(picture, (512, 288), interpolation=cv2.INTER_AREA)


def night() -> Array:
    """The same houses by lamplight, reflected in water, 288 x 512."""
    place = street(night=True)
    picture = place.seen(40, None)
    glass = cv2.warpAffine(
        (place.covered > 1.5).astype(np.float32),
        np.array([[1, 0, -40], [0, 1, 0]], np.float32),
        (1280, 720),
    )
    y, x = np.indices(picture.shape[:2], np.float32)
    shown = picture.mean(-1, keepdims=True)
    dark = mix(picture, shown, 0.45) * ramp(
        ((0, "0e1a3e"), (0.6, "2a3f74"), (1, "31456e")), y / GROUND
    )
    covered = _shifted(place.covered, 40).clip(0, 1)
    stars = (np.random.default_rng(4).uniform(0, 1, y.shape) > 0.9985).astype(np.float32)
    dark += (1.6 * blur(stars, 1.1) * (1 - covered) * (y < 200))[..., None]
    moon = disc(y.shape, (548, 72), 34)
    over(
        dark,
        colour("fff3cf") * (0.9 + 0.1 * noise(y.shape, 14, 2))[..., None],
        moon * (1 - covered),
    )
    dark += (0.3 * blur(moon, 40) * (1 - 0.6 * covered))[..., None]
    dark = mix(dark, picture * np.array((1.15, 1.0, 0.75), np.float32), glass)
    dark += blur(glass, 24)[..., None] * np.array((0.5, 0.3, 0.08), np.float32)
    for lamp_x in (250, 640, 1010):
        away = np.hypot(x - lamp_x, 0.9 * (y - 330))
        dark += (
            picture
            * (np.exp(-away / 110) * 0.95)[..., None]
            * np.array((1.3, 0.9, 0.42), np.float32)
        )
        _lamp(dark, lamp_x, away)
    flipped = np.zeros_like(dark)
    flipped[GROUND:] = dark[GROUND - 200 : GROUND][::-1]
    tall = cv2.GaussianBlur(flipped, (0, 0), sigmaX=1.5, sigmaY=9)
    waves = noise(y.shape, (90, 10), 7) * step(GROUND - 10, 720, y) * 44
    tall = bend(tall, waves + 7 * noise(y.shape, (40, 5), 8), 16 * noise(y.shape, (70, 13), 9))
    water = 0.9 * tall * (0.8 + 0.4 * noise(y.shape, (120, 9), 11))[..., None] + colour("050d22")
    picture = np.where((y > GROUND)[..., None], water, dark)
    over(picture, colour("3a3633"), step(3, 1, np.abs(y - GROUND)) * 0.9)
    return cv2.resize(
        picture.clip(0, 1).astype(np.float32), (512, 288), interpolation=cv2.INTER_AREA
    )


def _shifted(mask: Array, left: float) -> Array:
    return cv2.warpAffine(mask, np.array([[1, 0, -left], [0, 1, 0]], np.float32), (1280, 720))


def _lamp(picture: Array, x: float, away: Array) -> None:
    size = away.shape
    iron = colour("14161c")
    over(picture, iron, line(size, [(x, 352), (x, GROUND)], 9))
    over(picture, iron, line(size, [(x - 16, GROUND - 4), (x + 16, GROUND - 4)], 10))
    over(
        picture,
        colour("ffe9a8"),
        blob(size, [(x - 17, 306), (x + 17, 306), (x + 11, 352), (x - 11, 352)]),
    )
    over(picture, iron, blob(size, [(x - 24, 306), (x, 286), (x + 24, 306), (x, 309)]))
    picture += np.exp(-(away**2) / 1500)[..., None] * np.array((0.8, 0.62, 0.3), np.float32)


def drawing() -> Array:
    """A cat on a wall, in flat areas with outlines, 384 x 512."""
    size = 768, 1024
    picture = np.empty((*size, 3), np.float32)
    picture[:] = colour("8fd0e0")
    ink = colour("1b1a24")

    def shape(points: ArrayLike, code: str, smooth: bool = True) -> None:
        outline = curve(points) if smooth else np.asarray(points, np.float32)
        mask = np.zeros(size, np.uint8)
        cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 255, cv2.LINE_AA)
        over(picture, colour(code), mask.astype(np.float32) / 255)
        lines(np.concatenate([outline, outline[:1]]))

    def lines(points: ArrayLike, width: float = 7) -> None:
        stroke(picture, points, ink, width)

    over(picture, colour("fff0b8"), disc(size, (800, 150), 118))
    shape([(800 + 84 * np.cos(t), 150 + 84 * np.sin(t)) for t in np.linspace(0, 6, 12)], "ffcf3f")
    for x, y, s in ((180, 120, 1.0), (520, 90, 0.7)):
        shape(
            [
                (x - 90 * s, y + 24 * s),
                (x - 60 * s, y - 22 * s),
                (x, y - 48 * s),
                (x + 52 * s, y - 20 * s),
                (x + 96 * s, y + 24 * s),
                (x, y + 34 * s),
            ],
            "ffffff",
        )
    shape(
        [
            (-60, 560),
            (120, 380),
            (330, 430),
            (560, 340),
            (800, 440),
            (1090, 350),
            (1090, 800),
            (-60, 800),
        ],
        "6fb35a",
    )
    shape(
        [(-60, 620), (200, 500), (520, 560), (820, 490), (1090, 560), (1090, 800), (-60, 800)],
        "3f8f57",
    )
    for x, y, s in ((110, 470, 1.0), (905, 440, 1.15)):
        shape(
            [
                (x - 14 * s, y + 120 * s),
                (x - 10 * s, y),
                (x + 10 * s, y),
                (x + 14 * s, y + 120 * s),
            ],
            "7a4a2c",
            False,
        )
        shape(
            [
                (x - 80 * s, y),
                (x - 50 * s, y - 90 * s),
                (x, y - 130 * s),
                (x + 60 * s, y - 90 * s),
                (x + 84 * s, y),
                (x, y + 36 * s),
            ],
            "2f6b46",
        )
    shape([(300, 430), (300, 560), (470, 560), (470, 430)], "f4e3c1", False)
    shape([(275, 438), (385, 340), (495, 438)], "d8493a", False)
    shape([(362, 490), (362, 560), (404, 560), (404, 490)], "4b6fa8", False)
    shape([(-20, 610), (1044, 610), (1044, 800), (-20, 800)], "c98a5a", False)
    for row, y in enumerate((610, 664, 718)):
        lines([(-10, y), (1034, y)], 6)
        for x in range(40 + 60 * (row % 2), 1024, 120):
            lines([(x, y), (x, y + 54)], 6)
    shape(
        [
            (760, 590),
            (850, 560),
            (880, 480),
            (840, 420),
            (800, 430),
            (822, 470),
            (824, 520),
            (790, 548),
            (730, 556),
        ],
        "e88a2e",
    )
    shape(
        [
            (540, 612),
            (520, 500),
            (560, 380),
            (640, 330),
            (720, 380),
            (775, 500),
            (770, 612),
            (650, 622),
        ],
        "f39a35",
    )
    shape([(590, 612), (588, 500), (640, 450), (692, 500), (694, 612)], "fbe3bd")
    shape(
        [
            (536, 196),
            (526, 106),
            (590, 160),
            (690, 160),
            (752, 106),
            (744, 196),
            (764, 260),
            (722, 326),
            (640, 348),
            (556, 326),
            (516, 260),
        ],
        "f39a35",
    )
    for x in (584, 698):
        shape([(x + 26 * np.cos(t), 236 + 32 * np.sin(t)) for t in np.linspace(0, 6, 10)], "d8f07a")
        shape(
            [(x + 4 + 10 * np.cos(t), 238 + 26 * np.sin(t)) for t in np.linspace(0, 6, 10)],
            "1b1a24",
        )
    shape([(622, 276), (660, 276), (641, 298)], "e0556a", False)
    for side in (-1, 1):
        lines(curve([(641, 298), (641 + 14 * side, 314), (641 + 36 * side, 306)], closed=False), 6)
        for drop in (-8, 10, 28):
            lines([(641 + 60 * side, 286 + drop / 2), (641 + 160 * side, 276 + drop)], 4)
        lines([(641 + 16 * side, 168), (641 + 14 * side, 204)], 9)
        lines([(641 + 38 * side, 560), (641 + 36 * side, 612)], 7)
    lines([(641, 164), (641, 206)], 9)
    return shrink(picture, 2)


FACE = 768 * 0.52, 960 * 0.44
"""Centre of the portrait's face, x and y in pixels."""


def portrait() -> Array:
    """A woman's face with a blue scarf, lit from the left, 480 x 384."""
    size = 960, 768
    y, x = np.indices(size, np.float32)
    picture = ramp(
        ((0, "5a4a3a"), (1, "1c1a1c")),
        np.hypot(x - 150, y - 250) / 800 + 0.1 * fractal(size, 220, 1, 4),
    )
    height, mask = _head(x, y)
    light = lit(blur(height, 2.5), (-0.72, -0.42, 0.62), 1).clip(0, 1.5)
    hollow = (height - blur(height, 26)) / 40
    tone = (0.2 + 0.62 * light + 0.5 * hollow.clip(-0.5, 0.3)).clip(0, 1.15)
    skin = ramp(
        ((0.1, "3b1a14"), (0.35, "8f4a34"), (0.6, "cf8a64"), (0.85, "efc09a"), (1.1, "fff0da")),
        tone + 0.015 * fractal(size, 5, 3, 2),
    )
    u, v = (x - FACE[0]) / 190, (y - FACE[1]) / 250
    blush = np.exp(-(((np.abs(u + 0.05) - 0.52) / 0.24) ** 2) - ((v - 0.22) / 0.17) ** 2)
    skin = mix(skin, skin * np.array((1.05, 0.8, 0.76), np.float32), 0.8 * blush)
    over(picture, skin, mask)
    _eyes(picture, tone)
    _mouth(picture, tone)
    _shoulders(picture)
    _scarf(picture)
    return shrink(picture.clip(0, 1), 2)


def _bump(x: Array, y: Array, u: float, v: float, wide: float, tall: float, high: float) -> Array:
    """A Gaussian bump of the face's height map.

    u, v, wide, tall: place and size in units of the face, from its centre.
    high: height in pixels.
    """
    away_u, away_v = (x - FACE[0]) / 190 - u, (y - FACE[1]) / 250 - v
    return high * np.exp(-((away_u / wide) ** 2) - (away_v / tall) ** 2)


def _head(x: Array, y: Array) -> tuple[Array, Array]:
    """Height map of face and neck, in pixels, and their mask."""
    size = x.shape
    px, py = FACE
    outline = [(px - 186, py - 60), (px - 180, py + 60), (px - 150, py + 160),
     (px - 84, py + 238), (px, py + 262),
               (px + 84, py + 238), (px + 150, py + 160), (px + 180, py + 60),
                (px + 186, py - 60), (px + 130, py - 230),
               (px, py - 280), (px - 130, py - 230)]  # fmt: skip
    face = blob(size, outline)
    neck = blob(
        size,
        [
            (px - 100, py + 120),
            (px - 104, py + 330),
            (px - 150, py + 430),
            (px + 150, py + 430),
            (px + 108, py + 330),
            (px + 104, py + 120),
        ],
    )
    height = 1.25 * swell(face, 190) + 160 * face
    hills = (
        (0, -0.38, 0.9, 0.22, 16), (-0.4, -0.24, 0.25, 0.07, 14), (0.4, -0.24, 0.25, 0.07, 14),
        (-0.4, -0.1, 0.2, 0.1, -26), (0.4, -0.1, 0.2, 0.1, -26), (-0.4, -0.085, 0.13, 0.06, 15),
         (0.4, -0.085, 0.13, 0.06, 15),
        (0, -0.05, 0.085, 0.2, 24), (0, 0.12, 0.1, 0.14, 36), (0, 0.2, 0.13, 0.07, 34),
         (-0.14, 0.215, 0.06, 0.045, 20), (0.14, 0.215, 0.06, 0.045, 20),
        (-0.55, 0.2, 0.24, 0.2, 18), (0.55, 0.2, 0.24, 0.2, 18), (0, 0.34, 0.06, 0.06, -6),
         (0, 0.43, 0.24, 0.045, 13), (0, 0.545, 0.2, 0.05, 15),
        (0, 0.485, 0.26, 0.014, -8), (0, 0.64, 0.22, 0.05, -12), (0, 0.82, 0.22, 0.14, 22),
         (-0.32, 0.485, 0.05, 0.05, -8), (0.32, 0.485, 0.05, 0.05, -8),
    )  # fmt: skip
    for hill in hills:
        height = height + _bump(x, y, *hill) * face
    below = swell(neck, 105) + 20 * neck
    return np.where(face > 0.5, height, below).astype(np.float32), np.maximum(face, neck)


def _eyes(picture: Array, tone: Array) -> None:
    size = tone.shape
    px, py = FACE
    shade = (0.45 + 0.6 * blur(tone, 8))[..., None].clip(0, 1.1)
    for side in (-1, 1):
        x, y = px + side * 77, py - 20
        lids = [
            (x - 40, y + 3),
            (x - 20, y - 14),
            (x + 3, y - 18),
            (x + 24, y - 11),
            (x + 40, y + 3),
            (x + 18, y + 13),
            (x - 16, y + 13),
        ]
        eye = blob(size, lids)
        over(picture, colour("f0e6da") * shade, eye)
        iris = disc(size, (x + 3, y - 3), 17) * eye
        over(
            picture,
            mix(colour("4f7a78"), colour("1c3034"), step(9, 17, _away(size, x + 3, y - 3))) * shade,
            iris,
        )
        over(picture, colour("0c0a0c"), disc(size, (x + 3, y - 3), 7.5) * eye)
        over(picture, colour("ffffff"), disc(size, (x - 3, y - 9), 3.6))
        picture *= (1 - 0.5 * eye * step(y - 6, y - 18, np.indices(size, np.float32)[0]))[..., None]
        upper = curve(
            [(x - 43, y + 5), (x - 21, y - 15), (x + 3, y - 20), (x + 25, y - 13), (x + 43, y + 3)],
            closed=False,
        )
        over(picture, colour("25140f"), 0.9 * blur(line(size, upper, 5), 0.8))
        over(picture, colour("6a3526"), 0.5 * blur(line(size, np.add(upper, (0, -13)), 3), 1.5))
        over(
            picture,
            colour("7a4030"),
            0.5 * blur(line(size, [(x - 34, y + 9), (x, y + 16), (x + 34, y + 8)], 2), 1),
        )
        random = np.random.default_rng(8)
        hairs = np.zeros(size, np.float32)
        for t in random.uniform(0, 1, 150):
            root_x, root_y = (
                x + side * (-42 + 92 * t),
                y - 52 - 13 * np.sin(np.pi * min(t * 1.15, 1)) + random.normal(0, 3.5),
            )
            stroke(
                hairs,
                [(root_x, root_y), (root_x + side * 13, root_y - 6 + 9 * t)],
                random.uniform(0.4, 0.9),
                2,
            )
        over(picture, colour("3a2218"), 0.85 * blur(hairs, 0.7))


def _away(size: Size, x: float, y: float) -> Array:
    rows, columns = np.indices(size, np.float32)
    return np.hypot(columns - x, rows - y)


def _mouth(picture: Array, tone: Array) -> None:
    size = tone.shape
    px, py = FACE[0], FACE[1] + 121
    upper = blob(
        size,
        [
            (px - 62, py + 1),
            (px - 30, py - 15),
            (px - 9, py - 20),
            (px, py - 16),
            (px + 9, py - 20),
            (px + 30, py - 15),
            (px + 62, py + 1),
            (px, py + 3),
        ],
    )
    lower = blob(
        size,
        [
            (px - 60, py + 1),
            (px, py + 4),
            (px + 60, py + 1),
            (px + 34, py + 22),
            (px, py + 28),
            (px - 34, py + 22),
        ],
    )
    shade = (0.25 + 0.95 * tone)[..., None].clip(0, 1.2)
    over(picture, colour("a83a38") * shade, 0.85 * blur(upper, 1.2))
    over(picture, colour("cc5450") * shade, 0.85 * blur(lower, 1.2))
    over(picture, colour("ffd8cc"), 0.45 * blur(disc(size, (px - 14, py + 13), (16, 4)), 2.5))
    seam = curve(
        [(px - 64, py + 1), (px - 30, py + 1), (px, py + 4), (px + 30, py + 1), (px + 64, py + 1)],
        closed=False,
    )
    over(picture, colour("4a1414"), 0.85 * blur(line(size, seam, 4), 1))
    for side in (-1, 1):
        over(
            picture,
            colour("451d15"),
            0.8 * blur(disc(size, (px + side * 19, py - 62), (9, 4.5), 12 * side), 1.5),
        )


def _scarf(picture: Array) -> None:
    """Paint a blue cloth around the head, and a yellow one that hangs behind."""
    size = picture.shape[:2]
    px, py = FACE
    x = np.indices(size, np.float32)[1]
    tail = blob(
        size,
        [
            (px + 150, py - 250),
            (px + 235, py - 150),
            (px + 250, py + 60),
            (px + 275, py + 300),
            (px + 205, py + 340),
            (px + 178, py + 150),
            (px + 176, py - 60),
        ],
    )
    wrap = blob(size, [(px - 196, py - 40), (px - 232, py - 160), (px - 205, py - 300),
     (px - 90, py - 385), (px + 60, py - 392), (px + 195, py - 310), (px + 235, py - 170),
      (px + 200, py - 20),
                       (px + 178, py - 110), (px + 110, py - 190), (px, py - 212),
                        (px - 110, py - 186), (px - 176, py - 110)])  # fmt: skip
    for mask, code, folds, seed in ((tail, "d8a531", (26, 300), 5), (wrap, "2d5fae", (300, 34), 6)):
        turned = bend(fractal(size, folds, seed, 3), 0, 0.0016 * (x - px) ** 2 * (folds[0] > 100))
        body = swell(mask, 80) + 9 * turned
        light = lit(blur(body, 3), (-0.72, -0.5, 0.6), 1).clip(0.12, 1.6)
        weave = 1 + 0.05 * noise(size, 3, 9) + 0.06 * fractal(size, 40, seed, 3)
        picture *= (1 - 0.5 * cast(mask, 10, 16, 9) * (1 - mask))[..., None]
        over(picture, colour(code) * (light * weave)[..., None], mask)


def _shoulders(picture: Array) -> None:
    size = picture.shape[:2]
    px, py = FACE
    coat = blob(
        size,
        [
            (px - 130, py + 350),
            (px - 290, py + 420),
            (px - 400, py + 600),
            (px + 400, py + 600),
            (px + 300, py + 420),
            (px + 130, py + 350),
        ],
    )
    body = swell(coat, 130) + 12 * fractal(size, (60, 200), 12, 4)
    cloth = (
        colour("9a6a2c")
        * (lit(blur(body, 3), (-0.72, -0.5, 0.6)).clip(0.15, 1.5) * (1 + 0.07 * noise(size, 3, 4)))[
            ..., None
        ]
    )
    over(picture, cloth, coat)
    collar = blob(
        size,
        [
            (px - 128, py + 330),
            (px - 170, py + 400),
            (px, py + 470),
            (px + 170, py + 400),
            (px + 128, py + 330),
            (px, py + 400),
        ],
    )
    light = lit(swell(collar, 30) + 5 * fractal(size, 40, 14, 3), (-0.7, -0.5, 0.6)).clip(0.3, 1.3)
    over(picture, colour("efe8da") * light[..., None], collar)


CONTENTS: dict[str, Callable[[], Array]] = {
    "portrait": portrait,
    "night": night,
    "drawing": drawing,
    "day": day,
}
"""The function that draws each picture, by name."""
