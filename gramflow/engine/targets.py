"""Style targets: the statistics of a style's pictures that the loss terms compare with."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture
from gramflow.engine import ops
from gramflow.engine.networks import Network
from gramflow.engine.objective import Objective

StyleTargets = dict[str, dict[str, NDArray[np.float32]]]
"""Arrays by loss term, then by name; for terms with layers the name is the layer's."""


def style_targets(
    objective: Objective,
    network: Network,
    pictures: Sequence[Picture],
    mixture: Sequence[float],
    shares: Sequence[NDArray[np.float32]] = (),
) -> StyleTargets:
    """Compute the raw targets of pictures and average them.

    pictures: each at the size at which its features are taken. mixture: a weight per picture, with
    sum 1. shares: how much each place of each picture counts, (height, width), 0..1; if empty, all
    count alike. `Objective.prepared` converts the result to the form that the terms use.
    """
    raw = (
        objective.raw_targets(network.preprocess(picture), "style", share)
        for picture, share in zip_longest(pictures, shares)
    )
    return mixed(raw, mixture)


COLOURS = "_colours"
"""Name of the style's colours among the targets; no loss term can have it."""


def colour_targets(pictures: Sequence[Picture], mixture: Iterable[float]) -> StyleTargets:
    """The style's mean colour, and below it the mean products of its channels, (4, 3), averaged
    over the pictures like a loss term's targets."""
    flat = [np.asarray(picture, np.float64).reshape(-1, 3) for picture in pictures]
    moments = [np.vstack([each.mean(0), each.T @ each / len(each)]) for each in flat]
    return mixed([{COLOURS: {"moments": each}} for each in moments], mixture)


def coloured_noise(
    targets: Mapping[str, Mapping[str, NDArray[np.float32]]],
    size: tuple[int, int],
    random: np.random.Generator,
) -> Picture:
    """Noise with the mean and the covariance of a style's colours, cut off to 0..1.

    targets: with those of `colour_targets`. size: width and height in pixels.
    """
    mean, products = np.split(targets[COLOURS]["moments"].astype(np.float64), [1])
    values, vectors = np.linalg.eigh(products - mean.T @ mean)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    noise = random.standard_normal((size[1], size[0], 3)) @ root + mean
    return np.clip(noise, 0, 1).astype(np.float32)


def mixed(
    targets: Iterable[Mapping[str, Mapping[str, Any]]], mixture: Iterable[float]
) -> StyleTargets:
    """Average raw targets, arrays or tensors. mixture: a weight for each of them, with sum 1."""
    found: StyleTargets = {}
    for each, share in zip(targets, mixture, strict=True):
        for term, tensors in each.items():
            sums = found.setdefault(term, {})
            for name, tensor in tensors.items():
                part = ops.convert_to_numpy(tensor)
                sums[name] = sums.get(name, 0) + np.float64(share) * part
    return {
        term: {name: array.astype(np.float32) for name, array in sums.items()}
        for term, sums in found.items()
    }


def flattened(targets: Mapping[int, StyleTargets]) -> dict[str, NDArray[np.float32]]:
    """Flatten targets by width to one level of names, width/term/name, for an .npz file."""
    return {
        f"{width}/{term}/{name}": array
        for width, terms in targets.items()
        for term, arrays in terms.items()
        for name, array in arrays.items()
    }


def unflattened(arrays: Mapping[str, NDArray[np.float32]]) -> dict[int, StyleTargets]:
    """Invert `flattened`, except that widths without any targets are lost."""
    targets: dict[int, StyleTargets] = {}
    for path, array in arrays.items():
        width, term, name = path.split("/", 2)
        targets.setdefault(int(width), {}).setdefault(term, {})[name] = array
    return targets
