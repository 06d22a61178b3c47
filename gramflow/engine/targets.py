"""The targets of a style: what the loss terms remember of its pictures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gramflow import ops
from gramflow.arrays import Picture
from gramflow.engine.networks import Network

if TYPE_CHECKING:
    from gramflow.engine.objective import Objective  # imports TensorFlow

StyleTargets = dict[str, dict[str, NDArray[np.float32]]]
"""Arrays by loss term and name; for `gram` the name is the layer's."""


def style_targets(
    objective: "Objective", network: Network, pictures: Sequence[Picture], mixture: Sequence[float]
) -> StyleTargets:
    """The targets of one or several pictures, mixed in proportions that sum to 1."""
    mixed: StyleTargets = {}
    for picture, share in zip(pictures, mixture, strict=True):
        targets = objective.targets(network.preprocess(picture), "style")
        for term, tensors in targets.items():
            sums = mixed.setdefault(term, {})
            for name, tensor in tensors.items():
                part = np.float32(share) * ops.convert_to_numpy(tensor)
                sums[name] = sums.get(name, np.float32(0)) + part
    return mixed


def flattened(targets: StyleTargets) -> dict[str, NDArray[np.float32]]:
    """One level of names, as .npz files have: term/name."""
    return {
        f"{term}/{name}": array
        for term, arrays in targets.items()
        for name, array in arrays.items()
    }


def unflattened(arrays: Any) -> StyleTargets:
    """The inverse of flattened."""
    targets: StyleTargets = {}
    for path, array in arrays.items():
        term, name = path.split("/", 1)
        targets.setdefault(term, {})[name] = array
    return targets
