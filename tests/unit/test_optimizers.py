"""Optimizers and their variables: against SciPy, by definition, and by known minima."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dctn, idctn
from scipy.optimize import fmin_l_bfgs_b, rosen, rosen_der

from gramflow.engine import losses, networks, ops
from gramflow.engine.adam import Adam
from gramflow.engine.lbfgs import FLATTER, LBFGS, LOWER, History, Trial, strong_wolfe
from gramflow.engine.optimize import Optimize
from gramflow.engine.optimizers import Curve, Phase, ScipyLBFGS
from gramflow.engine.stylizers import Palette
from gramflow.engine.variables import Frequencies, dct, idct
from tests.support.looks import settings_of

ALL = pytest.mark.parametrize("optimizer", [ScipyLBFGS, LBFGS, Adam])
LIMITED_MEMORY = pytest.mark.parametrize("optimizer", [ScipyLBFGS, LBFGS])
SHAPE = (1, 4, 5, 3)


class Counted:
    """A function of NumPy arrays as one of tensors, with its losses."""

    def __init__(self, loss: Any, gradient: Any) -> None:
        self.loss, self.gradient = loss, gradient
        self.losses: list[float] = []
        self.places: list[Any] = []

    def __call__(self, at: Any) -> tuple[Any, Any]:
        x = np.array(at, np.float64)
        self.places.append(x)
        self.losses.append(float(self.loss(x)))
        gradient = np.asarray(self.gradient(x), np.float32)
        return ops.convert_to_tensor(np.float32(self.losses[-1])), ops.convert_to_tensor(gradient)


def bowl(condition: float = 100, bottom: float = 3, base: float = 0) -> Counted:
    """A quadratic, its curvatures from 1 to `condition`, in directions that no axis has."""
    size = int(np.prod(SHAPE))
    axes, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(size, size)))
    matrix = axes @ np.diag(np.geomspace(1, condition, size)) @ axes.T

    def gradient(x: Any) -> Any:
        return (2 * matrix @ (x.ravel() - bottom)).reshape(x.shape)

    return Counted(lambda x: np.sum(gradient(x) * (x - bottom)) / 2 + base, gradient)


def valley() -> Counted:
    """Rosenbrock's function of 60 variables."""
    return Counted(lambda x: rosen(x.ravel()), lambda x: rosen_der(x.ravel()).reshape(x.shape))


def minimize(
    optimizer: Any,
    function: Any,
    start: Any = None,
    evaluations: int = 100,
    stop: float = 0.0,
    bounds: Any = None,
    epoch: int = 10,
    **given: Any,
) -> tuple[Any, Curve]:
    curve = Curve(epoch, stop)
    start = np.zeros(SHAPE, np.float32) if start is None else start
    method = optimizer(optimizer.Settings(**given))
    return method.minimize([Phase(function, evaluations)], start, bounds, curve), curve


# -- every optimizer ---------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("exponent", [0.0, 0.5])
def test_finds_the_minimum_and_counts(device, optimizer, exponent):
    function = bowl(condition=10)
    steps = {"step": 0.1} if optimizer is Adam else {}
    found, curve = minimize(
        optimizer, function, evaluations=160, frequency_exponent=exponent, **steps
    )
    assert isinstance(found, np.ndarray) and found.dtype == np.float32
    assert np.allclose(found, 3, atol=0.3 if optimizer is Adam else 0.01)
    assert len(function.losses) == curve.evaluations <= 180
    counts, lowest = zip(*curve.points, strict=True)
    assert counts == (1, *range(10, 10 * len(counts), 10))
    assert np.allclose(lowest, [min(function.losses[:count]) for count in counts], rtol=1e-6)


@ALL
def test_a_second_phase_goes_on(device, optimizer):
    """Two phases of one function end about where one does, in as many evaluations."""
    ends = []
    for lengths in ([80], [60, 20]):
        method, function, curve = optimizer(optimizer.Settings()), bowl(), Curve(10, 0.0)
        phases = [Phase(function, length) for length in lengths]
        found = method.minimize(phases, np.zeros(SHAPE, np.float32), None, curve)
        ends.append(float(function.loss(found.astype(np.float64))))
        assert curve.evaluations == pytest.approx(80, abs=4)
    slack = 1.5 if optimizer is Adam else 1e-3  # SciPy's forgets, but there is little left
    assert ends[1] < max(2 * ends[0], slack)


def test_the_curvature_is_remembered_once(device, monkeypatch):
    made = []
    monkeypatch.setattr("gramflow.engine.lbfgs.History", lambda *a: made.append(a) or History(*a))
    phases = [Phase(bowl(), 10), Phase(bowl(), 10)]
    LBFGS(LBFGS.Settings()).minimize(phases, np.zeros(SHAPE, np.float32), None, Curve(5, 0.0))
    assert len(made) == 1


