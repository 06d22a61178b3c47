"""A mosaic of glass and gold: a sun over waves, with tiles along its shapes, in grout.

Tiles are placed by Hausner's method (Simulating decorative mosaics, SIGGRAPH 2001): each one moves
to the centroid of the pixels nearest to it, by a distance whose circles are squares aligned with
the drawing's lines.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.draw.canvas import Array, blur, colour, fractal, lit, mix, noise, shrink, step

HEIGHT, WIDTH, TILE = 768, 1024, 17
SIZE = HEIGHT, WIDTH
SUN = 0.5 * WIDTH, 0.47 * HEIGHT


def draw() -> Array:
    """The picture, 384 x 512."""
    zones = _zones()
    angles = _angles(zones)
    places, owner, reach = _lay(angles, zones)
    picture = _glass(zones, places, owner)
    relief = 2.2 * step(0, 0.13, 0.46 - reach / TILE)
    random = np.random.default_rng(4)
    tilt = random.normal(0, 0.1, (len(places), 2)).astype(np.float32)
    y, x = np.indices(SIZE, np.float32)
    lean = (x - places[owner, 0]) * tilt[owner, 0] + (y - places[owner, 1]) * tilt[owner, 1]
    chips = 0.5 * fractal(SIZE, 9, 6, 3)
    tile = step(0.47, 0.42, (reach + chips) / TILE)
    light = lit(blur(relief + lean + 0.35 * chips, 0.8), (-0.5, -0.75, 1), 0.9)
    shine = np.clip(light - 1.12, 0, 0.6)[..., None]
    glass = picture * mix(1, light, 0.75)[..., None] + 0.55 * shine * mix(picture, 1, 0.3)
    grout = colour("4a4038") * (1 + 0.3 * fractal(SIZE, 6, 3, 3)[..., None])
    shadow = 1 - 0.4 * blur(np.roll(tile, (3, 3), (0, 1)), 1.5)
    return shrink(mix(grout * shadow[..., None], glass, tile), 2)


def _zones() -> NDArray[np.uint8]:
    """Which colours a place takes: a number of ZONES."""
    y, x = np.indices(SIZE, np.float32)
    away_x, away_y = x - SUN[0], y - SUN[1]
    radius, angle = np.hypot(away_x, away_y), np.arctan2(away_y, away_x)
    zones = np.zeros(SIZE, np.uint8)
    rays = np.cos(12 * angle)
    zones[(radius < 330)] = 1
    zones[(radius < 318) & (np.abs(rays) > (radius - 130) / 210)] = 3
    zones[(radius < 318) & (rays > (radius - 120) / 190)] = 2
    zones[radius < 150] = 4
    zones[radius < 128] = 2
    petals = 70 + 34 * np.abs(np.cos(4 * angle))
    zones[radius < petals] = 5
    zones[radius < 48] = 3
    zones[radius < 26] = 2
    for number in range(5):
        crest = HEIGHT * (0.7 + 0.075 * number) - 24 * _wave(x / 150 + 0.37 * number)
        zones[y > crest] = 6 + number % 2 * 2
        zones[(y > crest) & (y < crest + 20)] = 7 if number % 2 else 2
    border = np.minimum(np.minimum(x, WIDTH - x), np.minimum(y, HEIGHT - y))
    zones[border < 58] = 9
    zones[border < 40] = np.where((x // 38 + y // 38) % 2 > 0, 2, 5)[border < 40]
    zones[border < 18] = 9
    return zones


def _wave(turns: Array) -> Array:
    """Profile of a wave with leaning crests, -1..1, from the phase in turns."""
    phase = 2 * np.pi * turns
    return np.sin(phase + 0.6 * np.sin(phase))


ZONES = (
    ("123f7a", "1b5596", "0d2c5e", "2a6fae"),  # night
    ("1f8a9c", "35a7ad", "166d86", "64c0b8"),  # halo
    ("e2ae35", "f4cf68", "c98d1f", "ffe596"),  # gold
    ("b3261e", "d1432b", "8e1a1c", "e2683a"),  # red
    ("0e2a5c", "17407c", "0a1d45", "1d4f92"),  # ring
    ("e9d9bd", "dcc39b", "f3e8d2", "cdb48c"),  # ivory
    ("14606f", "1d7f86", "0f4a5c", "2b979a"),  # deep water
    ("cfe6da", "aad6cd", "e6efe2", "86c0bc"),  # foam
    ("1c4f98", "2b69b7", "143a78", "4a8acb"),  # water
    ("5b1f2a", "7a2a32", "431722", "94403f"),  # border
)


def _angles(zones: NDArray[np.uint8]) -> Array:
    """Direction of the nearest line of the drawing at every pixel, in radians, smoothed."""
    edges = np.zeros(SIZE, bool)
    edges[:, 1:] |= zones[:, 1:] != zones[:, :-1]
    edges[1:] |= zones[1:] != zones[:-1]
    distance = cv2.distanceTransform((~edges).astype(np.uint8), cv2.DIST_L2, 5)
    distance = blur(distance, 2)
    x, y = cv2.Sobel(distance, cv2.CV_32F, 1, 0), cv2.Sobel(distance, cv2.CV_32F, 0, 1)
    # squares look the same after a quarter turn: average four times the angle
    four, strength = 4 * np.arctan2(y, x), np.exp(-distance / 14) + 0.02
    return np.arctan2(blur(strength * np.sin(four), 7), blur(strength * np.cos(four), 7)) / 4


def _lay(angles: Array, zones: NDArray[np.uint8]) -> tuple[Array, NDArray[np.int32], Array]:
    """Place the tiles.

    Returns the tiles' centres, the index of every pixel's tile, and its distance from that tile's
    centre.
    """
    random = np.random.default_rng(2)
    grid = np.stack(
        np.meshgrid(np.arange(TILE / 2, WIDTH, TILE), np.arange(TILE / 2, HEIGHT, TILE)), -1
    )
    places = (grid.reshape(-1, 2) + random.normal(0, 3, (grid.size // 2, 2))).astype(np.float32)
    edges = cv2.morphologyEx(zones, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) > 0
    for turn in range(14):
        owner, _ = _nearest(places, angles)
        count = np.zeros(len(places))
        sums = np.zeros((len(places), 2))
        weights = np.where(edges, 0.0, 1.0) if turn < 13 else np.ones(SIZE)
        y, x = np.indices(SIZE)
        np.add.at(count, owner.ravel(), weights.ravel())
        for axis, values in enumerate((x, y)):
            sums[:, axis] = np.bincount(owner.ravel(), (weights * values).ravel(), len(places))
        moved = sums / np.maximum(count, 1)[:, None]
        places = np.where(count[:, None] > 0, moved, places).astype(np.float32)
    return places, *_nearest(places, angles)


def _nearest(places: Array, angles: Array) -> tuple[NDArray[np.int32], Array]:
    """Index of every pixel's nearest tile, and the distance in that tile's own square metric."""
    owner, reach = np.zeros(SIZE, np.int32), np.full(SIZE, 1e9, np.float32)
    window = 2 * TILE
    for number, (x, y) in enumerate(places):
        left, top = max(int(x) - window, 0), max(int(y) - window, 0)
        part = np.s_[top : int(y) + window, left : int(x) + window]
        angle = angles[min(int(y), HEIGHT - 1), min(int(x), WIDTH - 1)]
        rows, columns = reach[part].shape
        away_x = np.arange(left, left + columns, dtype=np.float32) - x
        away_y = (np.arange(top, top + rows, dtype=np.float32) - y)[:, None]
        cos, sin = np.cos(angle), np.sin(angle)
        far = np.maximum(np.abs(away_x * cos + away_y * sin), np.abs(away_y * cos - away_x * sin))
        closer = far < reach[part]
        reach[part][closer] = far[closer]
        owner[part][closer] = number
    return owner, reach


def _glass(zones: NDArray[np.uint8], places: Array, owner: NDArray[np.int32]) -> Array:
    """Colour every tile, with streaks inside; single gold tiles are lighter or darker."""
    random = np.random.default_rng(3)
    x, y = np.clip(np.rint(places).astype(int), 0, (WIDTH - 1, HEIGHT - 1)).T
    shades = np.array([[colour(code) for code in zone] for zone in ZONES])
    choice = random.choice(4, len(places), p=(0.42, 0.27, 0.19, 0.12))
    tint = shades[zones[y, x], choice] * (1 + random.normal(0, 0.07, (len(places), 1)))
    tone = (
        1
        + 0.12 * noise(SIZE, 260, 7)[y, x]
        + 0.1 * random.normal(0, 1, len(places)) * (zones[y, x] == 2)
    )
    streaks = 0.07 * fractal(SIZE, (30, 5), 8, 3) + 0.04 * fractal(SIZE, 4, 9, 2)
    return (tint * tone[:, None])[owner].astype(np.float32) * (1 + streaks[..., None])
