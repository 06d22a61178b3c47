"""Flow, warping and reliability: against known motions, ground truth and the paper's code."""

import cv2
import numpy as np
import pytest

from gramflow import assembly, store
from gramflow.assembly import make_network
from gramflow.chains import Step
from gramflow.config import load
from gramflow.engine import flows, matching
from gramflow.engine import trust as trusts
from gramflow.engine.steadiness import OWN
from gramflow.footage import Footage
from gramflow.media.pictures import read_picture, to_pixels
from gramflow.weights import random_weights


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
    trust = trusts.reliability(flow, -flow)
    assert np.all(trust[:, :21] == 1)
    assert np.all(trust[:, 27:] == 0)  # these leave the frame
    reverse = -flow
    reverse[:, 12:15] = 2  # what lies there came from elsewhere
    hidden = trusts.reliability(flow, reverse)
    assert np.all(hidden[:, 6:9] == 0)
    assert np.all(hidden[:, [5, 9]] < 0.6)  # grown by the blur
    torn = np.zeros((20, 30, 2), np.float32)
    torn[:, 15:, 0] = 0.4  # too little to count as hidden, but an edge of motion
    assert np.all(trusts.reliability(torn, -torn)[:, 14:16] < 0.3)


def shifted(scene, right, down=0, height=160, width=240):
    """What a camera sees that has moved over a scene by whole pixels."""
    return scene[20 + down : 20 + down + height, 60 + right : 60 + right + width]


def test_a_flow_that_agrees_with_its_reverse_is_not_trusted_where_it_shows_something_else():
    """Both say that nothing moves, where something has taken the place of something else."""
    frame = textured(3, 160, 240)
    other = frame.copy()
    other[60:100, 80:160] = textured(9, 160, 240)[60:100, 80:160]  # this changed without a motion
    flow = np.zeros((160, 240, 2), np.float32)
    assert trusts.reliability(flow, flow)[60:100, 80:160].min() == 1
    trust = trusts.Match(frame, other, flow, flow).trust
    assert trust[64:96, 84:156].mean() < 0.1
    wrong = trusts.Match(frame, other, flow, flow).wrong
    assert wrong[64:96, 84:156].mean() > 0.9
    wrong[55:105, 75:165] = 0
    assert wrong.max() == 0
    trust[55:105, 75:165] = 1
    assert trust.min() == 1


def test_flows_that_disagree_by_pixels_are_not_trusted_however_fast_they_are():
    frame = textured(4, 160, 240)
    flow = np.full((160, 240, 2), 40, np.float32)
    assert trusts.reliability(flow, 3 - flow)[:100, :180].min() == 1  # the paper allows it
    assert trusts.Match(frame, frame, flow, 3 - flow).trust.max() == 0


def test_a_change_of_light_is_no_motion():
    frame = textured(5, 160, 240)
    slope = np.linspace(-0.1, 0.05, 240, dtype=np.float32)[None, :, None]
    still = np.zeros((160, 240, 2), np.float32)
    assert (
        trusts.Match(frame, np.clip(frame * 0.93 + slope, 0, 1), still, still).trust.mean() > 0.97
    )


def test_edges_of_motion_are_trusted_where_the_frames_fit_but_not_in_flat_areas():
    """The flow has an edge in the middle, which both frames belie: they are the same."""
    flow = np.zeros((160, 240, 2), np.float32)
    flow[:, 120:, 0] = 0.4  # an edge, though hardly a motion
    assert trusts.reliability(flow, -flow)[:, 119:121].max() < 0.3
    frame = textured(6, 160, 240)
    assert trusts.Match(frame, frame, flow, -flow).trust[:, 119:121].mean() > 0.6
    flat = np.full_like(frame, 0.5)
    assert trusts.Match(flat, flat, flow, -flow).trust[:, 119:121].max() < 0.3


def test_paint_is_kept_where_the_frames_look_alike_but_not_beyond_the_picture():
    """In a flat area two guesses at the motion disagree; what came in from the right is new."""
    frame = np.full((160, 240, 3), 0.5, np.float32)
    other = frame.copy()
    other[60:100, 60:120] = 0.6
    flow = np.full((160, 240, 2), 3, np.float32) * np.float32([1, 0])
    match = trusts.Match(frame, other, flow, 2 * flow)
    assert match.trust.max() == 0
    kept = match.kept
    assert kept[:, -3:].max() == 0
    assert kept[70:90, 70:110].max() == 0
    kept[50:110, 45:130] = 1
    assert kept[:, :-3].min() == 1


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


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (33, 31), (64, 48)])
def test_dis_takes_small_pictures(size):
    flow = flows.DIS(flows.DIS.Settings()).between(textured(0, *size), textured(1, *size))
    assert flow.shape == (*size, 2) and np.isfinite(flow).all()