def test_restarts_keep_the_evaluations_of_a_phase(device):
    curve = Curve(20, 0.0)
    phases = [Phase(valley(), 108), Phase(valley(), 12)]
    method = ScipyLBFGS(ScipyLBFGS.Settings(restart=True))
    method.minimize(phases, np.full(SHAPE, -1, np.float32), None, curve)
    assert curve.evaluations <= 132


@given(st.lists(st.integers(1, 50), min_size=1, max_size=4), st.integers(2, 20))
def test_steady_progress_is_never_flat(lengths, epoch):
    """In no phase, wherever it begins; and a phase without progress is, after two epochs."""
    curve, loss = Curve(epoch, stop=0.01), 1.0
    for length in lengths:
        curve.begin()
        for _ in range(length):
            loss *= 0.98
            curve.add(loss)
            assert not curve.flat
    curve.begin()
    for _ in range(2 * epoch):
        curve.add(loss)
    assert curve.flat


def test_the_seed_restarts(device):
    """Every epoch forgets: its first step is along the gradient."""
    function = bowl()
    found, curve = minimize(ScipyLBFGS, function, evaluations=60, restart=True, first_step=None)
    assert np.allclose(found, 3, atol=0.2)
    assert curve.evaluations >= 60
    first = function.places[1] - function.places[0]
    assert np.linalg.norm(first) == pytest.approx(1, rel=1e-3)


@ALL
def test_stops_when_an_epoch_brings_little(device, optimizer):
    _, curve = minimize(optimizer, bowl(base=1e4), stop=0.1)
    assert curve.evaluations < 60
    (_, before), (_, after) = [point for point in curve.points if point[0] % 10 == 0][-2:]
    assert before - after < 0.1 * before


@ALL
def test_bounds_are_kept(device, optimizer):
    """The minimum within them is SciPy's of float64, and no evaluation is outside."""
    low, high = np.full((1, 1, 1, 3), -1, np.float32), np.float32([2, 2.5, 4]).reshape(1, 1, 1, 3)
    function = bowl(condition=10)
    limits = list(zip(*(np.broadcast_to(b, SHAPE).ravel() for b in (low, high)), strict=True))
    best, _, _ = fmin_l_bfgs_b(
        lambda x: (function.loss(x.reshape(SHAPE)), function.gradient(x.reshape(SHAPE)).ravel()),
        np.zeros(60),
        bounds=limits,
    )
    steps = {"step": 0.1} if optimizer is Adam else {}
    found, _ = minimize(optimizer, function, bounds=(low, high), evaluations=150, **steps)
    assert all(((low <= at + 1e-6) & (at <= high + 1e-6)).all() for at in function.places)
    assert np.allclose(found, best.reshape(SHAPE), atol=0.02)
    assert np.sum(best.reshape(SHAPE) == np.broadcast_to(high, SHAPE)) >= 20


@ALL
def test_the_same_input_gives_the_same_bytes(device, optimizer):
    one, two = (minimize(optimizer, bowl(), evaluations=40)[0].tobytes() for _ in range(2))
    assert one == two


@LIMITED_MEMORY
@pytest.mark.parametrize("length", [0.5, 2.0])
def test_the_first_step_has_the_length_asked_for(device, optimizer, length):
    """Root mean square, whatever the size of the gradient."""
    function = bowl()
    minimize(optimizer, function, evaluations=2, first_step=length)
    moved = function.places[1] - function.places[0]
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(length, rel=1e-4)
    towards = -function.gradient(function.places[0])
    cosine = np.sum(moved * towards) / np.linalg.norm(moved) / np.linalg.norm(towards)
    assert cosine == pytest.approx(1, abs=1e-5)


def test_scipy_s_variables_are_the_scaled_ones(device):
    """The same places as SciPy by itself finds, whose first step is 1 in its own variables."""
    reference, own = bowl(), bowl()
    unit = 0.5 * np.sqrt(60)
    fmin_l_bfgs_b(
        lambda u: (
            float(reference(unit * u.reshape(SHAPE))[0]),
            unit * reference.gradient(unit * u.reshape(SHAPE)).ravel(),
        ),
        np.zeros(60),
        m=20,
        maxfun=15,
        factr=0,
        pgtol=0,
    )
    minimize(ScipyLBFGS, own, evaluations=15, first_step=0.5)
    for one, two in zip(reference.places[:15], own.places[:15], strict=True):
        assert np.allclose(one, two, atol=1e-3)


