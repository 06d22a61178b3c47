"""What holds a film steady, and the measure of it."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramflow.engine.steadiness import Neighbour, held, led, steadiness, tones

SIZE = (48, 64)


def strokes(seed, brightness=0.5, colour=0.2):
    """A smooth coloured picture."""
    noise = np.random.default_rng(seed).normal(size=(*SIZE, 3))
    noise = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(brightness + colour * noise / noise.std(), 0, 1).astype(np.float32)


def plain(value):
    return np.full((*SIZE, 3), value, np.float32)


def trusted(value):
    return np.full(SIZE, value, np.float32)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 1))
def test_a_lead_mixes_by_trust_and_share(behind, ahead, share):
    neighbour = Neighbour(plain(0), plain(0), trusted(behind))
    lead = Neighbour(plain(1), plain(1), trusted(ahead))
    mixed = led(neighbour, lead, share)
    # what neither knows stays unknown
    assert np.allclose(mixed.trust, 1 - (1 - behind) * (1 - ahead), atol=1e-5)
    assert (mixed.picture >= 0).all() and (mixed.picture <= 1).all()
    if ahead == 0:
        assert np.allclose(mixed.picture, 0)
    if behind == 1 == ahead:
        assert np.allclose(mixed.picture, share, atol=1e-5)
    if behind == 0 and ahead > 0.01:
        assert np.allclose(mixed.picture, 1)


def test_tones_of_the_trusted_part():
    picture = plain(0.25)
    picture[:, 40:] = 0.75
    trust = trusted(0)
    trust[:, 50:] = 1
    assert tones(picture, trust).brightness == pytest.approx(0.75, abs=0.01)
    assert tones(picture, trust).saturation == pytest.approx(0, abs=1e-3)
    red = plain(0.2) + np.float32([0.6, 0, 0])
    assert tones(red, trust).brightness == pytest.approx(0.2 + 0.6 * 0.299, abs=1e-3)


@pytest.mark.parametrize(
    "drifted", [lambda x: x + 0.03, lambda x: 0.5 + 0.93 * (x - 0.5), lambda x: 0.95 * x]
)
def test_drift_is_taken_back(drifted):
    before, frame = strokes(1), strokes(2)
    neighbour = Neighbour(before, frame, trusted(1))
    after = drifted(before).astype(np.float32)
    back = held(after, frame, neighbour)
    for tone in ("brightness", "saturation"):
        was, now, then = (getattr(tones(each, trusted(1)), tone) for each in (after, back, before))
        assert abs(now - then) < max(0.1 * abs(was - then), 1e-4)


def test_what_the_film_itself_changes_is_left_alone():
    before, after = strokes(1), strokes(1) * np.float32(0.9)
    neighbour = Neighbour(before, plain(0.5), trusted(1))
    assert np.allclose(held(after, plain(0.4), neighbour), after, atol=1e-6)
    assert steadiness(after, plain(0.4), neighbour, trusted(0)).brightness == 0
    unknown = Neighbour(before, plain(0.5), trusted(0))
    assert np.allclose(held(after, plain(0.5), unknown), after, atol=1e-6)


def test_a_slow_fade_of_the_film_is_followed():
    """And is no drift; what the painting changes beyond it is."""
    scene, painting = strokes(2), strokes(1)
    for painted_change in (0.03, 0.0):
        picture = painting
        for number in range(30):
            film = Neighbour(picture, (scene - 0.001 * number).astype(np.float32), trusted(1))
            frame = (scene - 0.001 * (number + 1)).astype(np.float32)
            after = (picture - 0.001 + painted_change / 30).astype(np.float32)
            drift = steadiness(after, frame, film, trusted(0)).brightness
            assert drift == pytest.approx(painted_change / 30 / 0.5, abs=1e-3)
            picture = held(after, frame, film)
        faded = tones(picture, trusted(1)).brightness - tones(painting, trusted(1)).brightness
        assert faded == pytest.approx(-0.03, abs=0.004)


def test_steadiness_by_hand():
    frame, before = strokes(2), strokes(1)
    trust = trusted(0)
    trust[:, :32] = 1
    after = before.copy()
    after[:, :32] += 0.02
    after[:, 32:] = 0  # not trusted: does not count
    found = steadiness(after, frame, Neighbour(before, frame, trust), trusted(0))
    assert found.error == pytest.approx(0.02**2, rel=1e-3)
    assert found.trusted == pytest.approx(0.5)
    assert found.dragged == found.followed == 0
    assert found.brightness > 0.01
    dark = Neighbour(before, np.clip(frame - 0.2, 0, 1), trust)
    assert steadiness(after, frame, dark, trusted(0)).brightness == 0


@pytest.mark.parametrize(("share", "followed"), [(0, 1), (0.25, 0.75), (1, 0), (1.5, 0)])
def test_paint_that_changes_less_than_the_film_along_a_wrong_flow_followed_it(share, followed):
    """By hand: the film changes in the left quarter, the paint by a share of that."""
    frame, wrong = strokes(2), trusted(0)
    wrong[:, :16] = 1
    change = np.float32(0.1) * wrong[..., None]
    after = strokes(1) + np.float32(share) * change
    after[:, 32:] = 0  # elsewhere does not count
    before = Neighbour(strokes(1), frame - change, trusted(0))
    found = steadiness(after, frame, before, wrong)
    assert found.dragged == pytest.approx(0.25)
    assert found.followed == pytest.approx(followed, abs=1e-5)
