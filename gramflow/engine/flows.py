"""Optical flow: where every pixel of a frame is in another one, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gramflow.arrays import Picture

Flow = NDArray[np.float32]
"""(height, width, 2): x and y in pixels, from a pixel to the same point in another frame."""
Map = NDArray[np.float32]
"""(height, width), 0..1."""


class FlowMethod:
    """The base of every flow plugin."""

    kind: ClassVar[str] = "flows"

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def between(self, frame: Picture, other: Picture) -> Flow:
        """The flow from `frame` into `other`, two pictures of one size."""
        raise NotImplementedError


class Still(FlowMethod):
    """No motion: for a camera and a scene that stand still."""

    def between(self, frame: Picture, other: Picture) -> Flow:
        """As the base says."""
        return np.zeros((*frame.shape[:2], 2), np.float32)


class DIS(FlowMethod):
    """Dense inverse search (Kroeger et al. 2016): fast and exact enough for most films."""

    @dataclass(frozen=True)
    class Settings(FlowMethod.Settings):
        """How much care is taken."""

        quality: Literal["ultrafast", "fast", "medium"] = field(
            default="medium", metadata={"doc": "OpenCV's preset"}
        )

    def between(self, frame: Picture, other: Picture) -> Flow:
        """As the base says."""
        import cv2

        preset = getattr(cv2, f"DISOPTICAL_FLOW_PRESET_{self.settings.quality.upper()}")
        flow: Flow = cv2.DISOpticalFlow.create(preset).calc(grey(frame), grey(other), None)
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

    return cv2.remap(picture, _ends(flow), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def reliability(flow: Flow, reverse: Flow) -> Map:
    """How far each vector of `flow` may be trusted (Ruder et al. 2016, equations 5 and 6).

    reverse: the flow back, from the other frame. 0 where a pixel leaves the frame, where it is
    hidden in the other frame, and at the edges of motion; the rest is 1. As in the authors' code,
    hidden pixels count -1 before a Gaussian blur (sigma 0.8), so that they grow by it.
    """
    import cv2

    height, width = flow.shape[:2]
    ends = _ends(flow)
    inside = (ends >= 0).all(-1) & (ends[..., 0] <= width - 1) & (ends[..., 1] <= height - 1)
    back = cv2.remap(reverse, ends, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    energy = _squares(flow)
    hidden = _squares(flow + back) >= 0.01 * (energy + _squares(back)) + 0.5
    edge = _squares(_slopes(flow)) > 0.01 * energy + 0.002
    trust = np.where(edge, 0, 1).astype(np.float32)
    trust[hidden] = -1
    trust[~inside] = 0
    blurred = cv2.GaussianBlur(trust, (5, 5), 0.8, borderType=cv2.BORDER_REPLICATE)
    return np.clip(blurred, 0, 1)


def long_term(trusts: Sequence[Map]) -> list[Map]:
    """What is left of each neighbour's trust, nearest first, after the nearer ones took theirs.

    So a pixel is tied to the nearest frame in which it was seen (Ruder et al. 2016, equation 10).
    """
    taken = np.zeros_like(trusts[0])
    left = []
    for trust in trusts:
        left.append(np.maximum(trust - taken, 0))
        taken += trust
    return left


def _ends(flow: Flow) -> NDArray[np.float32]:
    """Where each pixel is in the other frame: x and y."""
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return flow + np.stack([x, y], axis=-1)


def _squares(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sum(np.square(vectors), axis=-1)


def _slopes(flow: Flow) -> NDArray[np.float32]:
    """All four derivatives of the flow by central differences, (height, width, 4)."""
    padded = np.pad(flow, ((1, 1), (1, 1), (0, 0)), mode="edge")
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    right = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    return np.concatenate([down, right], axis=-1)


def grey(picture: Picture) -> NDArray[np.uint8]:
    """Luminance (ITU-R BT.601) as bytes, which OpenCV's flow methods want."""
    luminance = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(np.clip(luminance, 0, 1) * 255).astype(np.uint8)
