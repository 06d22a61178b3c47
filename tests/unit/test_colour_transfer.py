"""The film's colours in the place of the style's."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import inv, sqrtm

import gramflow
from gramflow.base.arrays import Picture
from gramflow.engine.cielab import from_lab, to_lab
from gramflow.engine.colour_transfer import FilmColours
from gramflow.engine.flows import Still
from gramflow.engine.steadiness import OWN
from gramflow.film.colours import colour_samples
from gramflow.film.identity import random_weights
from gramflow.film.order import Step
from gramflow.film.plan import make_plan
from gramflow.media.pictures import to_pixels
from gramflow.painting.neighbours import Neighbours
from tests.support.renders import config_with, manifest_of
from tests.unit.test_keys import changed, keys_of

WAYS = ("luminance", "covariance", "histogram", "transport")
WEIGHTS = random_weights("vgg16")


def colours(by: str, strength: float = 1.0) -> FilmColours:
    return FilmColours(FilmColours.Settings(by=by, strength=strength))  # type: ignore[arg-type]


def cloud(seed: int, mean: Sequence[float], size: tuple[int, int] = (60, 80)) -> Picture:
    """Normally distributed colours, so muted that none is clipped after a transfer."""
    random = np.random.default_rng(seed)
    mixing = random.uniform(-0.02, 0.02, (3, 3)) + 0.02 * np.eye(3)
    normal = random.standard_normal((*size, 3)).clip(-3, 3)
    return np.asarray(normal @ mixing + np.array(mean), np.float32)


FILM, STYLE = cloud(1, [0.6, 0.5, 0.4]), cloud(2, [0.4, 0.5, 0.55], (50, 70))
RED, GREY = np.float32([0.9, 0.2, 0.1]), np.float32([0.5, 0.5, 0.5])


def lab(picture: Picture) -> Any:
    return to_lab(picture).reshape(-1, 3)


def flat(picture: Picture) -> Any:
    return picture.reshape(-1, 3).astype(np.float64)


def chroma(picture: Picture) -> Any:
    """Cr and Cb by ITU-R BT.601, 0..1."""
    return cv2.cvtColor(np.asarray(picture, np.float32), cv2.COLOR_RGB2YCrCb)[..., 1:]


def test_cielab() -> None:
    """As tables give it for sRGB's corners; and every colour comes back."""
    corners = np.eye(3, dtype=np.float32)[None]
    known = [[53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86]]
    np.testing.assert_allclose(to_lab(corners)[0], known, atol=0.03)
    every = np.stack(np.meshgrid(*[np.linspace(0, 1, 12, dtype=np.float32)] * 3), axis=-1)
    np.testing.assert_allclose(from_lab(to_lab(every)), every, atol=1e-6)


def recoloured(by: str, strength: float = 1.0) -> Picture:
    (found,) = colours(by, strength).style([STYLE], [1.0], [FILM])
    return found


def test_the_style_gets_mean_and_covariance() -> None:
    found = flat(recoloured("covariance"))
    np.testing.assert_allclose(found.mean(0), flat(FILM).mean(0), atol=1e-5)
    np.testing.assert_allclose(np.cov(found.T), np.cov(flat(FILM).T), rtol=2e-3, atol=1e-7)


def test_transport_is_the_map_of_the_paper() -> None:
    style, film = lab(STYLE), lab(FILM)
    root = sqrtm(np.cov(style.T))
    matrix = inv(root) @ sqrtm(root @ np.cov(film.T) @ root) @ inv(root)
    expected = (style - style.mean(0)) @ matrix.T + film.mean(0)
    np.testing.assert_allclose(lab(recoloured("transport")), expected, atol=1e-3)


def test_each_channel_gets_the_films_distribution() -> None:
    found, style, shares = lab(recoloured("histogram")), lab(STYLE), np.linspace(0.02, 0.98, 49)
    np.testing.assert_allclose(
        np.quantile(found, shares, axis=0), np.quantile(lab(FILM), shares, axis=0), atol=0.25
    )
    for channel in range(3):  # what was lighter is not darker now
        steps = np.diff(found[np.argsort(style[:, channel]), channel])
        assert steps.min() > -0.05