# -- L-BFGS ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [valley, lambda: bowl(1e3), lambda: bowl(1e5)])
@pytest.mark.parametrize("optimizer", [LBFGS, ScipyLBFGS])
def test_needs_hardly_more_evaluations_than_scipy(device, optimizer, make):
    """Than SciPy by itself in float64, to its loss after 60."""
    reference, own = make(), make()
    start = np.full(SHAPE, -1, np.float32)
    fmin_l_bfgs_b(
        lambda x: (float(reference(x.reshape(SHAPE))[0]), reference.gradient(x)),
        start.ravel(),
        m=20,
        maxfun=60,
        factr=0,
        pgtol=0,
    )
    minimize(optimizer, own, start, evaluations=120)
    goal = 1.005 * min(reference.losses) + 1e-5 * reference.losses[0]
    needed = [
        next((n for n, loss in enumerate(f.losses, 1) if loss <= goal), 999)
        for f in (reference, own)
    ]
    assert needed[1] <= 1.1 * needed[0] + 2


def test_returns_the_lowest_point_within_the_evaluations(device):
    for evaluations in (1, 2, 3, 7, 20):
        function = valley()
        found, curve = minimize(LBFGS, function, np.full(SHAPE, -1), evaluations)
        assert len(function.losses) == curve.evaluations == evaluations
        assert function.loss(found.astype(np.float64)) <= min(function.losses) * (1 + 1e-5)


def test_a_loss_that_is_no_number_is_stepped_back_from(device):
    function = bowl()
    inner = function.loss
    function.loss = lambda x: inner(x) if np.abs(x).max() < 5 else np.nan
    found, _ = minimize(LBFGS, function, first_step=50.0)
    assert np.allclose(found, 3, atol=0.05)


def test_ends_where_no_step_leads_down(device):
    function = Counted(lambda x: 1.0, np.ones_like)
    found, curve = minimize(LBFGS, function, evaluations=1000)
    assert np.array_equal(found, np.zeros(SHAPE)) and curve.evaluations < 50


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(0, 9), st.integers(0, 2**32 - 1))
def test_the_direction_is_that_of_dense_bfgs(device, memory, pairs, seed):
    """H applied to the gradient, H built by the BFGS formula (Nocedal and Wright, 7.16)."""
    random = np.random.default_rng(seed)
    size = 12
    history = History(memory, size, first_length=2.0)
    kept: list[Any] = []
    for _ in range(pairs):
        s = random.normal(size=size)
        y = s * random.uniform(0.5, 3, size)
        history.add(np.float32(s), np.float32(y))
        kept.append((s, y))
    gradient = random.normal(size=size)
    if kept:
        s, y = kept[-1]
        inverse = np.eye(size) * (s @ y) / (y @ y)
        for s, y in kept[-memory:]:
            v = np.eye(size) - np.outer(y, s) / (s @ y)
            inverse = v.T @ inverse @ v + np.outer(s, s) / (s @ y)
        expected = -inverse @ gradient
    else:
        expected = -gradient * 2 / np.linalg.norm(gradient)
    found = np.array(history.direction(np.float32(gradient)))
    assert np.linalg.norm(found - expected) < 1e-4 * np.linalg.norm(expected)


def test_a_pair_without_curvature_is_left_out(device):
    history = History(2, 3, 1.0)
    one, gradient = np.float32([1, 0, 0]), np.float32([1, 2, 3])
    history.add(np.float32([0, 0, 1]), np.float32([0, 0, 5]))
    history.add(one, 2 * one)
    history.add(np.float32([0, 1, 0]), np.float32([0, -1, 0]))  # in the place of the oldest
    assert np.allclose(history.direction(gradient), -gradient / 2)
    history.forget()
    assert np.allclose(history.direction(gradient), -gradient / np.linalg.norm(gradient))


def wave(random, counted):
    """A bowl with waves on it, along which step 1 is far too short, far too long or about right."""
    a, b, c, d = random.uniform(-3, 3, 4)
    stretch = np.exp(random.uniform(np.log(0.02), np.log(50)))

    def along(step):
        counted.append(step)
        x = step * stretch
        loss = 0.5 * (x - 1) ** 2 + a * np.sin(b * x) + 0.3 * c * np.cos(2 * d * x)
        slope = x - 1 + a * b * np.cos(b * x) - 0.6 * c * d * np.sin(2 * d * x)
        return Trial(step, float(loss), float(slope * stretch))

    return along


def test_steps_meet_the_wolfe_conditions():
    """Always lower; flatter too but for one of a hundred, whose interval got too narrow before."""
    random, steep, most = np.random.default_rng(0), 0, 0
    for _ in range(2000):
        counted: list[float] = []
        along = wave(random, counted)
        start = along(0.0)
        if start.slope < -1e-2:
            found = strong_wolfe(along, start, 40)
            assert found.step > 0
            assert found.loss <= start.loss + LOWER * found.step * start.slope
            steep += abs(found.slope) > FLATTER * abs(start.slope)
            most = max(most, len(counted))
    assert steep <= 20
    assert most <= 12