def cells_of(picture, layers):
    """A network that tells apart what is far from each other, at strides of 4 and 8."""
    strides = {"block3_conv2": 4, "block3_conv3": 4}
    found = {}
    for layer in layers:
        stride = strides.get(layer, 8)
        smooth = cv2.GaussianBlur(picture, (0, 0), stride / 2)[stride // 2 :: stride]
        near = smooth[:, stride // 2 :: stride]
        wide = [cv2.GaussianBlur(near, (0, 0), sigma) for sigma in (1, 2)]
        steps = [np.roll(each, step, axis) for each in wide for axis in (0, 1) for step in (-1, 1)]
        found[layer] = np.concatenate([near, *steps], -1)
    return found


def test_matched_features_find_what_no_search_by_colours_finds():
    """A small figure that crosses a picture which stands still."""
    frame, figure = textured(8, 240, 400), textured(11, 240, 400)[40:120, 40:120]
    other = frame.copy()
    frame[80:160, 60:140] = other[80:160, 260:340] = figure
    seen = np.s_[88:152, 68:132]
    errors = []
    for features in (None, cells_of):
        flow = matching.Matched(matching.Matched.Settings(), features).between(frame, other)
        errors.append(np.median(np.linalg.norm(flow - np.float32([200, 0]), axis=-1)[seen]))
        assert np.abs(flow[:40]).max() < 1
    assert errors[0] > 50 and errors[1] < 0.5


def test_matched_is_dis_without_a_network():
    frame, other = shifted(textured(12, 220, 400), 0), shifted(textured(12, 220, 400), 6)
    alone = matching.Matched(matching.Matched.Settings()).between(frame, other)
    assert np.array_equal(alone, flows.DIS(flows.DIS.Settings()).between(frame, other))


def test_flow_and_painting_share_one_network(device, monkeypatch):
    """Which is not built before somebody asks."""
    built = []

    def counted(*arguments):
        built.append(arguments)
        return build(*arguments)

    build = assembly.build
    monkeypatch.setattr(assembly, "build", counted)
    assembly._whole.cache_clear()
    inputs = {"videos": {"a": {"path": __file__}}, "styles": {"b": {"images": [__file__]}}}
    config = load(inputs | {"looks": {"default": {"flow": "matched"}}})
    look = config.looks["default"]
    features = assembly.make_features(config, look, random_weights("vgg16"))
    flow = assembly.make_flow(config, look, features)
    assert not built
    extractor = assembly.make_extractor(config, look, random_weights("vgg16"))
    found = features(textured(), flow.settings.layers)
    assert {name: each.shape for name, each in found.items()} == {
        "block4_conv2": (15, 20, 512),
        "block4_conv3": (15, 20, 512),
        "block5_conv1": (7, 10, 512),
    }
    values = make_network(config, config.network).preprocess(textured())
    painted = np.asarray(extractor(values)["block4_conv3"])[0]
    assert np.array_equal(painted, found["block4_conv3"])
    assert len(built) == 1


@pytest.mark.parametrize(
    ("first", "second"), [("forward_1_2", "backward_2_1"), ("backward_2_1", "forward_1_2")]
)
def test_reliability_is_that_of_the_papers_code(shared, first, second):
    folder = shared / "data/marple8"
    both = (cv2.readOpticalFlow(str(folder / f"{name}.flo")) for name in (first, second))
    trust = trusts.reliability(*both)
    name = first.split("_", 1)[1]
    expected = cv2.imread(str(folder / f"reliable_{name}.pgm"), cv2.IMREAD_UNCHANGED)
    difference = np.abs(255 * trust - expected)
    assert difference.mean() < 1.5
    assert difference.max() < 8


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


def test_long_term_weights_tie_a_pixel_to_the_nearest_frame_that_shows_it():
    near, middle, far = np.float32(
        [[[1, 0, 0.25, 0]], [[1, 1, 0.75, 0]], [[1, 1, 1, 1]]]  # three maps of four pixels
    )
    left = trusts.long_term([near, middle, far])
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
        assert (neighbour.start >= neighbour.trust).all() and neighbour.start[:, -3:].max() < 0.5


def test_footage_finds_the_flow_at_the_films_own_size(tmp_path):
    """Of a fine texture, which a small copy does not show, and at a size that the flow sets."""
    random = np.random.default_rng(2)
    scene = cv2.GaussianBlur(random.uniform(0, 1, (200, 400, 3)).astype(np.float32), (0, 0), 1)
    frames = [to_pixels(shifted(scene * 3 - 1, right)) for right in (0, 4)]
    keys = [f"{n:064x}" for n in range(2)]
    for key, frame in zip(keys, frames, strict=True):
        store.frames(tmp_path).write(key, frame)
    asked = []

    class Watched(flows.DIS):
        """Tells what it is given."""

        def between(self, frame, other):
            asked.append(frame.shape[:2])
            return super().between(frame, other)

    for width, size in ((1024, (160, 240)), (64, (43, 64)), (120, (80, 120))):
        footage = Footage(tmp_path, keys, (60, 40), Watched(flows.DIS.Settings(width=width)), 3)
        motion = footage.motion(1, 0)
        assert motion.flow.shape == (40, 60, 2) and motion.trust.shape == (40, 60)
        assert asked == [size, size]
        asked.clear()
        if width == 1024:
            assert np.abs(motion.flow[5:-5, 5:-5] - np.float32([1, 0])).max() < 0.1
            assert motion.trust[5:-5, 5:-5].min() > 0.9
    wide = Footage(tmp_path, keys, (120, 80), Watched(flows.DIS.Settings(width=64)), 3)
    wide.motion(1, 0)
    assert asked == [(80, 120)] * 2  # never smaller than what is painted