def test_luminance_is_matched_without_colours() -> None:
    found = recoloured("luminance")
    assert np.ptp(found, axis=-1).max() < 1e-6
    film = FILM @ np.float32([0.299, 0.587, 0.114])
    assert found.mean() == pytest.approx(film.mean(), abs=1e-4)
    assert found.std() == pytest.approx(film.std(), rel=1e-3)


def test_several_pictures_count_by_their_weights() -> None:
    """Together they have the film's colours; one of weight 0 changes nothing."""
    plugin, other = colours("covariance"), cloud(3, [0.5, 0.3, 0.5])
    both = plugin.style([STYLE, other], [0.5, 0.5], [FILM])
    pooled = np.mean([flat(each).mean(0) for each in both], axis=0)
    np.testing.assert_allclose(pooled, flat(FILM).mean(0), atol=1e-5)
    alone, _ = plugin.style([STYLE, other], [1.0, 0.0], [FILM])
    np.testing.assert_allclose(alone, recoloured("covariance"), atol=1e-6)


@pytest.mark.parametrize("by", WAYS)
def test_strength_goes_evenly(by: str) -> None:
    space = flat if by in ("luminance", "covariance") else lab

    def away(picture: Picture) -> float:
        if by == "luminance":  # the style's colours go; the film's come when all is painted
            return float(np.ptp(picture, axis=-1).mean())
        return float(np.linalg.norm(space(picture).mean(0) - space(FILM).mean(0)))

    far = [away(STYLE), *(away(recoloured(by, strength)) for strength in (0.25, 0.5, 0.75, 1))]
    np.testing.assert_allclose(far, np.linspace(far[0], 0, 5), atol=0.02 * far[0])


@pytest.mark.parametrize("by", WAYS)
def test_grey_pictures(by: str) -> None:
    """A grey film stays grey; a grey style has the film's mean, and its noise does not grow."""
    plugin, shades = colours(by), np.linspace(0, 1, 64, dtype=np.float32)[None, :, None]
    grey = np.repeat(np.repeat(shades, 48, 0), 3, -1)
    (style,) = plugin.style([STYLE], [1.0], [grey])
    assert np.ptp(style, axis=-1).max() < 1 / 255
    noise = np.random.default_rng(0).normal(0, 0.002, (48, 64, 3)).astype(np.float32)
    assert FILM.std((0, 1)).min() > 0.02
    for plain, most in ((GREY + 0 * grey, 1e-3), (GREY + noise, 0.015), (0.25 + 0.5 * grey, 0.1)):
        (style,) = plugin.style([plain], [1.0], [FILM])
        assert style.std((0, 1)).max() < most
        if by == "covariance":
            np.testing.assert_allclose(style.mean((0, 1)), FILM.mean((0, 1)), atol=1e-3)
    (style,) = plugin.style([STYLE], [1.0], [RED + 0 * grey])  # a film of one colour
    assert style.std((0, 1)).max() < 1 / 255
    picture = plugin.finish(plugin.prepare(grey), grey)
    np.testing.assert_allclose(picture, grey, atol=1e-6)


pictures = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).random((6, 8, 3), np.float32)
)


