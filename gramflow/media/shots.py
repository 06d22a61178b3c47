"""Where a film is cut: found by PySceneDetect, given by hand, or not looked for."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from gramflow.base.arrays import Pixels

_WIDTH = 256  # pixels that cuts are looked for at; more only costs time
_SHORTEST = 5  # frames of a shot; what is shorter is a flash


class ShotFinder:
    """Looks at every frame of a film, in order, for cuts and fades.

    threshold: how many times more than its neighbours a frame has to change (PySceneDetect's
    adaptive detector). A fade to black and back is cut in the middle of the black.
    """

    def __init__(self, threshold: float) -> None:
        from scenedetect.detectors import AdaptiveDetector, ThresholdDetector

        self._detectors = [
            AdaptiveDetector(adaptive_threshold=threshold, min_scene_len=_SHORTEST),
            ThresholdDetector(min_scene_len=_SHORTEST),
        ]
        self._cuts: set[int] = set()
        self._count = 0

    def add(self, pixels: Pixels) -> None:
        """Look at the next frame, 8 or 16 bits."""
        frame, time = _small(pixels), _number(self._count)
        self._note(detector.process_frame(time, frame) for detector in self._detectors)
        self._count += 1

    def shots(self) -> list[int]:
        """The number of every shot's first frame, with 0 as the first."""
        if self._count:
            last = _number(self._count - 1)
            self._note(detector.post_process(last) for detector in self._detectors)
        firsts = [0]
        for cut in sorted(self._cuts):
            # one change of shots, if both detectors see it
            if firsts[-1] + _SHORTEST <= cut < self._count:
                firsts.append(cut)
        return firsts

    def _note(self, found: Any) -> None:
        self._cuts.update(cut.frame_num for cuts in found for cut in cuts)


def given_shots(cuts: Sequence[Fraction], times: Sequence[Fraction]) -> list[int]:
    """The first frames of the shots between cuts given in seconds; `times` are the frames'."""
    firsts = {int(np.searchsorted(np.array(times, float), float(cut) - 1e-6)) for cut in cuts}
    return sorted({0} | {first for first in firsts if first < len(times)})


def _small(pixels: Pixels) -> Any:
    """The frame as PySceneDetect wants it: BGR bytes, not large."""
    height, width = pixels.shape[:2]
    if width > _WIDTH:
        size = _WIDTH, max(round(height * _WIDTH / width), 1)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if pixels.dtype != np.uint8:
        pixels = (pixels >> 8).astype(np.uint8)
    return np.ascontiguousarray(pixels[..., ::-1])


def _number(frame: int) -> Any:
    """A frame's number as PySceneDetect counts; the rate does not matter to what is used here."""
    from scenedetect.common import FrameTimecode

    return FrameTimecode(frame, 25.0)
