"""Drawing primitives that all drawings share: noise, shapes, lighting, compositing.

A picture is (height, width, 3) float32, RGB, 0 black to 1 white. A mask is (height, width) float32,
0..1. Coordinates are in pixels, x to the right and y down. Every random number has a seed.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float32]
Size = tuple[int, int]
"""Height and width in pixels."""

_SHIFT = 4  # OpenCV draws at sixteenths of a pixel


def colour(code: str) -> Array:
    """The RGB values, 0..1, of an HTML code without #, such as "e8c04a"."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def noise(size: Size, cell: float | tuple[float, float], seed: int) -> Array:
    """Smooth noise of about -1..1: random values on a grid, interpolated bicubically.

    cell: spacing of the grid in pixels; two values are along x and y.
    """
    height, width = size
    cell_x, cell_y = cell if isinstance(cell, tuple) else (cell, cell)
    grid = int(np.ceil(height / cell_y)) + 4, int(np.ceil(width / cell_x)) + 4
    values = np.random.default_rng(seed).uniform(-1, 1, grid).astype(np.float32)
    x, y = np.arange(width) / cell_x + 1.5, np.arange(height) / cell_y + 1.5
    places = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    return cv2.remap(values, *places, cv2.INTER_CUBIC)


def fractal(
    size: Size, cell: float | tuple[float, float], seed: int, octaves: int = 5, gain: float = 0.5
) -> Array:
    """Sum of `octaves` of noise, each with half the cell and `gain` times the amplitude."""
    cell_x, cell_y = cell if isinstance(cell, tuple) else (cell, cell)
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        step = cell_x / 2**octave, cell_y / 2**octave
        if max(step) < 1:
            break
        total += gain**octave * noise(size, (max(step[0], 1), max(step[1], 1)), seed + octave)
    return total


def blur(picture: Array, sigma: float) -> Array:
    """Gaussian blur with mirrored borders; sigma in pixels."""
    picture = np.asarray(picture, np.float32)
    if sigma > 6:  # as good at a quarter of the size, and far quicker
        height, width = picture.shape[:2]
        small = cv2.resize(
            picture, (width // 4 or 1, height // 4 or 1), interpolation=cv2.INTER_AREA
        )
        wide = cv2.resize(blur(small, sigma / 4), (width, height), interpolation=cv2.INTER_CUBIC)
        return cv2.GaussianBlur(wide, (0, 0), 2.5, borderType=cv2.BORDER_REFLECT)
    return cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.01), borderType=cv2.BORDER_REFLECT)


def step(low: float, high: float, values: Array) -> Array:
    """Smoothstep: 0 below `low`, 1 above `high`. It falls where `low` is above `high`."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def mix(first: ArrayLike, second: ArrayLike, amount: ArrayLike) -> Array:
    """Linear interpolation: `first` where `amount` is 0, `second` where it is 1.

    A mask (height, width) as the amount applies to all channels.
    """
    first, second = np.asarray(first, np.float32), np.asarray(second, np.float32)
    amount = np.asarray(amount, np.float32)
    if amount.ndim == 2 and max(first.ndim, second.ndim) in (1, 3):
        amount = amount[..., None]
    return first + (second - first) * amount


def ramp(stops: Sequence[tuple[float, str]], values: Array) -> Array:
    """Map values to colours by linear interpolation between stops.

    stops: values and colour codes, rising, such as ((0, "203050"), (1, "ffe0a0")).
    """
    places = [place for place, _ in stops]
    shades = np.array([colour(code) for _, code in stops])
    channels = [np.interp(values, places, shades[:, channel]) for channel in range(3)]
    return np.stack(channels, -1).astype(np.float32)


def curve(points: ArrayLike, steps: int = 12, closed: bool = True) -> Array:
    """Catmull-Rom spline through the points, with `steps` samples per segment: (count, 2)."""
    points = np.asarray(points, np.float32)
    if closed:
        around = np.concatenate([points[-1:], points, points[:2]])
    else:
        around = np.concatenate(
            [2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]]
        )
    a, b, c, d = (around[i : len(around) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[None, :, None]
    smooth = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    line = smooth.reshape(-1, 2)
    return line if closed else np.concatenate([line, points[-1:]])


def fixed(points: ArrayLike) -> NDArray[np.int32]:
    """Coordinates as fixed-point integers for OpenCV's drawing functions with shift=_SHIFT."""
    return np.rint(np.asarray(points, np.float64) * 2**_SHIFT).astype(np.int32)


