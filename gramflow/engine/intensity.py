"""Intensity: how far a painting goes from the film to the style, as one number."""

from itertools import pairwise


def content_factor(intensity: float | None) -> float:
    """The factor of the content term's weight for an intensity in 0..1; 1 for None.

    It falls with the intensity, such that the painting's distance from the style, by the style
    terms, does so evenly: at 0 it is the film's own, at 1 the one at a quarter of the weight.
    """
    if intensity is None:
        return 1.0
    for (low, first), (high, last) in pairwise(_FACTORS):
        if intensity <= high:
            part = (max(intensity, low) - low) / (high - low)
            return float(first * (last / first) ** part)
    return _FACTORS[-1][1]


# Intensity and factor, the mean of six styles; interpolated by logarithms. `python -m benchmarks
# intensity` shows how evenly the distance from the style falls by it.
_FACTORS = (
    (0.0, 1024.0),
    (0.21, 256.0),
    (0.45, 64.0),
    (0.684, 16.0),
    (0.842, 4.0),
    (0.946, 1.0),
    (1.0, 0.25),
)
