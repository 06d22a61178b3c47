"""Optical flow: methods that find it, and functions that warp, resize and compare flows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, luminance, resized
from gramflow.engine.blocks import block_matches

Flow = NDArray[np.float32]
"""(height, width, 2): displacements x and y in pixels, from a frame to the same point in another.
"""
Map = NDArray[np.float32]
"""(height, width), 0..1."""
Features = Callable[[Picture, Sequence[str]], Mapping[str, NDArray[np.float32]]]
"""Maps a picture and layer names to the network's features by layer, (height, width, channels)."""


class FlowMethod:
    """The base of every flow plugin.

    features: computes features with the look's network, which is built at the first call. None
        where no network is available, as in the report's job.
    """

    kind: ClassVar[str] = "flows"

    @dataclass(frozen=True)
    class Settings:
        """The size at which the flow is computed."""

        width: int = field(
            default=1024,
            kw_only=True,  # so that a plugin may have settings that must be given
            metadata={
                "doc": "pixels: the flow is found at the film's own size, or at this width where "
                "that is greater (never at less than the look's)",
                "minimum": 64,
                "maximum": 16384,
            },
        )

    def __init__(self, settings: Any, features: Features | None = None) -> None:
        self.settings = settings
        self.features = features

    def between(self, frame: Picture, other: Picture) -> Flow:
        """Return the flow from `frame` into `other`, two pictures of one size."""
        raise NotImplementedError


class Still(FlowMethod):
    """No motion: for a camera and a scene that stand still."""

    def between(self, frame: Picture, other: Picture) -> Flow:
        """Return zero flow."""
        return np.zeros((*frame.shape[:2], 2), np.float32)


class DIS(FlowMethod):
    """Dense inverse search (Kroeger et al. 2016): fast and exact enough for most films.

    Searched three times. Smoothly at half the size, whose patches see twice as far; at the whole
    size down to single pixels, which finds small figures and sharp edges of motion, but goes
    astray in flat areas; and from matched blocks, for what moves further than it is wide. A pixel
    takes the second one only where it explains the frame better than the first, and the third only
    where it does so clearly, since blocks also match by chance, as in the noise of a flat wall.
    """

    @dataclass(frozen=True)
    class Settings(FlowMethod.Settings):
        """The trade-off between quality and speed."""

        quality: Literal["ultrafast", "fast", "medium"] = field(
            default="medium", metadata={"doc": "OpenCV's preset"}
        )

    def between(self, frame: Picture, other: Picture) -> Flow:
        """Combine the flow of `near` with a search that starts from matched blocks."""
        near = self.near(frame, other)
        if min(frame.shape[:2]) < 2 * _PATCHES:
            return near
        far = self._search(frame, other, start=_from_blocks(frame, other, near))
        return better(frame, other, near, far, by=_CLEARLY)

    def near(self, frame: Picture, other: Picture) -> Flow:
        """Return the flow without block matching, for objects that move less than their width.

        Takes the full-resolution search per pixel where it explains the frame better than a smooth
        search at half the size.
        """
        height, width = frame.shape[:2]
        fine = self._search(frame, other)
        half = width // 2, height // 2
        if min(half) < _PATCHES:
            return fine
        broad = self._search(resized(frame, *half), resized(other, *half), smooth=True)
        return better(frame, other, scaled(broad, width, height), fine)

    def _search(
        self, frame: Picture, other: Picture, smooth: bool = False, start: Flow | None = None
    ) -> Flow:
        """Run OpenCV's DIS down to full resolution.

        smooth: use stronger variational refinement. start: initial flow, overwritten.
        """
        import cv2

        preset = getattr(cv2, f"DISOPTICAL_FLOW_PRESET_{self.settings.quality.upper()}")
        method = cv2.DISOpticalFlow.create(preset)
        method.setFinestScale(0)
        if smooth:
            method.setVariationalRefinementAlpha(60.0)  # three times the preset's
            method.setVariationalRefinementIterations(20)  # four times the preset's
        flow: Flow = method.calc(grey(frame), grey(other), start)
        return flow


class Farneback(FlowMethod):
    """Polynomial expansion (Farneback 2003): smoother, for films without sharp edges of motion."""

    @dataclass(frozen=True)
    class Settings(FlowMethod.Settings):
        """The averaging window."""

        window: int = field(
            default=15,
            metadata={"doc": "pixels that are averaged over", "minimum": 3, "maximum": 255},
        )

    def between(self, frame: Picture, other: Picture) -> Flow:
        """Run OpenCV's Farneback method."""
        import cv2

        flow: Flow = cv2.calcOpticalFlowFarneback(
            grey(frame), grey(other), None, 0.5, 5, self.settings.window, 5, 7, 1.5, 0
        )
        return flow


