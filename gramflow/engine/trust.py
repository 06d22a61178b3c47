"""What two frames say of the flow between them: where it is a guess, and how far to trust it."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, luminance, resized
from gramflow.base.errors import GramflowError
from gramflow.engine.flows import Flow, FlowMethod, Map, better, ends, inside, mismatch, scaled
from gramflow.engine.interpolation import spread


def match(method: FlowMethod, frame: Picture, other: Picture) -> "Match":
    """Two frames of one size and the flow between them, both ways.

    In flat areas any flow looks right, and what is found there is a guess. So the flow of their
    edges takes its place. Raises GramflowError for a flow that is not finite.
    """
    flow, reverse = method.between(frame, other), method.between(other, frame)
    if not (np.isfinite(flow).all() and np.isfinite(reverse).all()):
        raise GramflowError("the optical flow has values that are not finite; choose flow dis")
    height, width = frame.shape[:2]
    half = max(width // 2, 1), max(height // 2, 1)
    first, second = (resized(each, *half) for each in (frame, other))
    ahead, back = (scaled(each, *half) for each in (flow, reverse))
    return Match(
        frame,
        other,
        _filled(frame, other, flow, _of_edges(first, second, ahead, back)),
        _filled(other, frame, reverse, _of_edges(second, first, back, ahead)),
    )


class Match:
    """How well two frames match along a flow, and what that says of it; all maps are 0..1.

    flow: from the frame into the other one. reverse: the flow back.
    """

    def __init__(self, frame: Picture, other: Picture, flow: Flow, reverse: Flow) -> None:
        self.flow = flow
        self._reverse = reverse
        self._different = mismatch(frame, other, flow)
        self._contrast = _contrast(frame)
        self._reliability = reliability(flow, reverse)

    @cached_property
    def trust(self) -> Map:
        """How far each vector of the flow may be trusted: its reliability, corrected by what is
        seen.

        Two flows that agree may both be wrong; then the warped frame does not look like this one,
        unless all is flat there. And fast pixels count as reliable when the flows disagree by
        several pixels: here they must agree by one. The edges of motion, where reliability is low,
        are wider than they need be: where the frames fit and the flows agree even better, they are
        trusted, but not in flat areas, where everything fits. The more contrast there is around a
        pixel, the greater a difference is allowed, since a tenth of a pixel of error shows there.
        """
        disagreement: Map = np.sqrt(_squares(self.flow + _along(self._reverse, self.flow)))
        seen = _fits(self._different, _SAME + np.float32(0.12) * self._contrast)
        seen *= inside(self.flow) & (disagreement < 0.5) & (self._contrast > 0.01)
        known = np.maximum(self._reliability, blurred(seen, 0.8, repeat_edge=True))
        known *= _alike(self._different, self._contrast)
        return known * _fits(disagreement, np.float32(1))

    @cached_property
    def kept(self) -> Map:
        """How far what was painted in the other frame is worth going on from: where the flow is
        trusted, and where the frames look alike along it.

        In flat areas a flow is little more than a guess, and not trusted when the one back guesses
        otherwise. But paint of the same area is a better start there than the bare frame.
        """
        return np.maximum(self.trust, inside(self.flow) * _fits(self._different, _SAME))

    @cached_property
    def wrong(self) -> Map:
        """Where the flow agrees with its reverse, but the frames do not look alike along it.

        There `reliability` trusts it, and paint that is moved by it is dragged over something
        else. What is hidden and broad changes of light do not count.
        """
        return self._reliability * (1 - _alike(self._different, self._contrast))


def reliability(flow: Flow, reverse: Flow) -> Map:
    """How far each vector of `flow` may be trusted (Ruder et al. 2016, equations 5 and 6).

    reverse: the flow back, from the other frame. 0 where a pixel leaves the frame, where it is
    hidden in the other frame, and at the edges of motion; the rest is 1. As in the authors' code,
    hidden pixels count -1 before a Gaussian blur (sigma 0.8), so that they grow by it.
    """
    import cv2

    back = _along(reverse, flow)
    energy = _squares(flow)
    hidden = _squares(flow + back) >= 0.01 * (energy + _squares(back)) + 0.5
    edge = _squares(_slopes(flow)) > 0.01 * energy + 0.002
    trust = np.where(edge, 0, 1).astype(np.float32)
    trust[hidden] = -1
    trust[~inside(flow)] = 0
    grown = cv2.GaussianBlur(trust, (5, 5), 0.8, borderType=cv2.BORDER_REPLICATE)
    return np.clip(grown, 0, 1)


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


def _of_edges(frame: Picture, other: Picture, flow: Flow, reverse: Flow) -> Flow:
    """The flow of the edges, spread over the areas within them.

    An edge counts as far as it stands out, its flow is reliable, and the frames look alike along
    it.
    """
    alike = _fits(mismatch(frame, other, flow), _SAME)
    edges = _squares(_slopes(luminance(frame)[..., None]))
    return spread(flow, edges * reliability(flow, reverse) * alike, frame)


def _filled(frame: Picture, other: Picture, flow: Flow, of_edges: Flow) -> Flow:
    """The flow with that of the edges, of a smaller size, in flat areas; where the flow as it was
    explains the frame better, it stays."""
    height, width = flow.shape[:2]
    flat = _fits(_contrast(frame), _FLAT)[..., None]
    filled = flat * scaled(of_edges, width, height) + (1 - flat) * flow
    return better(frame, other, filled, flow)


def _along(reverse: Flow, flow: Flow) -> Flow:
    """The reverse flow where each pixel is in the other frame."""
    import cv2

    return cv2.remap(reverse, ends(flow), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _contrast(frame: Picture) -> Map:
    """The standard deviation of the luminance around each pixel (sigma 2)."""
    light = luminance(frame)
    mean, squares = (blurred(each, 2, repeat_edge=True) for each in (light, np.square(light)))
    contrast: Map = np.sqrt(np.maximum(squares - np.square(mean), 0))
    return contrast


def _alike(different: Map, contrast: Map) -> Map:
    """1 where a mismatch is small enough for a right flow, 0 from twice as much."""
    return _fits(different, np.float32(0.02) + np.float32(0.15) * contrast)


def _fits(different: Map, limit: Map | np.float32) -> Map:
    """1 up to the limit, 0 from twice as much."""
    return np.clip(2 - different / limit, 0, 1)


def _squares(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sum(np.square(vectors), axis=-1)


def _slopes(flow: Flow) -> NDArray[np.float32]:
    """All four derivatives of the flow by central differences, (height, width, 4)."""
    padded = np.pad(flow, ((1, 1), (1, 1), (0, 0)), mode="edge")
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    right = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    return np.concatenate([down, right], axis=-1)


_SAME = np.float32(0.012)  # of a mismatch, in a flat area of two frames that look alike
_FLAT = np.float32(0.003)  # of a contrast: less than a grey level
