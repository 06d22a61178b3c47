"""Areas: statistics of a part of a picture, content weights that differ from place to place."""

import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.engine import losses
from gramflow.engine.areas import Area, area_targets, by_areas, covered
from gramflow.engine.moments import Moments
from tests.unit.test_tiling import SHAPE, limited, small_network

pytestmark = pytest.mark.usefixtures("device")
SIZE = 60, 96
STRIDES = {"first": 1, "second": 2, "third": 6}


def terms(**layers):
    shape = {"layers": layers} if layers else SHAPE
    return {
        "content": losses.Content(losses.Content.Settings(weight=1.0, **shape)),
        "gram": losses.Gram(losses.Gram.Settings(weight=5.0, **shape)),
        "moments": Moments(Moments.Settings(weight=2.0, **shape)),
        "tv": losses.TotalVariation(losses.TotalVariation.Settings(weight=1e-5)),
    }


def pictures(count, seed=0):
    random = np.random.default_rng(seed)
    return random.uniform(-100, 100, (count, 1, *SIZE, 3)).astype(np.float32)


def half(columns=48):
    """A map that is 1 on the left."""
    share = np.zeros(SIZE, np.float32)
    share[:, :columns] = 1
    return share


class Case:
    """Random pictures, and the terms' targets for areas."""

    def __init__(self, areas, of=None, factors=None):
        from gramflow.engine.objective import Objective

        self.terms, self.network, self.areas = of or terms(), small_network(), areas
        self.picture, frame, *styles = pictures(2 + len(areas))
        self.plain = Objective(self.network, self.terms)
        self.frame = self.plain.targets(frame, "frame")
        self.styles = [self.plain.targets(style / 2 + 30, "style") for style in styles]
        sizes = {name: (SIZE[0] // by, SIZE[1] // by) for name, by in STRIDES.items()}
        factors = factors or [1.0] * len(areas)
        self.targets = area_targets(self.terms, self.frame, self.styles, areas, factors, sizes)
        self.objective = Objective(self.network, by_areas(self.terms, "looks.x"))

    def evaluated(self, objective=None):
        loss, gradient, found = (objective or self.objective)(self.picture, self.targets)
        return (
            float(loss),
            np.asarray(gradient),
            {name: float(each) for name, each in found.items()},
        )


def test_an_area_that_is_everything_is_the_whole_picture():
    case = Case([Area(np.ones(SIZE, np.float32), {"a": 1.0})])
    loss, gradient, found = case.evaluated()
    whole, slope, expected = case.plain(case.picture, case.frame | case.styles[0])
    assert loss == pytest.approx(float(whole), rel=1e-5)
    assert found == pytest.approx(
        {name: float(value) for name, value in expected.items()}, rel=1e-4
    )
    np.testing.assert_allclose(gradient, slope, atol=1e-5 * np.abs(slope).max())


def test_an_area_has_the_statistics_of_its_own_features_alone():
    left = half()
    case = Case([Area(left, {"a": 1.0}), Area(1 - left, {"b": 1.0})])
    _, _, found = case.evaluated()
    features = {name: np.asarray(each) for name, each in case.network(case.picture).items()}
    for name in ("gram", "moments"):
        term, expected = case.terms[name], 0.0
        for number, style in enumerate(case.styles):
            for layer, weight in SHAPE["layers"].items():
                middle = 48 // STRIDES[layer]
                of = features[layer]
                own = of[:, :, middle:] if number else of[:, :, :middle]
                expected += weight * 0.5 * float(term.between(own, style[name][layer]))
        assert found[name] == pytest.approx(expected, rel=1e-4)


def test_tiles_give_what_the_whole_picture_gives():
    from gramflow.engine.objective import Objective

    soft = np.linspace(0, 1, SIZE[1], dtype=np.float32)[None].repeat(SIZE[0], 0)
    case = Case([Area(soft, {"a": 1.0}, 0.9), Area(1 - soft, {"b": 1.0})], factors=[3.0, 1.0])
    plan = limited(case.network, case.terms, *SIZE, 54 * 60)
    assert len(plan.tiles(*SIZE)) > 1
    tiled = Objective(case.network, by_areas(case.terms, "looks.x"), plan)
    loss, gradient, found = case.evaluated()
    other, slope, parts = case.evaluated(tiled)
    assert other == pytest.approx(loss, rel=1e-5)
    assert parts == pytest.approx(found, rel=1e-4)
    np.testing.assert_allclose(slope, gradient, atol=2e-5 * np.abs(gradient).max())


def test_gradients_are_those_of_finite_differences():
    soft = np.linspace(0, 1, SIZE[1], dtype=np.float32)[None].repeat(SIZE[0], 0)
    areas = [Area(soft, {"a": 1.0}, 0.8), Area(1 - soft, {"b": 1.0}, 0.9)]
    case = Case(areas, factors=[4.0, 2.0])
    direction = np.random.default_rng(3).normal(size=case.picture.shape).astype(np.float32)
    _, gradient, _ = case.evaluated()
    case.picture = case.picture + 0.05 * direction
    above, _, _ = case.evaluated()
    case.picture = case.picture - 0.1 * direction
    below, _, _ = case.evaluated()
    assert (above - below) / 0.1 == pytest.approx(float((gradient * direction).sum()), rel=0.02)


def test_the_content_weighs_by_the_intensity_of_each_place():
    left = half()
    only = {"content": terms()["content"]}
    areas = [Area(left, {"a": 1.0}, 0.5), Area(1 - left, {"a": 1.0})]
    case = Case(areas, only, [8.0, 1.0])
    _, gradient, _ = case.evaluated()
    _, plain, _ = case.plain(case.picture, case.frame)
    far = 20  # of the border, beyond the sight of a feature
    factor = 8.0
    scale = np.abs(gradient).max()
    near = slice(None, 48 - far), slice(48 + far, None)
    np.testing.assert_allclose(
        gradient[:, :, near[0]], factor * np.asarray(plain)[:, :, near[0]], atol=1e-5 * scale
    )
    np.testing.assert_allclose(
        gradient[:, :, near[1]], np.asarray(plain)[:, :, near[1]], atol=1e-5 * scale
    )


def test_an_empty_area_changes_nothing():
    case = Case([Area(np.ones(SIZE, np.float32), {"a": 1.0}), Area(half(0), {"b": 1.0})])
    loss, gradient, _ = case.evaluated()
    whole, slope, _ = case.plain(case.picture, case.frame | case.styles[0])
    assert loss == pytest.approx(float(whole), rel=1e-5)
    np.testing.assert_allclose(gradient, slope, atol=1e-5 * np.abs(slope).max())


def test_what_is_left_out_has_no_part_in_the_style_and_shows_the_film():
    left = half()
    case = Case([Area(left, {"a": 1.0}), Area(1 - left, {}, 0.0)])
    assert all(len(areas) == 1 for areas in case.targets["gram"].values())
    painted, film = np.ones((*SIZE, 3), np.float32), np.zeros((*SIZE, 3), np.float32)
    found = covered(painted, film, case.areas)
    np.testing.assert_array_equal(found, left[..., None].repeat(3, -1))
    assert covered(painted, film, [Area(left, {"a": 1.0})]) is painted


def test_a_term_without_shares_is_refused():
    class Own(losses.Gram):
        regional = False

    with pytest.raises(GramflowError, match=r"looks\.x\.losses\.own: has no regions"):
        by_areas({"own": Own(losses.Gram.Settings())}, "looks.x")


@pytest.mark.parametrize("tiled", [False, True])
def test_a_style_can_be_a_part_of_its_picture(tiled):
    from gramflow.engine.objective import Objective

    of = {name: term for name, term in terms().items() if name in ("gram", "moments")}
    network, (picture,) = small_network(), pictures(1)
    plan = limited(network, of, *SIZE, 54 * 60) if tiled else None
    found = Objective(network, of, plan).raw_targets(picture, "style", half())
    features = {name: np.asarray(each) for name, each in network(picture).items()}
    for name, term in of.items():
        for layer in SHAPE["layers"]:
            cut = features[layer][:, :, : 48 // STRIDES[layer]]
            expected = term.remembered(term.statistic(cut, None))
            np.testing.assert_allclose(found[name][layer], expected, rtol=1e-3, atol=1e-4)
