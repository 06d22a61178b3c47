"""Trust in a flow: by hand, by the paper's code, and where two frames belie it."""

import cv2
import numpy as np
import pytest

from gramflow.engine.trust import Match, long_term, reliability
from tests.support.media import textured


def test_reliability_by_hand():
    """A steady flow is trusted where it stays inside; a contradicted one is not."""
    flow = np.zeros((20, 30, 2), np.float32)
    flow[..., 0] = 6
    trust = reliability(flow, -flow)
    assert np.all(trust[:, :21] == 1)
    assert np.all(trust[:, 27:] == 0)  # these leave the frame
    reverse = -flow
    reverse[:, 12:15] = 2  # what lies there came from elsewhere
    hidden = reliability(flow, reverse)
    assert np.all(hidden[:, 6:9] == 0)
    assert np.all(hidden[:, [5, 9]] < 0.6)  # grown by the blur
    torn = np.zeros((20, 30, 2), np.float32)
    torn[:, 15:, 0] = 0.4  # too little to count as hidden, but an edge of motion
    assert np.all(reliability(torn, -torn)[:, 14:16] < 0.3)


def test_a_flow_that_agrees_with_its_reverse_is_not_trusted_where_it_shows_something_else():
    """Both say that nothing moves, where something has taken the place of something else."""
    frame = textured(3, 160, 240)
    other = frame.copy()
    other[60:100, 80:160] = textured(9, 160, 240)[60:100, 80:160]  # this changed without a motion
    flow = np.zeros((160, 240, 2), np.float32)
    assert reliability(flow, flow)[60:100, 80:160].min() == 1
    trust = Match(frame, other, flow, flow).trust
    assert trust[64:96, 84:156].mean() < 0.1
    wrong = Match(frame, other, flow, flow).wrong
    assert wrong[64:96, 84:156].mean() > 0.9
    wrong[55:105, 75:165] = 0
    assert wrong.max() == 0
    trust[55:105, 75:165] = 1
    assert trust.min() == 1


def test_flows_that_disagree_by_pixels_are_not_trusted_however_fast_they_are():
    frame = textured(4, 160, 240)
    flow = np.full((160, 240, 2), 40, np.float32)
    assert reliability(flow, 3 - flow)[:100, :180].min() == 1  # the paper allows it
    assert Match(frame, frame, flow, 3 - flow).trust.max() == 0


def test_a_change_of_light_is_no_motion():
    frame = textured(5, 160, 240)
    slope = np.linspace(-0.1, 0.05, 240, dtype=np.float32)[None, :, None]
    still = np.zeros((160, 240, 2), np.float32)
    assert Match(frame, np.clip(frame * 0.93 + slope, 0, 1), still, still).trust.mean() > 0.97


def test_edges_of_motion_are_trusted_where_the_frames_fit_but_not_in_flat_areas():
    """The flow has an edge in the middle, which both frames belie: they are the same."""
    flow = np.zeros((160, 240, 2), np.float32)
    flow[:, 120:, 0] = 0.4  # an edge, though hardly a motion
    assert reliability(flow, -flow)[:, 119:121].max() < 0.3
    frame = textured(6, 160, 240)
    assert Match(frame, frame, flow, -flow).trust[:, 119:121].mean() > 0.6
    flat = np.full_like(frame, 0.5)
    assert Match(flat, flat, flow, -flow).trust[:, 119:121].max() < 0.3


def test_paint_is_kept_where_the_frames_look_alike_but_not_beyond_the_picture():
    """In a flat area two guesses at the motion disagree; what came in from the right is new."""
    frame = np.full((160, 240, 3), 0.5, np.float32)
    other = frame.copy()
    other[60:100, 60:120] = 0.6
    flow = np.full((160, 240, 2), 3, np.float32) * np.float32([1, 0])
    match = Match(frame, other, flow, 2 * flow)
    assert match.trust.max() == 0
    kept = match.kept
    assert kept[:, -3:].max() == 0
    assert kept[70:90, 70:110].max() == 0
    kept[50:110, 45:130] = 1
    assert kept[:, :-3].min() == 1


@pytest.mark.parametrize(
    ("first", "second"), [("forward_1_2", "backward_2_1"), ("backward_2_1", "forward_1_2")]
)
def test_reliability_is_that_of_the_papers_code(shared, first, second):
    folder = shared / "data/marple8"
    both = (cv2.readOpticalFlow(str(folder / f"{name}.flo")) for name in (first, second))
    trust = reliability(*both)
    name = first.split("_", 1)[1]
    expected = cv2.imread(str(folder / f"reliable_{name}.pgm"), cv2.IMREAD_UNCHANGED)
    difference = np.abs(255 * trust - expected)
    assert difference.mean() < 1.5
    assert difference.max() < 8


def test_long_term_weights_tie_a_pixel_to_the_nearest_frame_that_shows_it():
    near, middle, far = np.float32(
        [[[1, 0, 0.25, 0]], [[1, 1, 0.75, 0]], [[1, 1, 1, 1]]]  # three maps of four pixels
    )
    left = long_term([near, middle, far])
    assert np.array_equal(left, [[[1, 0, 0.25, 0]], [[0, 1, 0.5, 0]], [[0, 0, 0, 1]]])
