"""Painting from coarse to fine: which sizes, how long, and what comes of it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gramflow.engine import losses, networks
from gramflow.engine.areas import Area
from gramflow.engine.intensity import INTENSITY, linear
from gramflow.engine.lbfgs import LBFGS
from gramflow.engine.optimize import Optimize
from gramflow.engine.optimizers import Optimizer
from gramflow.engine.steadiness import OWN, Neighbour
from gramflow.engine.stylizers import Palette
from gramflow.engine.targets import style_targets
from gramflow.settings.config import load
from tests.support.looks import settings_of

NETWORK = networks.VGG16()
LAYERS = {"block1_conv1": 1.0, "block2_conv1": 1.0}
TERMS = {
    "content": losses.Content(losses.Content.Settings(layers={"block2_conv1": 1.0})),
    "gram": losses.Gram(losses.Gram.Settings(weight=50.0, layers=LAYERS)),
}
SIZES = {24: (24, 18), 40: (40, 30), 64: (64, 48)}


def widths(width, coarsest):
    here = [str(Path(__file__))]
    look = {"width": width, "coarsest": coarsest}
    entries = {"videos": {"v": {"path": here[0]}}, "styles": {"s": {"images": here}}}
    return load(entries | {"looks": {"default": look}}).looks["default"].widths


def test_widths_of_the_presets():
    assert widths(320, 320) == [320]
    assert widths(640, 320) == [320, 640]
    assert widths(1280, 320) == [320, 640, 1280]
    assert widths(640, None) == widths(640, 1000) == widths(640, 500) == [640]


@given(st.integers(16, 2000).map(lambda half: 2 * half), st.integers(16, 4000))
def test_widths_rise_by_about_two(width, coarsest):
    found = widths(width, coarsest)
    assert found[0] == (coarsest if len(found) > 1 else width)
    assert found[-1] == width
    steps = [after / before for before, after in pairwise(found)]
    assert all(2**0.5 - 2 / coarsest < step < 2**1.5 + 2 / coarsest for step in steps)


def picture(seed, width=64, height=48):
    return np.random.default_rng(seed).uniform(0.3, 0.7, (height, width, 3)).astype(np.float32)


class Brighter(Optimizer):
    """Adds a grey level to small pictures, and notes what it is asked and what it has started from.

    losses: of the picture that each size begins with.
    """

    def __init__(self):
        super().__init__(None)
        self.asked = []
        self.losses = []

    @property
    def held(self):
        return 0

    def minimize(self, phases, start, bounds, curve):
        self.asked.append((start.shape[2::-1][:2], sum(phase.evaluations for phase in phases)))
        for phase in phases:
            self.losses.append(float(phase.function(start)[0]))
            curve.add(self.losses[-1])
        return start + (10 if start.shape[2] < 64 else 0)


@pytest.fixture(scope="module")
def extractor(device):
    return networks.build(NETWORK, None, list(LAYERS), "average")


@pytest.fixture(scope="module")
def targets(extractor):
    from gramflow.engine.objective import Objective

    objective = Objective(extractor, TERMS)
    return {
        width: style_targets(objective, NETWORK, [picture(3, *size)], [1.0])
        for width, size in SIZES.items()
    }


def stylizer_of(extractor, targets, optimizer, terms=TERMS, **given):
    look = settings_of(start="previous", **given)
    calibration = {INTENSITY: {"logs": linear()}}
    styles = {"s": {width: found | calibration for width, found in targets.items()}}
    palette = Palette(look, NETWORK, lambda: extractor, terms, optimizer, targets, styles=styles)
    return Optimize(Optimize.Settings(), palette)


def neighbours(trust, kept=None):
    trust, kept = (
        None if each is None else np.full((48, 64), each, np.float32) for each in (trust, kept)
    )
    return {1: Neighbour(picture(2), picture(2), trust, kept)}


@pytest.mark.parametrize("areas", [[], [Area(np.ones((48, 64), np.float32), {"s": 1.0}, 0.5)]])
def test_weights_of_small_sizes(extractor, targets, areas):
    """A term counts by its factor at the coarsest width, by 1 at the whole one, and by the power of
    it between that the width has on a logarithmic scale."""

    def losses_of(**weights):
        optimizer = Brighter()
        stylizer = stylizer_of(
            extractor, targets, optimizer, evaluations=40, coarse_weights=weights
        )
        stylizer.areas = areas
        stylizer.paint(picture(1), {}, 0, lambda _: None)
        return np.array(optimizer.losses)

    plain, both, style = losses_of(), losses_of(content=0.2, gram=0.2), losses_of(gram=3.0)
    middle = np.log(64 / 40) / np.log(64 / 24)
    np.testing.assert_allclose(both / plain, [0.2, 0.2**middle, 1], rtol=1e-4)
    assert (style[:2] > plain[:2]).all() and (style < 3.001 * plain).all()
    assert style[2] == plain[2]


def left_new(columns, height=48):
    """What is known of a frame, of which so many columns came into sight."""
    known = np.ones((height, 64), np.float32)
    known[:, :columns] = 0
    return known


@pytest.mark.parametrize(
    ("known", "coarse", "whole"),
    [
        ({}, [(24, 80), (40, 80)], 80),
        (neighbours(0.25), [(40, 20)], 70),
        (neighbours(0.25, 0.99), [], 40),
        (neighbours(0.99), [], 40),
        (neighbours(0.25) | {OWN: 0}, [], 40),
    ],
)
def test_what_is_painted_at_small_sizes(extractor, targets, known, coarse, whole):
    """All of a frame from nothing; what came into sight at the last one before the whole."""
    optimizer = Brighter()
    stylizer = stylizer_of(extractor, targets, optimizer, evaluations=40)
    if OWN in known:
        known[OWN] = Neighbour(picture(1), picture(1), np.ones((48, 64), np.float32))
    stylizer.paint(picture(1), known, 0, lambda _: None)
    expected = [(SIZES[width], evaluations) for width, evaluations in coarse]
    assert optimizer.asked == [*expected, (SIZES[64], whole)]


def test_the_change_of_a_small_size_comes_where_nothing_is_known(extractor, targets):
    """10 of 255 by the greatest of the smaller sizes; nothing where the frame before is trusted."""
    known = neighbours(1)
    known[1].trust[:, :32] = 0
    known[1] = Neighbour(picture(1), picture(1), known[1].trust)
    plain, broad = (
        stylizer_of(extractor, found, Brighter(), evaluations=40).paint(
            picture(1), known, 0, lambda _: None
        )
        for found in ({64: targets[64]}, targets)
    )
    # the tones of what is known are held over all of the picture
    change = 255 * (broad.picture - plain.picture)
    assert np.allclose(change[:, 36:], change[0, 36, 0], atol=2.5)
    assert np.allclose(change[:, :28].mean() - change[:, 36:].mean(), 10, atol=2)


def test_what_came_into_sight_begins_with_the_strokes_of_its_like(extractor, targets, monkeypatch):
    """A grey frame was painted in stripes, and its left part is new."""
    frame, known = np.full((48, 64, 3), 0.5, np.float32), left_new(24)
    stripes = np.where(np.arange(64) % 16 < 8, 0.1, -0.1)[:, None] * known[..., None]
    before = Neighbour((frame + stripes).astype(np.float32), frame, known)

    def contrast():
        stylizer = stylizer_of(extractor, targets, Brighter(), evaluations=40)
        return stylizer.paint(frame, {1: before}, 0, lambda _: None).picture[:, 2:18].std()

    assert contrast() > 0.05
    monkeypatch.setattr("gramflow.engine.optimize.with_strokes", lambda bare, *_: bare)
    assert contrast() < 0.01


class Striped(LBFGS):
    """Paints stripes in small pictures, and does its work in others."""

    def minimize(self, phases, start, bounds, curve):
        """As the base says."""
        if start.shape[2] < 64:
            stripes = np.where(np.arange(start.shape[1]) % 8 < 4, 25.0, -25.0)
            return (start + stripes[:, None, None]).astype(np.float32)
        return super().minimize(phases, start, bounds, curve)


def test_too_flat_a_frame_is_not_painted_at_the_widths_where_it_would_vanish(extractor, targets):
    """At 40 and 24 pixels this one would be 13 and 8 high, less than the network can see."""
    optimizer = Brighter()
    stylizer = stylizer_of(extractor, targets, optimizer, evaluations=40)
    stylizer.paint(picture(1, height=21), {}, 0, lambda _: None)
    frame = picture(1, height=21)
    before = Neighbour(frame, frame, left_new(16, height=21))
    stylizer.paint(frame, {1: before}, 0, lambda _: None)
    assert [size for size, _ in optimizer.asked] == 2 * [(64, 21)]


def test_the_film_does_not_come_back_where_a_coarse_painting_filled(extractor, targets):
    """There the content is the coarse painting; elsewhere it stays the frame, here a grey one.
    What is told of the content is the distance from the film all the same."""
    frame, known = np.full((48, 64, 3), 0.5, np.float32), left_new(24)
    before = Neighbour(frame, frame, known)
    terms = TERMS | {"gram": losses.Gram(losses.Gram.Settings(weight=0, layers=LAYERS))}
    optimizer = Striped(LBFGS.Settings(frequency_exponent=0.5))
    stylizer = stylizer_of(extractor, targets, optimizer, terms, evaluations=40)
    painted = stylizer.paint(frame, {1: before}, 0, lambda _: None)
    assert painted.picture[:, 2:16].std() > 0.06
    assert painted.picture[:, 40:].std() < 0.01
    own = stylizer.objective.targets(NETWORK.preprocess(frame), "frame")
    features = extractor(NETWORK.preprocess(painted.picture))
    distance = float(TERMS["content"](None, features, own["content"]))
    assert painted.terms["content"] == pytest.approx(distance, rel=0.05)


def test_half_of_what_is_too_fine_for_a_coarse_painting_is_covered(extractor, targets):
    """Single pixels of the frame, where a coarse painting fills a small part of it."""
    frame, known = picture(1), left_new(10)
    before = Neighbour(frame, frame, known)
    stylizer = stylizer_of(extractor, targets, Brighter(), evaluations=40)
    painted = stylizer.paint(frame, {1: before}, 0, lambda _: None).picture

    def fine(of):
        return np.diff(of[:, 1:9], axis=1).std()

    assert 0.45 < fine(painted) / fine(frame) < 0.7


def test_broad_strokes_come_from_a_small_picture(extractor, targets):
    """Painted from coarse to fine a picture differs more from its frame at low frequencies."""
    frame = picture(1)

    def low(found):
        optimizer = LBFGS(LBFGS.Settings(frequency_exponent=0.5))
        made = stylizer_of(extractor, found, optimizer, evaluations=15)
        painted = made.paint(frame, {}, 0, lambda _: None)
        assert painted.losses[-1][0] == painted.evaluations
        change = np.fft.rfft2((painted.picture - frame).mean(2))
        return np.abs(change[:4, 1:4]).mean(), painted

    one, several = low({64: targets[64]}), low(targets)
    assert several[0] > 1.1 * one[0]
    assert several[1].picture.tobytes() == low(targets)[1].picture.tobytes()
