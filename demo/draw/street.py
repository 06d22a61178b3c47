"""Draws a village street: plastered houses with tiled roofs, cobbles, and a woman who walks by.

For a frame of 1280x720 pixels. The houses stand in one plane; the cobbles are in perspective.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from scipy.spatial import cKDTree

from demo.draw.canvas import (
    Array,
    Size,
    area,
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
    step,
    stroke,
    swell,
)

HEIGHT, WIDTH = 720, 1280
LONG = 1600
"""Width of the row of houses in pixels, along which the camera moves."""
SIZE = HEIGHT, LONG
HORIZON, GROUND = 360, 520


@dataclass(frozen=True)
class House:
    """One house of the row; coordinates in pixels.

    left, right, eaves, ridge: x of its sides, y of its eaves and ridge.
    wall, roof, wood: colour codes.
    windows, door: x of their centres.
    timber: whether it is half-timbered.
    """

    left: int
    right: int
    eaves: int
    ridge: int
    wall: str
    roof: str
    wood: str
    windows: tuple[int, ...]
    door: int | None = None
    timber: bool = False


HOUSES = (
    House(-40, 300, 170, 20, "dcae62", "a8502f", "2f6a5a", (50, 205), 130),
    House(300, 560, 110, -60, "cf8a6a", "8e4630", "4a6d9a", (355, 500), 430),
    House(730, 1060, 150, 0, "efe2c4", "9a4a2c", "5a3826", (790, 900, 1005), 850, True),
    House(1060, 1330, 205, 70, "8fb0b4", "b25a36", "a8342a", (1115, 1270), 1195),
    House(1330, 1660, 130, -30, "e3b98a", "92492f", "3f6b3f", (1390, 1530), 1465),
)


def houses(night: bool = False) -> tuple[Array, Array]:
    """The row of houses, (HEIGHT, LONG, 3), and its mask.

    night: some windows are lit; the mask is 2 or more in them.
    """
    picture = np.zeros((*SIZE, 3), np.float32)
    covered = np.zeros(SIZE, np.float32)
    for number, house in enumerate(HOUSES):
        _wall(picture, covered, house, 20 * number)
        for place, middle in enumerate(house.windows):
            for row, top in enumerate((house.eaves + 55, house.eaves + 190)):
                if top + 110 < GROUND - 30 and (
                    house.door is None or abs(middle - house.door) > 60 or row == 0
                ):
                    _window(
                        picture,
                        covered,
                        house,
                        middle,
                        top,
                        night and (place + row + number) % 2 == 0,
                        7 * place + 3 * row + number,
                    )
        if house.door:
            _door(picture, house, 20 * number)
        _roof(picture, covered, house, 20 * number)
    return picture, covered


def sky(wide: int = LONG) -> Array:
    """Blue sky with lit clouds and distant hills at the horizon, (HEIGHT, wide, 3)."""
    size = HEIGHT, wide
    y = np.indices(size, np.float32)[0]
    picture = ramp(((0, "3f78c4"), (0.55, "9cc4e4"), (1, "f4e6c8")), y / HORIZON)
    puffs = fractal(size, (340, 170), 71, 6, 0.55) + 0.25 * step(300, 0, y)
    cover = step(0.1, 0.55, puffs)
    light = lit(120 * blur(puffs, 2), (-0.6, -0.8, 0.5), 0.12)
    shade = ramp(((0.2, "8f9fc0"), (0.8, "e8dcd4"), (1.5, "fffaf0")), light)
    over(picture, shade, cover * 0.95)
    for rise, code, seed in ((110, "8aa6c8", 5), (60, "5f8a7a", 6)):
        top = HORIZON + 40 - rise - 0.4 * rise * fractal((1, wide), 300, seed, 4)[0]
        wood = colour(code) * (1 + 0.18 * fractal(size, 24, seed + 3, 3))[..., None]
        over(picture, wood, step(-1, 1, y - top))
    meadow = ramp(((0, "a8b060"), (1, "5e7a34")), (y - HORIZON - 20) / 140)
    meadow *= (1 + 0.2 * fractal(size, (60, 16), 9, 4))[..., None]
    over(picture, meadow, step(0, 6, y - HORIZON - 20 - 6 * noise(size, 120, 4)))
    return picture


def cobbles(camera: float, wide: int = WIDTH) -> Array:
    """The ground in perspective, (HEIGHT - GROUND, wide, 3).

    camera: how far the camera has moved to the right, in pixels at the row GROUND.
    """
    y, x = np.indices((HEIGHT - GROUND, wide), np.float32)
    near = (y + GROUND - HORIZON) / (GROUND - HORIZON)
    along = (x - wide / 2) / near + camera
    depth = 900 / near
    texture = _stones()
    spots = (along * 1.6).astype(np.float32), (depth * 2.2).astype(np.float32)
    ground = cv2.remap(texture, *spots, cv2.INTER_AREA, borderMode=cv2.BORDER_WRAP)
    patch = cv2.remap(
        blur(fractal((512, 2048), 160, 33, 3), 3),
        along,
        depth,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    ground = ground * (1 + 0.12 * patch)[..., None]
    ground *= mix(0.62, 1.0, step(0, 46, y))[..., None]  # the houses' shadow
    ground *= mix(1.04, 0.78, step(90, 220, y))[..., None]
    return ground


@cache
def _stones() -> Array:
    """Periodic texture of cobbles with mortar, seen from above, lit from the left."""
    side, cell = 1024, 64
    random = np.random.default_rng(3)
    count = side // cell
    grid = np.stack(np.meshgrid(np.arange(count), np.arange(count)), -1).astype(np.float32)
    grid[1::2, :, 0] += 0.5
    places = (grid + 0.5 + random.uniform(-0.13, 0.13, grid.shape)).reshape(-1, 2) * cell
    tones = random.uniform(0, 1, len(places)).astype(np.float32)
    y, x = np.indices((side, side), np.float32)
    spots = np.stack([x, y], -1)
    away, nearest = cKDTree(places % side, boxsize=side).query(spots, 2)
    first, second = away[..., 0].astype(np.float32), away[..., 1].astype(np.float32)
    tone = tones[nearest[..., 0]]
    gap = second - first
    height = 9 * step(1, 26, gap) + 1.6 * fractal((side, side), 14, 8, 3)
    stone = ramp(
        ((0, "857d74"), (0.4, "a89a88"), (0.75, "cbb494"), (1, "b9b8b4")),
        tone + 0.12 * fractal((side, side), 18, 4, 3),
    )
    light = lit(blur(height, 1.2), (-0.7, -0.4, 0.75), 0.8)
    picture = mix(colour("5a5047"), stone * light[..., None], step(3, 9, gap))
    return picture.clip(0, 1)


def _box(left: float, top: float, right: float, bottom: float) -> Array:
    return area(SIZE, [(left, top), (right, top), (right, bottom), (left, bottom)])


def _wall(picture: Array, covered: Array, house: House, seed: int) -> None:
    wall = _box(house.left, house.eaves - 12, house.right, GROUND)
    y = np.indices(SIZE, np.float32)[0]
    rough = fractal(SIZE, 120, seed + 1, 6, 0.55)
    paint = colour(house.wall) * (1 + 0.13 * rough)[..., None]
    paint = mix(
        paint,
        _brickwork(),
        step(0.62, 0.7, rough + 0.35 * step(GROUND - 150, GROUND, y))[..., None] * 0.9,
    )
    paint *= (0.5 + 0.5 * lit(2.2 * fractal(SIZE, 9, seed + 2, 3), depth=0.35))[..., None]
    paint *= mix(1, 0.66, step(GROUND - 60, GROUND + 20, y + 20 * rough))[..., None]
    paint *= mix(0.5, 1, step(house.eaves + 4, house.eaves + 44, y))[..., None]
    over(picture, paint, wall)
    np.maximum(covered, wall, out=covered)
    if house.timber:
        _timber(picture, house, seed)
    plinth = _box(house.left, GROUND - 34, house.right, GROUND)
    blocks = ramp(((0, "6f6a64"), (1, "a39888")), 0.5 + 0.5 * fractal(SIZE, (46, 22), seed + 6, 3))
    over(picture, blocks * (0.85 + 0.15 * lit(4 * fractal(SIZE, 12, 8, 3)))[..., None], plinth)
    seam = _box(house.right - 5, house.eaves, house.right, GROUND)
    picture *= (1 - 0.45 * blur(seam, 3))[..., None]


@cache
def _brickwork() -> Array:
    y, x = np.indices(SIZE, np.float32)
    row = np.floor(y / 13)
    across = (x + 15 * (row % 2)) / 30
    joint = np.minimum(13 * np.abs(y / 13 - row - 0.5) - 4.5, 6) + 0.0
    side = 30 * np.abs(across - np.floor(across) - 0.5) - 13
    tone = np.random.default_rng(1).uniform(0.75, 1.15, (64, 64))[
        row.astype(int) % 64, across.astype(int) % 64
    ]
    brick = colour("a4553a") * tone[..., None].astype(np.float32)
    return mix(brick, colour("c9b898"), step(0, 1.5, np.maximum(joint, side)))


def _timber(picture: Array, house: House, seed: int) -> None:
    beams = np.zeros(SIZE, np.float32)
    left, right, top = house.left + 8, house.right - 8, house.eaves
    rows = (top + 8, top + 40, top + 175, GROUND - 40)
    for y in rows:
        stroke(beams, [(left, y), (right, y)], 1, 15)
    for x in np.linspace(left, right, 6):
        stroke(beams, [(x, top), (x, GROUND - 36)], 1, 13)
    for first, second in ((0, 1), (5, 4)):
        xs = np.linspace(left, right, 6)
        stroke(beams, [(xs[first], GROUND - 42), (xs[second], top + 178)], 1, 12)
    picture *= (1 - 0.35 * cast(beams, 4, 5, 2) * (1 - beams))[..., None]
    grain = fractal(SIZE, (14, 90), seed + 9, 4)
    over(
        picture,
        colour("5b3d28") * (1 + 0.3 * grain)[..., None] * lit(blur(beams, 2) * 4)[..., None],
        beams,
    )


def _window(
    picture: Array, covered: Array, house: House, middle: int, top: int, light: bool, seed: int
) -> None:
    """Draw a window with shutters, sill and flowers; a lit one sets `covered` above 1."""
    half, bottom = 25, top + 88
    y, x = np.indices(SIZE, np.float32)
    surround = _box(middle - half - 7, top - 9, middle + half + 7, bottom + 4)
    over(picture, colour("d9cdb8") * (1 + 0.06 * fractal(SIZE, 20, seed))[..., None], surround)
    opening = _box(middle - half, top, middle + half, bottom)
    if light:
        glow = ramp(((0, "ffdf8a"), (1, "f0a23c")), np.hypot(x - middle, y - top - 30) / 70)
        over(picture, glow, opening)
        covered += 2 * opening
    else:
        slant = (x - middle) * 0.7 + (y - top)
        pane = ramp(
            ((0, "22303c"), (0.45, "3d586c"), (0.52, "9db9c8"), (0.62, "54738a"), (1, "1c2730")),
            slant / 95 + 0.05 * noise(SIZE, 26, seed),
        )
        over(picture, pane, opening)
    curtain = np.maximum(
        _box(middle - half, top, middle - half + 11, bottom),
        _box(middle + half - 11, top, middle + half, bottom),
    )
    over(picture, colour("e8e0d0") * (0.8 + 0.2 * np.sin(x * 1.3))[..., None], curtain * 0.75)
    frame = opening - _box(middle - half + 4, top + 4, middle + half - 4, bottom - 4)
    frame += _box(middle - 2.5, top, middle + 2.5, bottom) + _box(
        middle - half, top + 30, middle + half, top + 34
    )
    over(picture, colour("f2ead8"), frame.clip(0, 1))
    picture *= (
        1
        - 0.55 * opening * step(top + 16, top, y)
        - 0.4 * opening * step(middle - half + 10, middle - half, x)
    )[..., None]
    for side in (-1, 1):
        near, far = sorted((middle + side * (half + 6), middle + side * (half + 34)))
        shutter = _box(near, top - 4, far, bottom + 2)
        picture *= (1 - 0.45 * cast(shutter, 7, 6, 3) * (1 - shutter))[..., None]
        slats = 0.72 + 0.4 * ((y / 7) % 1) * (np.abs((x - near) / (far - near) - 0.5) < 0.36)
        over(
            picture,
            colour(house.wood) * (slats * (1 + 0.1 * fractal(SIZE, 16, seed + 2, 3)))[..., None],
            shutter,
        )
    sill = _box(middle - half - 10, bottom + 2, middle + half + 10, bottom + 11)
    picture *= (1 - 0.5 * cast(sill, 4, 10, 4) * (1 - sill))[..., None]
    over(picture, colour("cbbfa9"), sill)
    if seed % 3 != 1:
        _flowers(picture, middle, bottom + 2, seed)


def _flowers(picture: Array, middle: int, foot: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    blossom = colour(("d8344a", "f0c040", "c050a0", "f07050")[seed % 4])
    for number in range(110):
        place = (middle + random.normal(0, 15), foot + random.normal(-7, 6))
        leaf = number < 60
        tint = colour("3f6a2c") if leaf else blossom
        tint = tint * (0.7 + 0.06 * (foot - place[1])) * random.uniform(0.8, 1.25)
        cv2.circle(
            picture,
            (int(place[0]), int(place[1])),
            int(random.integers(2, 5)),
            tint.clip(0, 1).tolist(),
            -1,
            cv2.LINE_AA,
        )


def _door(picture: Array, house: House, seed: int) -> None:
    middle, top, half = house.door or 0, GROUND - 150, 34
    shape = area(
        SIZE,
        [
            (middle - half, GROUND),
            (middle - half, top + 30),
            *curve(
                [(middle - half, top + 30), (middle, top), (middle + half, top + 30)], closed=False
            ),
            (middle + half, GROUND),
        ],
    )
    stone = blur(shape, 0.1)
    grown = cv2.dilate(shape, np.ones((21, 21)))
    over(picture, colour("b8aa94") * (1 + 0.12 * fractal(SIZE, 22, seed + 3, 3))[..., None], grown)
    x = np.indices(SIZE, np.float32)[1]
    planks = 0.75 + 0.35 * step(0, 0.14, np.abs(((x - middle) / 17) % 1 - 0.5)) * (
        1 + 0.2 * fractal(SIZE, (7, 80), seed, 4)
    )
    over(picture, colour(house.wood) * 0.85 * planks[..., None], stone)
    inside = cast(1 - shape, 9, 12, 4) * shape
    picture *= (1 - 0.6 * inside)[..., None]
    over(picture, colour("e0b64a"), disc(SIZE, (middle + 20, GROUND - 66), 4))
    step_stone = _box(middle - half - 16, GROUND - 10, middle + half + 16, GROUND)
    over(picture, colour("a69a88"), step_stone)


def _roof(picture: Array, covered: Array, house: House, seed: int) -> None:
    left, right, low = house.left - 14, house.right + 10, house.eaves
    roof = area(
        SIZE, [(left, low), (left + 26, house.ridge), (right - 26, house.ridge), (right, low)]
    )
    y, x = np.indices(SIZE, np.float32)
    row = np.floor((y - low) / 17)
    across = (x + 11 * (row % 2)) / 22
    number = np.floor(across)
    bump = np.cos(2 * np.pi * (across - number - 0.5)) * 0.5 + 0.5
    fall = (y - low) / 17 - row
    tone = np.random.default_rng(seed).uniform(0.72, 1.2, (64, 128))[
        row.astype(int) % 64, number.astype(int) % 128
    ]
    light = lit(7 * bump + 8 * fall, (-0.6, -0.5, 0.8), 0.7)
    tiles = (
        colour(house.roof)
        * (
            tone
            * light
            * (0.62 + 0.38 * step(1, 0.75, fall))
            * (1 + 0.14 * fractal(SIZE, 60, seed + 4))
        )[..., None]
    )
    moss = step(0.45, 0.7, fractal(SIZE, 70, seed + 5, 4))
    over(picture, mix(tiles, colour("7f8a4a"), 0.5 * moss), roof)
    np.maximum(covered, roof, out=covered)
    gutter = _box(left, low - 4, right, low + 5)
    over(picture, colour("5d5149"), gutter)
    picture *= (1 - 0.35 * cast(gutter, 2, 10, 4) * (1 - gutter) * (1 - roof))[..., None]
    chimney_x = house.left + 0.7 * (house.right - house.left)
    chimney = _box(chimney_x, house.ridge - 46, chimney_x + 36, house.ridge + 30)
    over(
        picture,
        _brickwork() * (0.8 + 0.4 * step(chimney_x + 30, chimney_x, x))[..., None],
        chimney * (1 - roof),
    )
    np.maximum(covered, chimney, out=covered)


def tree(size: Size, seed: int = 4) -> tuple[Array, Array]:
    """A leafy tree that fills a picture of this size, and its mask."""
    height, width = size
    random = np.random.default_rng(seed)
    picture, mask = np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
    trunk = area(
        size,
        [
            (0.44 * width, height),
            (0.47 * width, 0.4 * height),
            (0.54 * width, 0.4 * height),
            (0.58 * width, height),
        ],
    )
    bark = (
        colour("5a4634")
        * (lit(swell(trunk, 0.05 * width)) * (1 + 0.35 * fractal(size, (10, 60), seed, 4)))[
            ..., None
        ]
    )
    over(picture, bark, trunk)
    np.maximum(mask, trunk, out=mask)
    clumps = sorted(
        random.normal(0, 1, (34, 2)).tolist(), key=lambda place: place[0] * 0.4 - place[1]
    )
    for away_x, away_y in clumps[::-1]:
        middle = np.array(
            (
                width * (0.5 + 0.17 * np.clip(away_x, -2, 2)),
                height * (0.36 + 0.11 * np.clip(away_y, -2.2, 2.2)),
            )
        )
        radius = width * random.uniform(0.1, 0.17)
        for _ in range(120):
            angle, far = random.uniform(0, 2 * np.pi), radius * np.sqrt(random.uniform(0, 1))
            place = middle + far * np.array((np.cos(angle), 0.8 * np.sin(angle)))
            sun = (
                0.5
                + 0.45 * (-0.5 * np.cos(angle) - 0.85 * np.sin(angle)) * far / radius
                + random.normal(0, 0.13)
            )
            shade = ramp(((0, "1d3620"), (0.5, "4d7431"), (1, "b9c860")), np.array(sun))
            leaf = (
                (int(place[0]), int(place[1])),
                (int(random.integers(4, 9)), int(random.integers(3, 6))),
            )
            turn = random.uniform(0, 180)
            cv2.ellipse(picture, *leaf, turn, 0, 360, shade.tolist(), -1, cv2.LINE_AA)
            cv2.ellipse(mask, *leaf, turn, 0, 360, 1.0, -1, cv2.LINE_AA)
    return picture, mask


def walker(phase: float) -> tuple[Array, Array]:
    """A woman in profile who walks to the right, (320, 260, 3), and her mask.

    phase: of her stride; 1 is a period of two steps.
    """
    size = 320, 260
    picture, mask = np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
    swing = np.sin(2 * np.pi * phase)
    lift = np.cos(2 * np.pi * phase)
    hip = np.array((130.0, 176 - 3 * abs(lift)))

    def limb(points: list[tuple[float, float]], thick: float, code: str, dark: float = 1) -> None:
        shape = line(size, curve(points, closed=False), thick)
        put(shape, code, thick / 2, dark)

    def put(shape: Array, code: str, radius: float, dark: float = 1, folds: float = 0) -> None:
        light = lit(swell(shape, radius), (-0.65, -0.6, 0.7), 0.8).clip(0.3, 1.5)
        cloth = 1 + folds * fractal(size, (26, 120), int(radius), 3) + 0.06 * noise(size, 3, 2)
        rim = 1 - 0.35 * (shape - blur(shape, 4)).clip(0)
        over(picture, colour(code) * (dark * light * cloth * rim)[..., None], shape)
        np.maximum(mask, shape, out=mask)

    for side, dark in ((-1, 0.62), (1, 1)):
        foot_x = hip[0] + side * 50 * swing
        up = 14 * max(-side * lift, 0)
        knee = (hip[0] + side * 26 * swing + 10, hip[1] + 62 - up / 2)
        ankle = (foot_x, 304 - up)
        limb([(hip[0], hip[1] + 10), knee, ankle], 22, "4a4f63", dark)
        limb(
            [(foot_x - 6, 308 - up), (foot_x + 8, 309 - up), (foot_x + 24, 312 - up)],
            15,
            "4a2a1c",
            dark,
        )
    limb([(132, 112), (138 + 24 * swing, 142), (150 + 34 * swing, 172)], 19, "86282c", 0.6)
    sway = 10 * swing
    skirt = [
        (112, 150),
        (102 - 0.5 * sway, 200),
        (88 - abs(sway), 246),
        (130, 254),
        (178 + abs(sway), 244),
        (158 + 0.5 * sway, 196),
        (148, 150),
    ]
    put(blob(size, skirt), "b8343a", 38, folds=0.3)
    put(
        blob(
            size,
            [
                (112, 104),
                (108, 134),
                (112, 166),
                (132, 172),
                (150, 164),
                (153, 130),
                (148, 100),
                (130, 94),
            ],
        ),
        "c43c40",
        22,
        folds=0.1,
    )
    put(
        blob(size, [(108, 98), (104, 122), (130, 132), (156, 120), (150, 96), (130, 88)]),
        "e9d7a8",
        18,
        folds=0.25,
    )
    put(
        blob(size, [(108, 62), (110, 86), (126, 96), (140, 84), (134, 50), (116, 48)]),
        "5c3420",
        16,
        folds=0.3,
    )
    put(
        blob(
            size,
            [
                (120, 58),
                (122, 82),
                (136, 90),
                (149, 82),
                (152, 72),
                (157, 69),
                (150, 60),
                (148, 48),
                (130, 44),
            ],
        ),
        "e2ad86",
        18,
    )
    picture[68:71, 144:148] = colour("3a2420")
    put(
        blob(size, [(112, 66), (112, 46), (128, 36), (146, 42), (148, 52), (132, 54), (124, 68)]),
        "4e2c1b",
        12,
        folds=0.4,
    )
    put(disc(size, (131, 46), (42, 8), -5), "e4c070", 7, folds=0.1)
    put(
        blob(size, [(110, 44), (112, 24), (130, 16), (148, 22), (151, 42), (130, 47)]),
        "ecca7c",
        14,
        folds=0.1,
    )
    limb([(111, 41), (131, 44), (151, 39)], 6, "2f5a8f")
    hand = (140 - 30 * swing, 180)
    limb([(126, 110), (120 - 22 * swing, 146), hand], 20, "cf464a")
    put(disc(size, hand, 9), "e2ad86", 8)
    _basket(put, size, hand)
    return picture, mask


def _basket(put: Callable[..., None], size: Size, hand: tuple[float, float]) -> None:
    """Draw a basket of fruit that hangs from a hand."""
    x, y = hand
    handle = curve([(x - 22, y + 30), (x, y - 2), (x + 22, y + 30)], closed=False)
    put(line(size, handle, 4), "7a5227", 2)
    for away, code in ((-12, "6f9a3a"), (0, "e0a030"), (12, "c8402c"), (5, "8ab04a")):
        put(disc(size, (x + away, y + 26), 9), code, 8)
    put(
        blob(
            size,
            [
                (x - 26, y + 28),
                (x - 20, y + 54),
                (x, y + 58),
                (x + 20, y + 54),
                (x + 26, y + 28),
                (x, y + 33),
            ],
        ),
        "a9743a",
        14,
        folds=0.5,
    )


@dataclass(frozen=True)
class Street:
    """The parts of the drawing that do not change from frame to frame."""

    houses: Array
    covered: Array
    sky: Array
    tree: Array
    leaves: Array

    def seen(self, camera: float, walk: float | None, phase: float = 0) -> Array:
        """The picture from a camera position: (HEIGHT, WIDTH, 3).

        camera: how far the camera has moved to the right, in pixels at the houses.
        walk: x of the woman in the frame; None to leave her out.
        phase: of her stride, see `walker`.
        """
        picture = _crop(self.sky, 0.4 * camera)
        tall, wide = self.leaves.shape
        left = 645 - wide // 2 - 0.75 * camera
        _paste(picture, self.tree, self.leaves, left, GROUND - tall + 4)
        over(picture, _crop(self.houses, camera), _crop(self.covered, camera).clip(0, 1))
        picture[GROUND:] = cobbles(camera)
        if walk is not None:
            woman, mask = walker(phase)
            shadow = cv2.warpAffine(
                mask, np.array([[1, -1.1, 352], [0, 0.22, 100]], np.float32)[:, :3], (620, 180)
            )
            full = _placed(blur(shadow, 3), walk - 130, 505)
            picture *= (1 - 0.55 * full)[..., None]
            _paste(picture, woman, mask, walk - 130, 672 - 320)
        y, x = np.indices((HEIGHT, WIDTH), np.float32)
        warm = step(1300, 0, x + 0.8 * y)[..., None]
        return (
            picture * mix(np.array((0.9, 0.93, 1.02)), np.array((1.12, 1.05, 0.92)), warm)
        ).clip(0, 1)


def woman(walk: float, phase: float = 0) -> Array:
    """Where a picture of `Street.seen` shows the woman: (HEIGHT, WIDTH), 0..1."""
    return _placed(walker(phase)[1], walk - 130, 672 - 320)


def street(night: bool = False) -> Street:
    """Draw all parts of the street."""
    leafy, mask = tree((470, 420))
    return Street(*houses(night), sky(), leafy, mask)


def _crop(picture: Array, left: float) -> Array:
    """WIDTH columns from `left` on, which may lie between pixels."""
    move = np.array([[1, 0, -left], [0, 1, 0]], np.float32)
    return cv2.warpAffine(
        picture, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _placed(mask: Array, left: float, top: float) -> Array:
    move = np.array([[1, 0, left], [0, 1, top]], np.float32)
    return cv2.warpAffine(mask, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)


def _paste(picture: Array, paint: Array, mask: Array, left: float, top: float) -> None:
    """Put a small picture over a large one by its mask, at (left, top)."""
    alpha = _placed(mask, left, top)
    picture *= (1 - alpha)[..., None]
    picture += _placed(paint * (mask > 0)[..., None], left, top) * (alpha > 0)[..., None]
