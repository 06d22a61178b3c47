"""Flow and warping: against known motions and ground truth."""

import cv2
import numpy as np
import pytest

from demo.draw.scenes import pair
from gramflow.engine import flows
from gramflow.engine.steadiness import OWN
from gramflow.film.identity import random_weights
from gramflow.film.order import Step
from gramflow.media.pictures import read_picture, to_pixels
from gramflow.painting import setup
from gramflow.painting.neighbours import Neighbours
from gramflow.painting.setup import make_network
from gramflow.settings.config import load
from tests.support.media import textured


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


def shifted(scene, right, down=0, height=160, width=240):
    """What a camera sees that has moved over a scene by whole pixels."""
    return scene[20 + down : 20 + down + height, 60 + right : 60 + right + width]


def test_a_flow_keeps_its_motion_at_another_size():
    flow = np.zeros((40, 60, 2), np.float32) + np.float32([6, 4])
    for width, height in ((30, 10), (120, 80), (60, 40)):
        expected = np.float32([6 * width / 60, 4 * height / 40])
        assert np.allclose(flows.scaled(flow, width, height), expected)


def test_the_detailed_flow_is_taken_only_where_it_explains_more():
    scene = textured(7, 200, 400)
    frame, other = shifted(scene, 0), shifted(scene, 5)
    frame[:, 120:] = other[:, 120:] = 0.5  # flat: every flow explains it
    usual, detailed = np.zeros((2, 160, 240, 2), np.float32)
    detailed[..., 0] = -5
    found = flows.better(frame, other, usual, detailed)
    assert np.array_equal(found[:, 10:105], detailed[:, 10:105])
    assert np.array_equal(found[:, 135:], usual[:, 135:])


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (33, 31), (32, 32), (300, 33), (33, 300)])
def test_dis_takes_small_pictures(size):
    flow = flows.DIS(flows.DIS.Settings()).between(textured(0, *size), textured(1, *size))
    assert flow.shape == (*size, 2) and np.isfinite(flow).all()


def test_dis_finds_what_moves_further_than_it_is_wide():
    """Things that fly by 30 pixels and more, over a wall that moves, too."""
    drawn = pair("fast")
    seen = ~drawn.occluded
    dis = flows.DIS(flows.DIS.Settings())
    without, found = (
        np.linalg.norm(flow - drawn.flow, axis=-1)[seen]
        for flow in (f(drawn.frame_a, drawn.frame_b) for f in (dis.near, dis.between))
    )
    assert (without > 3).mean() > 0.1
    assert (found > 3).mean() < 0.05 and found.mean() < without.mean() / 4


def test_blocks_do_not_replace_a_flow_that_fits():
    drawn = pair("zoom")
    dis = flows.DIS(flows.DIS.Settings())
    near, found = (f(drawn.frame_a, drawn.frame_b) for f in (dis.near, dis.between))
    assert (near != found).any(-1).mean() < 0.005


def test_flow_and_painting_share_one_network(device, monkeypatch):
    """Which is not built before somebody asks."""
    built = []

    def counted(*arguments):
        built.append(arguments)
        return build(*arguments)

    build = setup.build
    monkeypatch.setattr(setup, "build", counted)
    setup._whole.cache_clear()
    inputs = {"videos": {"a": {"path": __file__}}, "styles": {"b": {"images": [__file__]}}}
    config = load(inputs | {"looks": {"default": {}}})
    look = config.looks["default"]
    features = setup.make_features(config, look, random_weights("vgg16"))
    flow = setup.make_flow(config, look, features)
    assert not built
    extractor = setup.make_extractor(config, look, random_weights("vgg16"))
    found = flow.features(textured(), ["block4_conv3", "block5_conv1"])
    assert {name: each.shape for name, each in found.items()} == {
        "block4_conv3": (15, 20, 512),
        "block5_conv1": (7, 10, 512),
    }
    values = make_network(config, config.network).preprocess(textured())
    painted = np.asarray(extractor(values)["block4_conv3"])[0]
    assert np.array_equal(painted, found["block4_conv3"])
    assert len(built) == 1


