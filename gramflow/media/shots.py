"""Shots of a film: cuts detected by PySceneDetect, or given by hand."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from gramflow.base.arrays import Pixels

_WIDTH = 256  # pixels; width at which cuts are detected, more only costs time
_SHORTEST = 5  # frames; a shorter shot counts as a flash and is no shot of its own


class ShotFinder:
    """Detects cuts and fades; every frame of the film is added in order.

    threshold: how many times more than its neighbours a frame must change to start a shot
        (`adaptive_threshold` of PySceneDetect's AdaptiveDetector).
    A fade to black and back is cut in the middle of the black.
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
        """Process the next frame: (height, width, 3), RGB, 8 or 16 bits."""
        frame, time = _small(pixels), _number(self._count)
        self._note(detector.process_frame(time, frame) for detector in self._detectors)
        self._count += 1

    def shots(self) -> list[int]:
        """Number of every shot's first frame, starting with 0. Call after the last frame."""
        if self._count:
            last = _number(self._count - 1)
            self._note(detector.post_process(last) for detector in self._detectors)
        firsts = [0]
        for cut in sorted(self._cuts):
            # a cut that both detectors report counts once
            if firsts[-1] + _SHORTEST <= cut < self._count:
                firsts.append(cut)
        return firsts

    def _note(self, found: Any) -> None:
        self._cuts.update(cut.frame_num for cuts in found for cut in cuts)


def given_shots(cuts: Sequence[Fraction], times: Sequence[Fraction]) -> list[int]:
    """First frames of the shots between given cuts.

    cuts, times: the cuts, and every frame's time, in seconds from the film's start.
    """
    firsts = {int(np.searchsorted(np.array(times, float), float(cut) - 1e-6)) for cut in cuts}
    return sorted({0} | {first for first in firsts if first < len(times)})


def _small(pixels: Pixels) -> Any:
    """The frame as PySceneDetect expects it: 8-bit BGR, at most _WIDTH pixels wide."""
    height, width = pixels.shape[:2]
    if width > _WIDTH:
        size = _WIDTH, max(round(height * _WIDTH / width), 1)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if pixels.dtype != np.uint8:
        pixels = (pixels >> 8).astype(np.uint8)
    return np.ascontiguousarray(pixels[..., ::-1])


def _number(frame: int) -> Any:
    """A frame's number as a timecode; its rate does not matter to the detectors used here."""
    from scenedetect.common import FrameTimecode

    return FrameTimecode(frame, 25.0)
