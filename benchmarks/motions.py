"""Pairs of frames with ground-truth flow: the project's drawn scenes, and the test material's."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.material import SHARED
from demo.draw.scenes import SCENES, pair
from gramflow.base.arrays import Picture
from gramflow.engine.flows import Flow
from gramflow.media.pictures import read_picture

SIZE = 432, 960
_FAR = 1e9  # Middlebury marks unknown flow by values greater than this

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pair:
    """Two frames, and the ground-truth flow from the first into the second.

    known: where the flow is valid, (height, width). seen: the part of `known` that is visible in
    the second frame.
    """

    name: str
    frame: Picture
    other: Picture
    flow: Flow
    known: Mask
    seen: Mask


def drawn_scenes() -> Iterator[Pair]:
    """The scenes of demo/draw/scenes.py, with noise and 8-bit quantisation as in a real video."""
    random = np.random.default_rng(1)

    def filmed(frame: Picture) -> Picture:
        noisy = np.clip(frame + random.normal(0, 0.004, frame.shape), 0, 1)
        return (np.rint(noisy * 255) / 255).astype(np.float32)

    for name in SCENES:
        drawn = pair(name, SIZE)
        frames = filmed(drawn.frame_a), filmed(drawn.frame_b)
        yield Pair(name, *frames, drawn.flow, np.ones(SIZE, bool), ~drawn.occluded)


def filmed_scenes() -> Iterator[Pair]:
    """A pair of MPI Sintel's alley_1 (Butler et al. 2012) and five of Middlebury (Baker et al.
    2011)."""
    folder = SHARED / "data/sintel_easy"
    masks = [
        cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE) == 0
        for name in ("invalid_2.png", "occlusion_2_to_3.png")
    ]
    frames = [read_picture(folder / f"frame_000{number}.png") for number in (2, 3)]
    flow = cv2.readOpticalFlow(str(folder / "flow_2_to_3.flo"))
    yield Pair("alley", frames[0], frames[1], flow, masks[0], masks[0] & masks[1])
    for name in ("Dimetrodon", "Grove3", "RubberWhale", "Urban3", "Venus"):
        folder = SHARED / "data/middlebury" / name
        frames = [read_picture(folder / f"frame{number}.png") for number in (10, 11)]
        flow = cv2.readOpticalFlow(str(folder / "flow10.flo"))
        known = (np.abs(flow) < _FAR).all(-1)
        flow[~known] = 0
        yield Pair(name, frames[0], frames[1], flow, known, known)
