"""Flow, warping and reliability: against known motions, ground truth and the paper's code."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from gramflow import store
from gramflow.chains import Step
from gramflow.engine import flows
from gramflow.engine.steadiness import OWN
from gramflow.footage import Footage
from gramflow.media.pictures import read_picture, to_pixels


def textured(seed=0, height=120, width=160):
    """A picture with detail at every scale, (height, width, 3)."""
    random = np.random.default_rng(seed)
    layers = [
        cv2.GaussianBlur(random.normal(size=(height, width, 3)), (0, 0), sigma) * sigma
        for sigma in (1, 3, 9)
    ]
    total = sum(layers)
    return np.clip(0.5 + 0.25 * total / total.std(), 0, 1).astype(np.float32)


def affine_flow(matrix, height=120, width=160):
    """The flow of points that move by an affine map around the middle."""
    x, y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    points = np.stack([x, y], -1) - middle
    moved = points @ np.array(matrix)[:, :2].T + np.array(matrix)[:, 2]
    return (moved - points).astype(np.float32)


def turned(degrees, zoom=1.0):
    angle = np.deg2rad(degrees)
    return [
        [zoom * np.cos(angle), -zoom * np.sin(angle), 0],
        [zoom * np.sin(angle), zoom * np.cos(angle), 0],
    ]


MOTIONS = {
    "shift": [[1, 0, 3.5], [0, 1, -2.25]],
    "rotation": turned(3),
    "zoom": turned(0, 1.05),
}


def moved(picture, matrix):
    """The frame in which what is at p in `picture` is at matrix(p), sampled independently."""
    height, width = picture.shape[:2]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    linear, shift = np.array(matrix)[:, :2], np.array(matrix)[:, 2]
    whole = np.hstack([linear, (shift + middle - linear @ middle)[:, None]])
    return cv2.warpAffine(picture, whole, (width, height), flags=cv2.INTER_CUBIC)


INNER = np.s_[15:-15, 15:-15]


@pytest.mark.parametrize("motion", MOTIONS)
def test_warp_undoes_a_known_motion(motion):
    picture = textured()
    other = moved(picture, MOTIONS[motion])
    back = flows.warp(other, affine_flow(MOTIONS[motion]))
    assert np.abs(other - picture)[INNER].mean() > 0.05
    assert np.abs(back - picture)[INNER].mean() < 0.01  # two cubic interpolations


@pytest.mark.parametrize("method", [flows.DIS, flows.Farneback])
@pytest.mark.parametrize("motion", MOTIONS)
def test_methods_find_a_known_motion(method, motion):
    picture = textured()
    flow = method(method.Settings()).between(picture, moved(picture, MOTIONS[motion]))
    assert flow.shape == (120, 160, 2)
    assert np.abs(flow - affine_flow(MOTIONS[motion]))[INNER].mean() < 0.25


def test_reliability_by_hand():
    """A steady flow is trusted where it stays inside; a contradicted one is not."""
    flow = np.zeros((20, 30, 2), np.float32)
    flow[..., 0] = 6
    trust = flows.reliability(flow, -flow)
    assert np.all(trust[:, :21] == 1)
    assert np.all(trust[:, 27:] == 0)  # these leave the frame
    reverse = -flow
    reverse[:, 12:15] = 2  # what lies there came from elsewhere
    hidden = flows.reliability(flow, reverse)
    assert np.all(hidden[:, 6:9] == 0)
    assert np.all(hidden[:, [5, 9]] < 0.6)  # grown by the blur
    torn = np.zeros((20, 30, 2), np.float32)
    torn[:, 15:, 0] = 0.4  # too little to count as hidden, but an edge of motion
    assert np.all(flows.reliability(torn, -torn)[:, 14:16] < 0.3)


def read_flow(path: Path):
    """A .flo file of the Middlebury layout."""
    data = path.read_bytes()
    width, height = np.frombuffer(data, np.int32, 2, 4)
    return np.frombuffer(data, np.float32, offset=12).reshape(height, width, 2).copy()


@pytest.mark.parametrize(
    ("first", "second"), [("forward_1_2", "backward_2_1"), ("backward_2_1", "forward_1_2")]
)
def test_reliability_is_that_of_the_papers_code(shared, first, second):
    folder = shared / "data/marple8"
    trust = flows.reliability(
        read_flow(folder / f"{first}.flo"), read_flow(folder / f"{second}.flo")
    )
    name = first.split("_", 1)[1]
    expected = cv2.imread(str(folder / f"reliable_{name}.pgm"), cv2.IMREAD_UNCHANGED)
    difference = np.abs(255 * trust - expected)
    assert difference.mean() < 1.5
    assert difference.max() < 8


def test_dis_on_sintel(shared):
    """End-point error against ground truth, and a warp that shows the same picture."""
    folder = shared / "data/sintel_easy"
    frame, other = (read_picture(folder / f"frame_000{number}.png") for number in (2, 3))
    truth = read_flow(folder / "flow_2_to_3.flo")
    flow = flows.DIS(flows.DIS.Settings()).between(frame, other)
    seen = cv2.imread(str(folder / "occlusion_2_to_3.png"), cv2.IMREAD_GRAYSCALE) == 0
    assert np.linalg.norm(flow - truth, axis=-1)[seen].mean() < 0.35
    error = np.square(flows.warp(other, truth) - frame).mean(-1)[seen].mean()
    assert error < 0.2 * np.square(other - frame).mean(-1)[seen].mean()


def test_long_term_weights_tie_a_pixel_to_the_nearest_frame_that_shows_it():
    near, middle, far = np.float32(
        [[[1, 0, 0.25, 0]], [[1, 1, 0.75, 0]], [[1, 1, 1, 1]]]  # three maps of four pixels
    )
    left = flows.long_term([near, middle, far])
    assert np.array_equal(left, [[[1, 0, 0.25, 0]], [[0, 1, 0.5, 0]], [[0, 0, 0, 1]]])


def test_footage_warps_painted_neighbours_to_the_frame(tmp_path):
    """A camera that pans over a picture: the neighbours of its frames fit where they are seen."""
    scene = to_pixels(textured(height=120, width=180))
    frames = [scene[:, 3 * n : 3 * n + 160] for n in range(4)]
    keys = [f"{n:064x}" for n in range(4)]
    for key, frame in zip(keys, frames, strict=True):
        store.frames(tmp_path).write(key, frame)
        store.painted(tmp_path).write(key, frame)  # painted like itself
    footage = Footage(tmp_path, keys, (160, 120), flows.DIS(flows.DIS.Settings()), kept=3)
    painted = dict(enumerate(keys))
    assert footage.neighbours(Step(0, {}), painted, {}) == {}
    assert list(footage.neighbours(Step(0, {}), painted, painted)) == [OWN]
    step = Step(3, {1: 2, 2: 1})
    footage.look_ahead(step)
    found = footage.neighbours(step, painted, {})
    assert list(found) == [1, 2]
    for neighbour in found.values():
        assert np.array_equal(neighbour.picture, neighbour.frame)
        assert 0.8 < neighbour.trust.mean() < 1  # what came in from the right is not known
        error = np.abs(neighbour.picture - footage.frame(3)).mean(-1)
        assert (error * neighbour.trust).mean() < 0.02
        assert neighbour.trust[10:-10, -3:].mean() < 0.3
