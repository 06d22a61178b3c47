"""Intensity: how far a painting goes from the film to the style, as one number."""

from itertools import pairwise


def content_factor(intensity: float | None) -> float:
    """The factor of the content term's weight for an intensity, greater than 0 and at most 1.

    1 for None. It falls with the intensity, such that the distance from the style does so evenly.
    """
    if intensity is None:
        return 1.0
    for (low, first), (high, last) in pairwise(_FACTORS):
        if intensity <= high:
            part = (max(intensity, low) - low) / (high - low)
            return float(first * (last / first) ** part)
    return _FACTORS[-1][1]


# measured by `python -m benchmarks intensity`: intensity and factor, interpolated by logarithms
_FACTORS = ((0.0, 1000.0), (1.0, 0.1))
