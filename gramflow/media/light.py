"""Transfer curves between light and code values, and the view by which scene light is painted.

Light is linear: 1 is the white of a picture (in HDR video the reference white of ITU-R BT.2408, 203
cd/m2). Code values are what films and pictures store, from 0 to 1.
"""

from dataclasses import dataclass
from functools import cached_property
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture

Light = NDArray[np.float32]

WHITE = 203.0  # cd/m2 of reference white, by BT.2408
_KNEE = 0.8  # code value from which highlights are rolled off
_TOP = 16.0  # light that a rolled-off view maps to the code value 1


def srgb_light(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of sRGB code values (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb_values(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """SRGB code values of light that is 0 or more."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def pq_light(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of PQ code values (SMPTE ST 2084)."""
    root = values ** (32 / 2523)
    return (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305) * (
        10000 / WHITE
    )


def hlg_light(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scene light of HLG code values (ITU-R BT.2100), scaled so that the code value 0.75 is 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    return scene / ((exp((0.75 - c) / a) + b) / 12)


_CURVES = {"smpte2084": pq_light, "arib-std-b67": hlg_light}

BT2020_TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)
"""Matrix of linear light, by ITU-R BT.2087."""


def light_of(pixels: NDArray[np.uint16], transfer: str | None) -> Light:
    """Light of 16-bit code values by a film's transfer tag; sRGB for all but PQ and HLG."""
    codes = np.arange(65536) / 65535
    return _CURVES.get(transfer or "", srgb_light)(codes).astype(np.float32)[pixels]


@dataclass(frozen=True)
class View:
    """How scene-linear light becomes the picture that is painted, and back.

    The curve is sRGB's, after a gain of 2^exposure. highlights: with "clip", light above 1 becomes
    1. With "roll" the curve goes on from the code value 0.8 as a logarithm that begins with the
    same slope and reaches 1 at a light of 16; what is above is clipped. Negative light becomes 0.
    """

    exposure: float = 0.0
    highlights: str = "roll"

    @cached_property
    def _roll(self) -> tuple[float, float, float]:
        """Light at the knee, slope of the curve there, and height of the logarithm."""
        knee = float(srgb_light(np.array(_KNEE)))
        slope = 1.055 / 2.4 * knee ** (1 / 2.4 - 1)
        low, high = 1e-3, 1.0
        for _ in range(60):  # the height with which the curve ends at 1: it grows with it
            height = (low + high) / 2
            end = _KNEE + height * log(1 + (_TOP - knee) * slope / height)
            low, high = (low, height) if end > 1 else (height, high)
        return knee, slope, height

    def values(self, light: Light) -> Picture:
        """Code values, 0..1, of scene light of any shape. What is not a number becomes 0."""
        gained = np.nan_to_num(light.astype(np.float64), posinf=np.inf) * 2.0**self.exposure
        gained = np.clip(gained, 0, 1 if self.highlights == "clip" else _TOP)
        plain = srgb_values(gained)
        if self.highlights == "clip":
            return plain.astype(np.float32)
        knee, slope, height = self._roll
        above = np.log1p(np.maximum(gained - knee, 0) * slope / height)
        return np.where(gained <= knee, plain, _KNEE + height * above).astype(np.float32)

    def light(self, pixels: NDArray[np.uint16]) -> Light:
        """Scene light of 16-bit code values: the inverse of `values`."""
        codes = np.arange(65536) / 65535
        table = srgb_light(codes)
        if self.highlights != "clip":
            knee, slope, height = self._roll
            above = knee + height / slope * np.expm1((codes - _KNEE) / height)
            table = np.where(codes <= _KNEE, table, above)
        return (table / 2.0**self.exposure).astype(np.float32)[pixels]
