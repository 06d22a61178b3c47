"""Drawn scenes are what they claim: frames, flow and occlusions agree."""

import cv2
import numpy as np
import pytest

from demo.draw.scenes import SCENES, figure, pair

SIZE = (144, 256)
STEADY_LIGHT = [name for name in SCENES if name != "changing light"]


def fetched(frame: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The frame's values where the flow points to."""
    y, x = np.indices(flow.shape[:2], np.float32)
    return cv2.remap(frame, x + flow[..., 0], y + flow[..., 1], cv2.INTER_CUBIC)


def error(frame: np.ndarray, other: np.ndarray, flow: np.ndarray, hidden: np.ndarray) -> float:
    """The mean difference along the flow, away from the edges of what is hidden."""
    near = cv2.dilate(hidden.astype(np.uint8), np.ones((5, 5))) > 0
    return float(np.abs(frame - fetched(other, flow)).mean(-1)[~near].mean())


@pytest.mark.parametrize("name", SCENES)
def test_the_flow_leads_to_the_same_point(name):
    scene = pair(name, SIZE)
    off = error(scene.frame_a, scene.frame_b, scene.flow, scene.occluded)
    assert off < (0.06 if name == "changing light" else 0.003)
    wrong = error(scene.frame_a, scene.frame_b, scene.flow + np.float32((1, 0)), scene.occluded)
    if name in STEADY_LIGHT:
        assert wrong > 4 * off


@pytest.mark.parametrize("name", ["crossing", "fast", "flat"])
def test_what_is_occluded_cannot_be_found(name):
    scene = pair(name, SIZE)
    assert 0.002 < scene.occluded.mean() < 0.4
    difference = np.abs(scene.frame_a - fetched(scene.frame_b, scene.flow)).mean(-1)
    inside = cv2.erode(scene.occluded.astype(np.uint8), np.ones((3, 3)), borderValue=0) > 0
    assert difference[inside].mean() > 10 * np.median(difference[~scene.occluded])


def test_large_motion_is_large():
    speed = np.hypot(*np.moveaxis(pair("fast", (288, 512)).flow, -1, 0))
    assert (speed > 30).mean() > 0.1


def test_a_film_shows_what_its_figure_uncovers():
    film = figure(4, SIZE)
    assert len(film.frames) == 4
    for number, (flow, uncovered) in enumerate(zip(film.backward, film.uncovered, strict=True), 1):
        assert 0.002 < uncovered.mean() < 0.1
        assert error(film.frames[number], film.frames[number - 1], flow, uncovered) < 0.003


def test_scenes_are_the_same_every_time():
    first, second = pair("crossing", (72, 128)), pair("crossing", (72, 128))
    assert np.array_equal(first.frame_a, second.frame_a)
    assert np.array_equal(first.flow, second.flow)
