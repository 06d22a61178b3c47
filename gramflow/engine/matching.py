"""Flow that starts from what a network sees: large motions, which no search by colours finds."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.arrays import Picture, blurred, resized
from gramflow.engine.flows import DIS, Features, Flow, better, scaled

Cells = NDArray[np.float32]
"""(height, width, channels): features of unit length, so that a product is a likeness, -1..1."""


class Matched(DIS):
    """DIS from the best matches of the loss network's features, for large motions.

    Deep features are compared all with all, those less deep around what was found, and DIS goes
    on from there; a pixel takes that where it explains the frame better than DIS alone. Without a
    network it is DIS.
    """

    @dataclass(frozen=True)
    class Settings(DIS.Settings):
        """What is matched."""

        layers: tuple[str, ...] = field(
            default=("block4_conv2", "block4_conv3", "block5_conv1"),
            metadata={"doc": "layers compared over the whole picture", "layer": True},
        )
        fine_layers: tuple[str, ...] = field(
            default=("block3_conv2", "block3_conv3"),
            metadata={"doc": "layers compared around these matches", "layer": True},
        )
        matched_width: int = field(
            default=640,
            metadata={
                "doc": "pixels: the network sees the frames at this width at most; time and "
                "memory grow with its fourth power",
                "minimum": 64,
            },
        )

    def __init__(self, settings: Any, features: Features | None = None) -> None:
        super().__init__(settings, features)
        self._seen: list[tuple[Picture, tuple[Cells, Cells]]] = []

    def between(self, frame: Picture, other: Picture) -> Flow:
        """As the base says."""
        usual = super().between(frame, other)
        if self.features is None:
            return usual
        (deep, fine), (deep_other, fine_other) = self._cells(frame), self._cells(other)
        height, width = fine.shape[:2]
        cells = scaled(matches(deep, deep_other), width, height)
        start = scaled(refined(fine, fine_other, cells), frame.shape[1], frame.shape[0])
        return better(frame, other, usual, self._search(frame, other, start=start))

    def _cells(self, picture: Picture) -> tuple[Cells, Cells]:
        """The features of a frame; the last few are kept, since each frame is asked for often."""
        for known, cells in self._seen:
            if known is picture:
                return cells
        assert self.features is not None
        height, width = picture.shape[:2]
        limit = min(width, self.settings.matched_width)
        seen = resized(picture, limit, max(round(height * limit / width), 1))
        deep, fine = self.settings.layers, self.settings.fine_layers
        found = self.features(seen, [*deep, *fine])
        cells = _together([found[layer] for layer in deep]), _together([found[n] for n in fine])
        self._seen = [*self._seen[-3:], (picture, cells)]
        return cells


def matches(cells: Cells, others: Cells) -> Flow:
    """The flow, in cells, of those that are each other's best match; others follow the nearest.

    Two cells are as alike as they and their eight neighbours are: that tells apart what repeats.
    """
    from scipy.spatial import KDTree

    height, width = cells.shape[:2]
    alike = _with_neighbours(cells, others).reshape(height * width, -1)
    ahead, back = alike.argmax(1), alike.argmax(0)
    places = np.stack(np.divmod(np.arange(height * width), width)[::-1], -1).astype(np.float32)
    ends = np.stack(np.divmod(ahead, others.shape[1])[::-1], -1).astype(np.float32)
    mutual = back[ahead] == np.arange(height * width)
    flow = ends - places
    if mutual.all():  # as where nothing moves
        return flow.reshape(height, width, 2)
    _, near = KDTree(places[mutual]).query(places[~mutual], k=min(5, int(mutual.sum())))
    near = near.reshape(len(near), -1)
    flow[~mutual] = np.median(flow[mutual][near], axis=1)
    return flow.reshape(height, width, 2)


def refined(cells: Cells, others: Cells, flow: Flow) -> Flow:
    """A flow in cells, corrected by at most three cells to where the features are most alike.

    The likeness of each step is blurred by a cell, and the step is the mean of all, weighted by
    their softmax, which gives fractions of a cell.
    """
    height, width = cells.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    column, row = x + np.rint(flow[..., 0]).astype(int), y + np.rint(flow[..., 1]).astype(int)
    steps = [
        (right, down) for down in range(-_REACH, _REACH + 1) for right in range(-_REACH, _REACH + 1)
    ]
    likeness = np.empty((len(steps), height, width), np.float32)
    for number, (right, down) in enumerate(steps):
        found = others[(row + down).clip(0, height - 1), (column + right).clip(0, width - 1)]
        alike = np.einsum("yxc,yxc->yx", cells, found)
        likeness[number] = blurred(alike, 1)
    weights = np.exp(_SHARPNESS * (likeness - likeness.max(0)))
    mean = np.tensordot(weights, np.array(steps, np.float32), (0, 0)) / weights.sum(0)[..., None]
    corrected: Flow = np.rint(flow) + mean
    return corrected


def _with_neighbours(cells: Cells, others: Cells) -> NDArray[np.float32]:
    """The likeness of each cell with each other one, of their eight neighbours included."""
    (height, width, channels), (rows, columns) = cells.shape, others.shape[:2]
    product = cells.reshape(-1, channels) @ others.reshape(-1, channels).T
    alone = np.pad(product.reshape(height, width, rows, columns), 1)
    across = np.zeros((height + 2, width, rows + 2, columns), np.float32)
    total = np.zeros((height, width, rows, columns), np.float32)
    for step in range(3):
        across += alone[:, step : width + step, :, step : columns + step]
    for step in range(3):
        total += across[step : height + step, :, step : rows + step]
    return total


def _together(layers: list[NDArray[np.float32]]) -> Cells:
    """Features of several layers at the size of the first, each less its mean, of equal weight."""
    height, width = layers[0].shape[:2]
    found = []
    for features in layers:
        cells = features - features.mean((0, 1))
        cells /= np.linalg.norm(cells, axis=-1, keepdims=True) + 1e-6
        found.append(_enlarged(cells, width, height))
    return np.concatenate(found, -1) / np.float32(np.sqrt(len(found)))


def _enlarged(cells: Cells, width: int, height: int) -> Cells:
    """By linear interpolation; OpenCV's takes only a few channels."""
    if cells.shape[:2] == (height, width):
        return cells
    for axis, size in ((0, height), (1, width)):
        place = ((np.arange(size) + 0.5) * cells.shape[axis] / size - 0.5).clip(
            0, cells.shape[axis] - 1
        )
        first = np.floor(place).astype(int)
        share = (
            (place - first).astype(np.float32).reshape([-1 if axis == n else 1 for n in range(3)])
        )
        second = np.minimum(first + 1, cells.shape[axis] - 1)
        cells = (1 - share) * cells.take(first, axis) + share * cells.take(second, axis)
    return cells


_REACH = 3  # cells that a match is corrected by at most
_SHARPNESS = 30.0  # of the softmax