def warp(picture: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    """Warp `picture` backwards to the frame where `flow` starts, by cubic interpolation.

    picture: (height, width) or (height, width, channels). Its border pixels are repeated outside.
    """
    import cv2

    return cv2.remap(picture, ends(flow), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def scaled(flow: Flow, width: int, height: int) -> Flow:
    """Resize a flow field and its vectors: area averaging to shrink, linear to enlarge."""
    import cv2

    rows, columns = flow.shape[:2]
    if (rows, columns) == (height, width):
        return flow
    method = cv2.INTER_AREA if width * height < columns * rows else cv2.INTER_LINEAR
    larger = np.array([width / columns, height / rows], np.float32)
    return cv2.resize(flow, (width, height), interpolation=method) * larger


def mismatch(frame: Picture, other: Picture, flow: Flow) -> Map:
    """Photometric error of a flow: mean absolute colour difference (0..1) between the frame and the
    warped other frame, blurred with a sigma of one pixel.

    The low-frequency part of the difference (see `_light`) is removed first, since a change of
    light says nothing about the motion. Errors as broad as that part (a sigma of a sixteenth of the
    longer side) are therefore not detected.
    """
    difference = warp(other, flow) - frame
    difference -= _light(difference)
    return _blurred(np.abs(difference).mean(-1), 1)


def better(frame: Picture, other: Picture, usual: Flow, instead: Flow, by: float = 0.001) -> Flow:
    """Combine two flows per pixel: `instead` where its photometric error is smaller, else `usual`.

    by: how much smaller the error (0..1) must be. In flat areas every flow fits; the default, a
    quarter grey level, keeps `usual` there.
    """

    def cost(flow: Flow) -> Map:
        different = np.minimum(mismatch(frame, other, flow), _WORST)
        return _blurred(np.where(inside(flow), different, _WORST), 2)

    costs = cost(usual), cost(instead)
    return np.where((costs[1] < costs[0] - by)[..., None], instead, usual)


def ends(flow: Flow) -> NDArray[np.float32]:
    """Absolute coordinates (x, y) of each pixel in the other frame, (height, width, 2)."""
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return flow + np.stack([x, y], axis=-1)


def inside(flow: Flow) -> NDArray[np.bool_]:
    """Mask of the pixels whose flow ends inside the other frame, (height, width)."""
    height, width = flow.shape[:2]
    x, y = ends(flow).transpose(2, 0, 1)
    return (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)


def _from_blocks(frame: Picture, other: Picture, usual: Flow) -> Flow:
    """Replace `usual` by the displacement of matched blocks where those are reliable."""
    import cv2

    height, width = usual.shape[:2]
    matched, sure = block_matches(frame, other)
    rows, columns = sure.shape
    larger = np.array([width / columns, height / rows], np.float32)

    def enlarged(values: NDArray[Any]) -> NDArray[Any]:
        return cv2.resize(values, (width, height), interpolation=cv2.INTER_NEAREST)

    known = enlarged(sure.astype(np.uint8))[..., None] > 0
    return np.where(known, enlarged(matched) * larger, usual)


def _light(difference: Picture) -> Picture:
    """Estimate the change of light in a difference of frames: its robust local mean.

    A Gaussian mean, recomputed twice with Cauchy weights, so that a misplaced object is an outlier
    and not taken for a change of light around it. Computed at an eighth of the size for speed.
    """
    import cv2

    height, width = difference.shape[:2]
    small = resized(difference, ceil(width / 8), ceil(height / 8))
    sigma = max(width, height) / 128
    light = _blurred(small, sigma)
    for _ in range(2):
        weight = 1 / (1 + np.square((small - light) / _STANDS_OUT).mean(-1, keepdims=True))
        light = _blurred(weight * small, sigma) / _blurred(weight, sigma)[..., None]
    return cv2.resize(light, (width, height))


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return blurred(values, sigma, repeat_edge=True)


def grey(picture: Picture) -> NDArray[np.uint8]:
    """8-bit luminance (ITU-R BT.601), (height, width), as OpenCV's flow methods need it."""
    return np.rint(np.clip(luminance(picture), 0, 1) * 255).astype(np.uint8)


_PATCHES = 16  # pixels: least shorter side that DIS can search
_STANDS_OUT = np.float32(0.02)  # scale of the Cauchy weights, in colour values of 0..1
_CLEARLY = 2 / 255  # least gain in photometric error for blocks: more than noise makes
_WORST = np.float32(0.1)  # cap of the photometric error, so that occlusions do not dominate nearby