def test_dis_on_sintel(shared):
    """End-point error against ground truth, and a warp that shows the same picture."""
    folder = shared / "data/sintel_easy"
    frame, other = (read_picture(folder / f"frame_000{number}.png") for number in (2, 3))
    truth = cv2.readOpticalFlow(str(folder / "flow_2_to_3.flo"))
    flow = flows.DIS(flows.DIS.Settings()).between(frame, other)
    assert np.median(np.linalg.norm(flow - truth, axis=-1)) < 0.06
    seen = cv2.imread(str(folder / "occlusion_2_to_3.png"), cv2.IMREAD_GRAYSCALE) == 0
    assert np.linalg.norm(flow - truth, axis=-1)[seen].mean() < 0.35
    error = np.square(flows.warp(other, truth) - frame).mean(-1)[seen].mean()
    assert error < 0.2 * np.square(other - frame).mean(-1)[seen].mean()


def test_painted_neighbours_are_warped_to_the_frame():
    """A camera that pans over a picture: the neighbours of its frames fit where they are seen."""
    scene = to_pixels(textured(height=120, width=180))
    frames = [scene[:, 3 * n : 3 * n + 160] for n in range(4)]
    dis = flows.DIS(flows.DIS.Settings())
    neighbours = Neighbours(frames.__getitem__, (160, 120), dis, kept=3)
    painted = neighbours.frame  # each painted like itself
    assert neighbours.of(Step(0, {}), painted) == {}
    assert list(neighbours.of(Step(0, {}), painted, painted(0))) == [OWN]
    step = Step(3, {1: 2, 2: 1})
    neighbours.look_ahead(step)
    found = neighbours.of(step, painted)
    assert list(found) == [1, 2]
    for neighbour in found.values():
        assert np.array_equal(neighbour.picture, neighbour.frame)
        assert 0.8 < neighbour.trust.mean() < 1  # what came in from the right is not known
        error = np.abs(neighbour.picture - neighbours.frame(3)).mean(-1)
        assert (error * neighbour.trust).mean() < 0.02
        assert neighbour.trust[10:-10, -3:].mean() < 0.3
        assert (neighbour.start >= neighbour.trust).all() and neighbour.start[:, -3:].max() < 0.5


def test_flow_is_found_at_the_films_own_size():
    """Of a fine texture, which a small copy does not show, and at a size that the flow sets."""
    random = np.random.default_rng(2)
    scene = cv2.GaussianBlur(random.uniform(0, 1, (200, 400, 3)).astype(np.float32), (0, 0), 1)
    frames = [to_pixels(shifted(scene * 3 - 1, right)) for right in (0, 4)]
    asked = []

    class Watched(flows.DIS):
        """Tells what it is given."""

        def between(self, frame, other):
            asked.append(frame.shape[:2])
            return super().between(frame, other)

    for width, size in ((1024, (160, 240)), (64, (43, 64)), (120, (80, 120))):
        watched = Watched(flows.DIS.Settings(width=width))
        motion = Neighbours(frames.__getitem__, (60, 40), watched, 3).motion(1, 0)
        assert motion.flow.shape == (40, 60, 2) and motion.trust.shape == (40, 60)
        assert asked == [size, size]
        asked.clear()
        if width == 1024:
            assert np.abs(motion.flow[5:-5, 5:-5] - np.float32([1, 0])).max() < 0.1
            assert motion.trust[5:-5, 5:-5].min() > 0.9
    watched = Watched(flows.DIS.Settings(width=64))
    Neighbours(frames.__getitem__, (120, 80), watched, 3).motion(1, 0)
    assert asked == [(80, 120)] * 2  # never smaller than what is painted
