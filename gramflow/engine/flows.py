"""Optical flow: where every pixel of a frame is in another one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, luminance, resized
from gramflow.engine.blocks import block_matches

Flow = NDArray[np.float32]
"""(height, width, 2): x and y in pixels, from a pixel to the same point in another frame."""
Map = NDArray[np.float32]
"""(height, width), 0..1."""
Features = Callable[[Picture, Sequence[str]], Mapping[str, NDArray[np.float32]]]
"""From a picture and the names of layers to the network's features, (height, width, channels)."""


class FlowMethod:
    """The base of every flow plugin.

    features: computes those of the look's network, which is built at the first call; None where
        there is no network, as in the report's job.
    """

    kind: ClassVar[str] = "flows"

    @dataclass(frozen=True)
    class Settings:
        """At which size the flow is found."""

        width: int = field(
            default=1024,
            kw_only=True,  # so that a plugin may have settings that must be given
            metadata={
                "doc": "pixels: the flow is found at the film's own size, or at this width where "
                "that is greater (never at less than the look's)",
                "minimum": 64,
            },
        )

    def __init__(self, settings: Any, features: Features | None = None) -> None:
        self.settings = settings
        self.features = features

    def between(self, frame: Picture, other: Picture) -> Flow:
        """The flow from `frame` into `other`, two pictures of one size."""
        raise NotImplementedError


class Still(FlowMethod):
    """No motion: for a camera and a scene that stand still."""

    def between(self, frame: Picture, other: Picture) -> Flow:
        """As the base says."""
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
        """How much care is taken."""

        quality: Literal["ultrafast", "fast", "medium"] = field(
            default="medium", metadata={"doc": "OpenCV's preset"}
        )

    def between(self, frame: Picture, other: Picture) -> Flow:
        """As the base says."""
        near = self.near(frame, other)
        if min(frame.shape[:2]) < 2 * _PATCHES:
            return near
        far = self._search(frame, other, start=_from_blocks(frame, other, near))
        return better(frame, other, near, far, by=_CLEARLY)

    def near(self, frame: Picture, other: Picture) -> Flow:
        """The flow without the blocks: of what moves by less than it is wide."""
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
        """By OpenCV, down to the scale of the picture itself; from a start, which it overwrites."""
        import cv2

        preset = getattr(cv2, f"DISOPTICAL_FLOW_PRESET_{self.settings.quality.upper()}")
        method = cv2.DISOpticalFlow.create(preset)
        method.setFinestScale(0)
        if smooth:
            method.setVariationalRefinementAlpha(60.0)  # three times and
            method.setVariationalRefinementIterations(20)  # four times the preset's
        flow: Flow = method.calc(grey(frame), grey(other), start)
        return flow


class Farneback(FlowMethod):
    """Polynomial expansion (Farneback 2003): smoother, for films without sharp edges of motion."""

    @dataclass(frozen=True)
    class Settings(FlowMethod.Settings):
        """How much is averaged."""

        window: int = field(
            default=15, metadata={"doc": "pixels that are averaged over", "minimum": 3}
        )

    def between(self, frame: Picture, other: Picture) -> Flow:
        """As the base says."""
        import cv2

        flow: Flow = cv2.calcOpticalFlowFarneback(
            grey(frame), grey(other), None, 0.5, 5, self.settings.window, 5, 7, 1.5, 0
        )
        return flow


def warp(picture: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    """What `picture` shows, moved to the frame that `flow` starts from, by cubic interpolation.

    picture: (height, width) or (height, width, channels). Beyond its edge its last pixels repeat.
    """
    import cv2

    return cv2.remap(picture, ends(flow), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def scaled(flow: Flow, width: int, height: int) -> Flow:
    """The same motion in pictures of another size: area averaging to shrink, linear to enlarge."""
    import cv2

    rows, columns = flow.shape[:2]
    if (rows, columns) == (height, width):
        return flow
    method = cv2.INTER_AREA if width * height < columns * rows else cv2.INTER_LINEAR
    larger = np.array([width / columns, height / rows], np.float32)
    return cv2.resize(flow, (width, height), interpolation=method) * larger


def mismatch(frame: Picture, other: Picture, flow: Flow) -> Map:
    """How little the other frame, warped along the flow, looks like this one: mean absolute
    difference of the colours (0..1), blurred by a pixel.

    Without what differs broadly, by a sixteenth of the picture's longer side: a change of light
    says nothing about the motion. So a difference that is as broad as that is not seen.
    """
    difference = warp(other, flow) - frame
    difference -= _light(difference)
    return _blurred(np.abs(difference).mean(-1), 1)


def better(frame: Picture, other: Picture, usual: Flow, instead: Flow, by: float = 0.001) -> Flow:
    """Of two flows, the second one where it explains the frame better.

    by: how much smaller its mismatch must be. A flat area looks alike along any flow, and keeps
    the usual one by a quarter grey level.
    """

    def cost(flow: Flow) -> Map:
        different = np.minimum(mismatch(frame, other, flow), _WORST)
        return _blurred(np.where(inside(flow), different, _WORST), 2)

    costs = cost(usual), cost(instead)
    return np.where((costs[1] < costs[0] - by)[..., None], instead, usual)


def ends(flow: Flow) -> NDArray[np.float32]:
    """Where each pixel is in the other frame: x and y."""
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return flow + np.stack([x, y], axis=-1)


def inside(flow: Flow) -> NDArray[np.bool_]:
    """Which pixels are within the other frame, too."""
    height, width = flow.shape[:2]
    x, y = ends(flow).transpose(2, 0, 1)
    return (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)


def _from_blocks(frame: Picture, other: Picture, usual: Flow) -> Flow:
    """The flow of the blocks that match for sure, and elsewhere the usual one."""
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
    """The part of a difference that is a change of light: its mean, by a Gaussian window.

    What stands out from it counts less in a second mean (weights as of a Cauchy distribution), so
    that a figure where it does not belong is not taken for a change of light around it. In an
    eighth of the size, since that is faster.
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
    """Luminance (ITU-R BT.601) as bytes, which OpenCV's flow methods want."""
    return np.rint(np.clip(luminance(picture), 0, 1) * 255).astype(np.uint8)


_PATCHES = 16  # pixels of the shorter side below which DIS has nothing to search in
_STANDS_OUT = np.float32(0.02)  # of a difference, beside a change of light
_CLEARLY = 2 / 255  # of a mismatch: the difference that noise makes is smaller
_WORST = np.float32(0.1)  # of a mismatch: what is hidden says nothing about the pixels beside it