def area(size: Size, points: ArrayLike) -> Array:
    """Anti-aliased mask of a polygon."""
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [fixed(points)], 255, cv2.LINE_AA, _SHIFT)
    return mask.astype(np.float32) / 255


def blob(size: Size, points: ArrayLike) -> Array:
    """Anti-aliased mask of the smooth closed curve through the points."""
    return area(size, curve(points))


def disc(
    size: Size, middle: Sequence[float], radius: float | tuple[float, float], turn: float = 0
) -> Array:
    """Anti-aliased mask of an ellipse.

    radius: in pixels; two values are along x and y.
    turn: rotation in degrees, clockwise.
    """
    mask = np.zeros(size, np.uint8)
    axes = radius if isinstance(radius, tuple) else (radius, radius)
    points = cv2.ellipse2Poly((0, 0), (1000, 1000), 0, 0, 360, 3).astype(np.float64) / 1000 * axes
    angle = np.deg2rad(turn)
    turned = points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    cv2.fillPoly(mask, [fixed(turned + np.asarray(middle))], 255, cv2.LINE_AA, _SHIFT)
    return mask.astype(np.float32) / 255


def line(size: Size, points: ArrayLike, width: float) -> Array:
    """Anti-aliased mask of an open polyline of this width."""
    mask = np.zeros(size, np.uint8)
    stroke(mask, points, 255, width)
    return mask.astype(np.float32) / 255


def stroke(picture: NDArray, points: ArrayLike, shade: ArrayLike, width: float) -> None:
    """Draw an open polyline into a picture, in place; its width is rounded to whole pixels."""
    value = np.asarray(shade, np.float64).ravel().tolist()
    cv2.polylines(picture, [fixed(points)], False, value, max(round(width), 1), cv2.LINE_AA, _SHIFT)


def bend(picture: Array, x: ArrayLike, y: ArrayLike) -> Array:
    """Warp a picture: every pixel is sampled (x, y) pixels away from its place."""
    rows, columns = np.indices(picture.shape[:2], np.float32)
    places = (columns + x).astype(np.float32), (rows + y).astype(np.float32)
    return cv2.remap(picture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def rough(mask: Array, cell: float, reach: float, seed: int) -> Array:
    """Displace a mask by noise of about `reach` pixels, for an uneven, hand-made edge."""
    size = mask.shape[0], mask.shape[1]
    return bend(mask, reach * fractal(size, cell, seed), reach * fractal(size, cell, seed + 50))


def over(picture: Array, paint: ArrayLike, mask: Array) -> None:
    """Blend paint, a colour or a picture, over a picture by a mask, in place."""
    picture += (np.asarray(paint, np.float32) - picture) * mask[..., None]


def glaze(picture: Array, paint: ArrayLike, mask: Array) -> None:
    """Multiply a picture by a transparent colour where the mask is, in place."""
    picture *= 1 - (1 - np.asarray(paint, np.float32)) * mask[..., None]


def lit(height: Array, light: Sequence[float] = (-0.5, -0.7, 0.6), depth: float = 1) -> Array:
    """Lambertian shading of a height map: 1 where flat, less or more on slopes.

    height: in pixels; it is multiplied by `depth`.
    light: direction towards the light: x, y, and towards the viewer.
    """
    height = np.asarray(height, np.float32)
    x = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=depth / 8)
    y = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=depth / 8)
    direction = np.asarray(light, np.float32) / np.linalg.norm(light)
    facing = (-x * direction[0] - y * direction[1] + direction[2]) / np.sqrt(1 + x * x + y * y)
    return np.maximum(facing, 0) / direction[2]


def swell(mask: Array, radius: float) -> Array:
    """Height map, in pixels, of a body with this outline, rounded within `radius` of its edge."""
    inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    near = np.clip(inside / radius, 0, 1)
    return blur(radius * np.sqrt(1 - (1 - near) ** 2), radius / 6)


def cast(mask: Array, x: float, y: float, soft: float) -> Array:
    """Shadow of a mask: moved by (x, y) pixels and blurred by a sigma of `soft` pixels."""
    moved = cv2.warpAffine(mask, np.array([[1, 0, x], [0, 1, y]], np.float32), mask.shape[::-1])
    return blur(moved, soft)


def shrink(picture: Array, factor: int) -> Array:
    """Reduce a picture by averaging over squares of `factor` pixels."""
    height, width = picture.shape[:2]
    size = width // factor, height // factor
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def pixels(picture: Array) -> NDArray[np.uint8]:
    """Convert a picture, clipped to 0..1, to 8 bits per channel."""
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
