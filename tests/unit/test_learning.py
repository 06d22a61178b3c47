"""How an image transformation network is trained."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gramflow.base.arrays import Picture
from gramflow.engine import feedforward, learning, transformer
from gramflow.engine.feedforward import Feedforward, differing, sampled
from gramflow.engine.networks import VGG19
from gramflow.engine.steadiness import Neighbour
from tests.support.media import textured

NETWORK = VGG19()
BLACK = NETWORK.preprocess(np.zeros((1, 1, 3), np.float32))


def picture(seed: int) -> Picture:
    """A colour picture with detail of all sizes."""
    return np.ascontiguousarray(textured(seed, 72, 96), np.float32)


def towards_negative(painted: Picture, crop: Picture) -> tuple[float, NDArray[np.float32]]:
    """A loss with a known minimum: the mean squared distance from the crop's negative."""
    change = NETWORK.preprocess(painted) - NETWORK.preprocess(1 - crop)
    return float(np.square(change).mean()), 2 * change / change.size


def learner(copying: int = 0, steps: int = 150, **given: Any) -> learning.Learner:
    course = {"rate": 0.01, "steady": 0.0, "like": 1e-3, "crop": 48, "seed": 3}
    return learning.Learner(
        transformer.build(8, 1, seed=0),
        towards_negative,
        NETWORK,
        learning.Course(copying, steps, **course | given),
    )


def teach(made: learning.Learner, steps: int, examples: Sequence[learning.Pair] = ()) -> Any:
    frames = [picture(seed) for seed in (0, 10)]
    return [made.step(frames[made.number % 2], examples) for _ in range(steps)]


def error(made: learning.Learner, target: Picture) -> float:
    """Of the painting of a picture that was not learnt from, from `target`."""
    painted = np.asarray(made.model(picture(20)[None]))[0]
    return float(np.square(painted - target)[8:-8, 8:-8].mean())


def test_the_loss_is_lowered_on_pictures_that_were_not_learnt_from() -> None:
    made, target = learner(), 1 - picture(20)
    before = error(made, target)
    told = teach(made, 150)
    assert error(made, target) < 0.15 * before
    assert told[-1].loss < 0.2 * told[0].loss and told[0].like is None


def test_examples_are_copied_first() -> None:
    """Without the loss, which would paint the negative."""
    examples = [(picture(seed), picture(seed)[..., ::-1]) for seed in (0, 10)]
    made = learner(copying=60, steps=40, like=1.0)
    before = error(made, picture(20)[..., ::-1])
    told = teach(made, 60, examples)
    assert error(made, picture(20)[..., ::-1]) < 0.1 * before
    assert {step.loss for step in told} == {None}
    after = teach(made, 1, examples)
    assert after[0].loss is not None and after[0].like == pytest.approx(told[-1].like, rel=3)


def test_steadiness_is_learnt() -> None:
    """The painting of noise is held down by its weight."""
    loose, held = (learner(steps=60, steady=weight) for weight in (0.0, 3.0))
    noisy = [teach(made, 60)[-1].steady for made in (loose, held)]
    assert noisy[1] < 0.7 * noisy[0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_shifted_crop_shows_the_same_place(seed: int) -> None:
    """Where both crops overlap they differ by noise alone."""
    random = np.random.default_rng(seed)
    crop, other, offset = learning._shifted(picture(1), 48, random)
    parts = [np.asarray(learning._overlap(*each)) for each in ((crop, offset), (other, -offset))]
    assert parts[0].shape == parts[1].shape
    assert parts[0].shape[0] >= 16 and np.abs(parts[0] - parts[1]).max() < 7 * learning._NOISE


def test_training_goes_on_from_a_state_with_the_same_bytes() -> None:
    examples = [(picture(0), picture(5))]
    whole, first, second = (learner(copying=3, steps=5) for _ in range(3))
    teach(whole, 8, examples)
    teach(first, 5, examples)
    second.resume(first.state())
    teach(second, 3, examples)
    states = [made.state() for made in (whole, second)]
    assert states[0].keys() == states[1].keys()
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])


def test_a_state_of_another_network_is_refused() -> None:
    other = learning.Learner(
        transformer.build(16, 1, 0), towards_negative, NETWORK, learner().course
    )
    with pytest.raises(ValueError, match="shape"):
        learner().resume(other.state())


def shades(*values: float) -> Mapping[int, Picture]:
    return {number: np.full((18, 32, 3), value, np.float32) for number, value in enumerate(values)}


def test_keyframes_are_those_that_differ_most() -> None:
    """First the one nearest to the mean, then always the one farthest from those chosen."""
    film = shades(0.1, 0.11, 0.12, 0.5, 0.52, 0.9)
    assert differing(film, 1) == [3]
    assert differing(film, 3) == [3, 5, 0] or differing(film, 3) == [3, 0, 5]
    assert differing(film, 0) == []
    assert differing(shades(0.5, 0.5, 0.5), 2) == [0]


def test_frames_are_sampled_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    film = shades(*np.linspace(0, 1, 10))
    assert len(sampled(film)) == 10
    monkeypatch.setattr(feedforward, "MEMORY", 4 * film[0].nbytes)
    assert [round(float(each.mean()) * 9) for each in sampled(film)] == [0, 3, 6, 9]
    pairs = {number: (frame, frame) for number, frame in film.items()}
    assert [round(float(before.mean()) * 9) for before, _ in sampled(pairs)] == [0, 9]


def test_a_frame_is_held_to_the_one_before_where_the_flow_is_trusted() -> None:
    """A network at its start is a copy, so the rest is the mixture."""
    trained = transformer.arrays_of(transformer.build(8, 1, seed=0))
    palette: Any = SimpleNamespace(trained=trained, memory=None)
    settings = Feedforward.Settings(hold=0.75)
    frame, before, trust = picture(0), picture(5), np.zeros((72, 96), np.float32)
    trust[:, 48:] = 1
    neighbour = Neighbour(before, frame, trust)
    stylizer = Feedforward(settings, palette)
    held = stylizer.paint(frame, {1: neighbour}, 0, lambda curve: None).picture
    assert np.array_equal(held[:, :48], frame[:, :48])
    assert np.allclose(held[:, 48:], (0.25 * frame + 0.75 * before)[:, 48:], atol=1e-6)
    alone = stylizer.paint(frame, {}, 0, lambda curve: None).picture
    assert np.array_equal(alone, frame)
    assert Feedforward.follows(settings) and not Feedforward.follows(Feedforward.Settings(hold=0))