@settings(max_examples=60, deadline=None)
@given(pictures, pictures)
def test_a_finished_painting_has_the_films_chroma(painted: Picture, frame: Picture) -> None:
    """Whatever is painted, to a step of 8 bits; and the painting's luminance where it can be."""
    frame = np.concatenate([frame, np.rint(frame)])  # with colours that leave no luminance free
    painted = np.concatenate([painted, painted[::-1]])
    found = colours("luminance").finish(painted, frame)
    assert found.min() >= 0 and found.max() <= 1
    assert np.abs(chroma(found) - chroma(frame)).max() < 1 / 255
    luma = np.float32([0.299, 0.587, 0.114])
    free = ((found > 1e-3) & (found < 1 - 1e-3)).all(-1)
    np.testing.assert_allclose((found @ luma)[free], (painted @ luma)[free], atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(pictures, pictures, st.sampled_from([0.0, 0.3, 0.7, 1.0]))
def test_a_finished_picture_can_be_painted_on(
    painted: Picture, frame: Picture, strength: float
) -> None:
    """`reopen` gives back what was painted, for colours that can be shown."""
    plugin = colours("luminance", strength)
    picture = plugin.prepare(0.4 + 0.2 * painted)
    frame = 0.4 + 0.2 * frame
    np.testing.assert_allclose(
        plugin.reopen(plugin.finish(picture, frame), frame), picture, atol=1e-5
    )


def test_painting_goes_on_from_pictures_without_the_films_colours() -> None:
    """From the neighbour's, and from the frame's own of the pass before, each by its own frame."""
    plugin, films = colours("luminance"), [cloud(7, [0.6, 0.4, 0.4]), cloud(8, [0.4, 0.4, 0.6])]
    still = Still(Still.Settings())
    neighbours = Neighbours(lambda number: to_pixels(films[number]), (80, 60), still, 2, plugin)
    greys = [plugin.prepare(cloud(seed, [0.5, 0.5, 0.5])) for seed in (9, 10)]
    finished = [plugin.finish(*pair) for pair in zip(greys, films, strict=True)]
    found = neighbours.of(Step(1, {1: 0}), finished.__getitem__, finished[1])
    for place, grey, film in ((1, greys[0], films[0]), (OWN, greys[1], films[1])):
        np.testing.assert_allclose(found[place].picture, grey, atol=1e-4)
        frame = films[1] if place == OWN else film
        np.testing.assert_allclose(found[place].frame, plugin.prepare(frame), atol=1e-4)


def test_a_painted_picture_keeps_its_chroma() -> None:
    content = np.random.default_rng(5).integers(0, 255, (6, 8, 3), np.uint8).repeat(8, 0)
    content = content.repeat(8, 1)[:, :48]
    look = {"evaluations": 3, "start": "content", "precision": "float32", "colours": "content"}
    layers = {"layers": {"block1_conv1": 1.0}}
    style = (255 * STYLE).astype(np.uint8)
    found = gramflow.paint(
        content,
        style,
        look="draft",
        width=48,
        settings=look | {"losses": {"content": layers, "moments": layers}},
        network="vgg16",
        weights="random",
    )
    apart = np.abs(chroma(found / 255) - chroma(content / 255))
    assert apart.max() < 1.5 / 255  # of which rounding to 8 bits is a third
    assert np.abs(found - content.astype(float)).mean() > 2


def test_a_style_is_matched_to_frames_of_the_shot_or_of_the_film() -> None:
    """Two frames of a shot get the same; so do all of a film, if the look says so."""
    manifest = manifest_of(range(40), (0, 30))

    def samples(number: int, **settings: Any) -> tuple[int, ...]:
        config = config_with("content", colours={"name": "content", **settings})
        return colour_samples(config, config.looks["default"], manifest)(number)

    assert samples(0) == samples(29) == (0, 4, 8, 12, 17, 21, 25, 29)
    assert samples(30) == samples(39) and set(samples(30)) <= set(range(30, 40))
    assert samples(0, over="film") == samples(39, over="film")
    assert samples(0, strength=0) == ()


def test_keys_hold_the_frames_that_the_style_is_matched_to() -> None:
    """A shot is painted anew when one of them changes; so is the film, if it is matched to that."""

    def repainted(frames: Sequence[int], **settings: Any) -> list[int]:
        config = config_with("content", colours={"name": "content", **settings})
        return changed(keys_of(config, list(range(20)), (0, 12)), keys_of(config, frames, (0, 12)))

    other = [*range(11), 99, *range(12, 20)]  # the first shot's last frame
    assert repainted(other) == list(range(12))
    assert repainted(other, over="film") == list(range(20))
    assert repainted(other, strength=0) == [11]
    between = [0, 99, *range(2, 20)]
    assert repainted(between) == [1]


def test_at_strength_0_all_is_painted_as_with_the_styles_colours() -> None:
    """From the same frames with the same targets; a matched style has targets of its own."""

    def targets(colours: Any) -> dict[str, str]:
        config = config_with("content", colours=colours)
        return make_plan(config, config.renders["clip.red"], manifest_of([1]), WEIGHTS).targets

    for by in WAYS:
        assert targets({"name": "content", "by": by, "strength": 0}) == targets("style") != {}
        assert targets({"name": "content", "by": by, "strength": 0.1}) == {}
        plugin = colours(by, 0)
        assert plugin.prepare(FILM) is FILM and plugin.finish(STYLE, FILM) is STYLE
        assert plugin.reopen(STYLE, FILM) is STYLE
