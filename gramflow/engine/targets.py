"""The targets of a style: what the loss terms remember of its pictures."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture
from gramflow.engine import ops
from gramflow.engine.networks import Network

if TYPE_CHECKING:
    from gramflow.engine.objective import Objective  # imports TensorFlow

StyleTargets = dict[str, dict[str, NDArray[np.float32]]]
"""Arrays by loss term and name; where a term has layers the name is the layer's."""


def style_targets(
    objective: "Objective", network: Network, pictures: Sequence[Picture], mixture: Sequence[float]
) -> StyleTargets:
    """The raw targets of one or several pictures, mixed in proportions that sum to 1.

    `Objective.prepared` makes them ready for use.
    """
    mixed: StyleTargets = {}
    for picture, share in zip(pictures, mixture, strict=True):
        targets = objective.raw_targets(network.preprocess(picture), "style")
        for term, tensors in targets.items():
            sums = mixed.setdefault(term, {})
            for name, tensor in tensors.items():
                part = ops.convert_to_numpy(tensor)
                sums[name] = sums.get(name, 0) + np.float64(share) * part
    return {
        term: {name: array.astype(np.float32) for name, array in sums.items()}
        for term, sums in mixed.items()
    }


def flattened(targets: Mapping[int, StyleTargets]) -> dict[str, NDArray[np.float32]]:
    """Those of several widths with one level of names, as .npz files have: width/term/name."""
    return {
        f"{width}/{term}/{name}": array
        for width, terms in targets.items()
        for term, arrays in terms.items()
        for name, array in arrays.items()
    }


def unflattened(arrays: Mapping[str, NDArray[np.float32]]) -> dict[int, StyleTargets]:
    """The inverse of flattened; but a width without targets is not known any more."""
    targets: dict[int, StyleTargets] = {}
    for path, array in arrays.items():
        width, term, name = path.split("/", 2)
        targets.setdefault(int(width), {}).setdefault(term, {})[name] = array
    return targets
