"""The reference of the moments' distance, against closed forms."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import ortho_group

from tests.support.plain_moments import distance, distance_from, mixed, moments

RIDGE = 1e-4  # added to the style's variances, in units of its energy


def diagonal(mean, variances, shape):
    """Features of exactly these means and variances, their channels uncorrelated."""
    count, channels = shape[0] * shape[1], len(mean)
    waves = np.cos(np.pi * np.outer(np.arange(count) + 0.5, np.arange(1, channels + 1)) / count)
    return (mean + np.sqrt(2 * np.asarray(variances)) * waves).reshape(*shape, channels)


MEANS = np.array([1.0, 2.0, 0.5]), np.array([3.0, 1.0, 0.5])
VARIANCES = np.array([4.0, 0.0, 9.0]), np.array([1.0, 2.0, 0.5])


def closed_form():
    """Channel by channel: squared differences of means and of deviations."""
    energy = np.mean(MEANS[1] ** 2) + np.mean(VARIANCES[1])
    ours, theirs = VARIANCES[0] / energy, VARIANCES[1] / energy + RIDGE
    means = np.mean((MEANS[0] - MEANS[1]) ** 2) / energy
    return means + np.mean((np.sqrt(ours) - np.sqrt(theirs)) ** 2)


def test_uncorrelated_channels_have_a_closed_form():
    features = diagonal(MEANS[0], VARIANCES[0], (6, 7))
    style = diagonal(MEANS[1], VARIANCES[1], (9, 4))
    mean, covariance = moments(style)
    assert mean == pytest.approx(MEANS[1])
    assert covariance == pytest.approx(np.diag(VARIANCES[1]), abs=1e-12)
    assert distance(features, style) == pytest.approx(closed_form(), rel=1e-12)


def test_turning_both_changes_nothing():
    turn = ortho_group.rvs(3, random_state=0)
    features = diagonal(MEANS[0], VARIANCES[0], (6, 7)) @ turn
    style = diagonal(MEANS[1], VARIANCES[1], (9, 4)) @ turn
    assert distance(features, style) == pytest.approx(closed_form(), rel=1e-12)


@pytest.mark.parametrize("pixels", [(12, 10), (3, 2)])
def test_correlated_channels_fit_scipys_root(pixels):
    random = np.random.default_rng(0)
    channels = 8
    features = random.normal(size=(*pixels, channels)) @ random.normal(size=(channels, channels))
    style = random.gamma(2.0, size=(9, 9, channels)) @ random.normal(size=(channels, channels))
    (mean, covariance), (style_mean, style_covariance) = moments(features), moments(style)
    energy = np.mean(style_mean**2) + np.trace(style_covariance) / channels
    ours = covariance / energy
    theirs = style_covariance / energy + RIDGE * np.eye(channels)
    root = sqrtm(theirs)
    common = np.trace(sqrtm(root @ ours @ root + 0j)).real
    expected = np.mean((mean - style_mean) ** 2) / energy
    expected += (np.trace(ours) + np.trace(theirs) - 2 * common) / channels
    assert distance(features, style) == pytest.approx(expected, rel=1e-5)


def test_a_picture_is_hardly_apart_from_itself():
    features = np.random.default_rng(0).gamma(2.0, size=(9, 8, 16))
    assert 0 <= distance(features, features) <= RIDGE


def test_a_mixture_is_that_of_the_pixels():
    random = np.random.default_rng(0)
    one, other = random.gamma(2.0, size=(4, 6, 5)), random.normal(size=(8, 6, 5))
    together = np.concatenate([one, other])
    mean, covariance = mixed([one, other], [1 / 3, 2 / 3])
    assert mean == pytest.approx(moments(together)[0])
    assert covariance == pytest.approx(moments(together)[1])
    assert distance_from(one, mean, covariance) == pytest.approx(distance(one, together))
