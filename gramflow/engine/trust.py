"""Confidence of optical flow, by forward-backward and photometric checks; fills flat areas."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, blurred, luminance, resized
from gramflow.base.errors import GramflowError
from gramflow.engine.flows import Flow, FlowMethod, Map, better, ends, inside, mismatch, scaled
from gramflow.engine.interpolation import spread


def match(method: FlowMethod, frame: Picture, other: Picture) -> "Match":
    """Compute the flow between two frames of one size in both directions and check it.

    In flat areas any flow matches. There the flow found is replaced by that of the edges around,
    spread at half the size. Raises GramflowError if the flow is not finite.
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
    """Confidence maps of the flow between two frames, each (height, width), 0..1.

    flow: from `frame` into `other`. reverse: from `other` into `frame`.
    """

    def __init__(self, frame: Picture, other: Picture, flow: Flow, reverse: Flow) -> None:
        self.flow = flow
        self._reverse = reverse
        self._different = mismatch(frame, other, flow)
        self._contrast = _contrast(frame)
        self._reliability = reliability(flow, reverse)

    @cached_property
    def trust(self) -> Map:
        """Trust in each flow vector: `reliability`, corrected by photometric checks.

        - Forward and backward flow may agree and both be wrong. So trust is removed where the
          warped frame does not look like this one. The tolerance grows with the local contrast,
          because there a flow error of a tenth of a pixel is visible.
        - `reliability` accepts fast motion when the flows disagree by several pixels. Here trust
          falls from a disagreement of one pixel on, to 0 at two.
        - `reliability` rejects wider bands along motion boundaries than necessary. Pixels there
          are trusted if the frames match and the flows agree within half a pixel, except in flat
          areas, where every flow matches.
        """
        disagreement: Map = np.sqrt(_squares(self.flow + _along(self._reverse, self.flow)))
        seen = _fits(self._different, _SAME + np.float32(0.12) * self._contrast)
        seen *= inside(self.flow) & (disagreement < 0.5) & (self._contrast > 0.01)
        known = np.maximum(self._reliability, blurred(seen, 0.8, repeat_edge=True))
        known *= _alike(self._different, self._contrast)
        return known * _fits(disagreement, np.float32(1))

    @cached_property
    def kept(self) -> Map:
        """Where the other frame's painted picture is a good start for this frame: where the flow is
        trusted, or the frames look alike along it.

        In flat areas the flow is ambiguous, and not trusted if the backward flow disagrees. But
        paint of the same area is still a better start than the bare frame.
        """
        return np.maximum(self.trust, inside(self.flow) * _fits(self._different, _SAME))

    @cached_property
    def wrong(self) -> Map:
        """Where forward and backward flow agree, but the frames do not look alike along the flow.

        With `reliability` alone such a flow would be trusted, and drag paint over something else.
        Occlusions and broad changes of light do not count.
        """
        return self._reliability * (1 - _alike(self._different, self._contrast))


def reliability(flow: Flow, reverse: Flow) -> Map:
    """Forward-backward consistency of a flow, (height, width) (Ruder et al. 2016, equations 5, 6).

    reverse: the flow from the other frame back. 0 where a pixel leaves the frame, where it is
    occluded in the other frame, and at motion boundaries; 1 elsewhere. As in the authors' code,
    occluded pixels count -1 before a Gaussian blur (sigma 0.8), which makes them grow.
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
    """Reduce each neighbour's trust by that of the nearer ones (Ruder et al. 2016, equation 10).

    trusts: nearest neighbour first. Each pixel then depends only on the nearest frame in which it
    was visible.
    """
    taken = np.zeros_like(trusts[0])
    left = []
    for trust in trusts:
        left.append(np.maximum(trust - taken, 0))
        taken += trust
    return left


def _of_edges(frame: Picture, other: Picture, flow: Flow, reverse: Flow) -> Flow:
    """Spread the flow of luminance edges over the areas between them.

    An edge pixel's weight is its squared gradient, times the reliability of its flow, times how
    well the frames match along it.
    """
    alike = _fits(mismatch(frame, other, flow), _SAME)
    edges = _squares(_slopes(luminance(frame)[..., None]))
    return spread(flow, edges * reliability(flow, reverse) * alike, frame)


def _filled(frame: Picture, other: Picture, flow: Flow, of_edges: Flow) -> Flow:
    """Replace the flow in flat areas by that of the edges, unless this explains the frame worse.

    of_edges: may be of a smaller size.
    """
    height, width = flow.shape[:2]
    flat = _fits(_contrast(frame), _FLAT)[..., None]
    filled = flat * scaled(of_edges, width, height) + (1 - flat) * flow
    return better(frame, other, filled, flow)


def _along(reverse: Flow, flow: Flow) -> Flow:
    """Sample the reverse flow at the positions that `flow` leads to."""
    import cv2

    return cv2.remap(reverse, ends(flow), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _contrast(frame: Picture) -> Map:
    """Local standard deviation of the luminance, in a Gaussian window with a sigma of 2 pixels."""
    light = luminance(frame)
    mean, squares = (blurred(each, 2, repeat_edge=True) for each in (light, np.square(light)))
    contrast: Map = np.sqrt(np.maximum(squares - np.square(mean), 0))
    return contrast


def _alike(different: Map, contrast: Map) -> Map:
    """1 where the photometric error is small enough for a correct flow, 0 from twice as much on.

    The limit grows with the local contrast.
    """
    return _fits(different, np.float32(0.02) + np.float32(0.15) * contrast)


def _fits(different: Map, limit: Map | np.float32) -> Map:
    """1 up to the limit, falling linearly to 0 at twice the limit."""
    return np.clip(2 - different / limit, 0, 1)


def _squares(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sum(np.square(vectors), axis=-1)


def _slopes(flow: Flow) -> NDArray[np.float32]:
    """All four derivatives of the flow by central differences, (height, width, 4)."""
    padded = np.pad(flow, ((1, 1), (1, 1), (0, 0)), mode="edge")
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    right = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    return np.concatenate([down, right], axis=-1)


_SAME = np.float32(0.012)  # photometric error up to which flat areas of two frames look alike
_FLAT = np.float32(0.003)  # contrast up to which an area is flat: less than a grey level