@pytest.mark.parametrize("trials", [1, 2, 3])
def test_a_search_ends_in_time_with_the_lowest_step(trials):
    random = np.random.default_rng(1)
    for _ in range(300):
        counted: list[float] = []
        along = wave(random, counted)
        start = along(0.0)
        if start.slope < -1e-2:
            found = strong_wolfe(along, start, trials)
            assert len(counted) <= 1 + trials
            assert found.loss <= start.loss + LOWER * found.step * start.slope


# -- Adam --------------------------------------------------------------------------------------


def test_adam_is_the_paper_s(device):
    """Against Keras's own Adam, its epsilon nothing; without averaging."""
    import keras

    function = bowl()
    found, _ = minimize(Adam, function, evaluations=12, averaging=0.0, step=0.5)
    variable = keras.Variable(np.zeros(SHAPE, np.float32))
    reference = keras.optimizers.Adam(0.5, beta_1=0.9, beta_2=0.99, epsilon=1e-12)
    for _ in range(11):
        gradient = function.gradient(ops.convert_to_numpy(variable).astype(np.float64))
        reference.apply([ops.convert_to_tensor(np.float32(gradient))], [variable])
    assert np.allclose(found, variable.value, atol=1e-3)


def test_adam_averages_its_pictures(device):
    """The bias-corrected mean of the places it looked at, the last one evaluated."""
    function = bowl()
    found, _ = minimize(Adam, function, evaluations=10, averaging=0.8, step=0.5)
    last, _ = minimize(Adam, bowl(), evaluations=10, averaging=0.0, step=0.5)
    places = [*function.places[1:-1], last]
    shares = 0.8 ** np.arange(len(places))[::-1]
    mean = np.tensordot(shares / shares.sum(), np.stack(places), 1)
    assert np.allclose(found, mean, atol=1e-4)
    assert np.allclose(function.places[-1], found)


# -- frequencies -------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(1, 17), st.integers(1, 17), st.integers(0, 2**32 - 1))
def test_transforms_are_scipy_s(device, height, width, seed):
    x = np.random.default_rng(seed).normal(size=(1, height, width, 3)).astype(np.float32)
    assert np.allclose(dct(x), dctn(x, axes=(1, 2), norm="ortho"), atol=1e-4)
    assert np.allclose(idct(x), idctn(x, axes=(1, 2), norm="ortho"), atol=1e-4)


@settings(max_examples=25)
@given(st.integers(1, 17), st.integers(1, 17), st.floats(0, 1.5), st.integers(0, 2**32 - 1))
def test_frequencies_gradient_is_the_transposed_map(device, height, width, exponent, seed):
    """<picture(z) - start, g> = <z, gradient(g)> for all z and g."""
    random = np.random.default_rng(seed)
    start, z, g = random.normal(size=(3, 1, height, width, 3)).astype(np.float32)
    space = Frequencies(ops.convert_to_tensor(start), exponent, cutoff=0.005)
    scale = np.array(space.scale)
    assert np.mean(scale**2) == pytest.approx(1, rel=1e-4)
    left = np.sum((np.array(space.picture(z)) - start) * g, dtype=np.float64)
    right = np.sum(z * np.array(space.gradient(ops.convert_to_tensor(g))), dtype=np.float64)
    norm = np.linalg.norm(scale * z) * np.linalg.norm(g)
    assert abs(left - right) < 1e-5 * norm + 1e-6


# -- a frame -----------------------------------------------------------------------------------


@ALL
def test_paints_a_frame(device, optimizer):
    """Random weights, a small frame: the loss falls, and twice the same is the same."""
    network = networks.VGG16()
    terms = {
        "content": losses.Content(losses.Content.Settings(layers={"block2_conv1": 1.0})),
        "tv": losses.TotalVariation(losses.Loss.Settings(weight=1e-3)),
    }
    extractor = networks.build(network, None, ["block2_conv1"], "average")
    frame = np.random.default_rng(1).uniform(0, 1, (24, 32, 3)).astype(np.float32)
    look = settings_of(evaluations=12)
    chosen = optimizer(optimizer.Settings(frequency_exponent=0.5))
    palette = Palette(look, network, lambda: extractor, terms, chosen, {32: {}})
    stylizer = Optimize(Optimize.Settings(), palette)
    one, two = (stylizer.paint(frame, {}, 0, lambda _: None) for _ in range(2))
    assert one.picture.shape == frame.shape and one.picture.dtype == np.float32
    assert one.losses[-1][1] < 0.8 * one.losses[0][1]
    assert one.picture.tobytes() == two.picture.tobytes()
