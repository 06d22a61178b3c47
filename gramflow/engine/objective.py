"""The total loss of a picture and its gradient: the only code that knows the backend."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from gramflow import ops
from gramflow.engine.losses import Loss, Tensor, Tensors

Targets = Mapping[str, Tensors]
"""By the loss term's name."""


class Objective:
    """A weighted sum of loss terms over one network.

    Targets are arguments of the compiled function, not constants in it: one trace serves every
    frame and style of a size.
    """

    def __init__(self, network: Any, losses: Mapping[str, Loss]) -> None:
        self.network = network
        self.losses = losses
        self._compiled = tf.function(self._evaluate)
        self._features = tf.function(network)

    def targets(self, picture: Tensor, source: str) -> dict[str, Tensors]:
        """The targets of all terms of one source ("frame" or "style")."""
        terms = {name: loss for name, loss in self.losses.items() if loss.source == source}
        if not terms:
            return {}
        features = self._features(ops.convert_to_tensor(picture))
        return {name: loss.target(features) for name, loss in terms.items()}

    def __call__(self, picture: Tensor, targets: Targets) -> tuple[Tensor, Tensor, Tensors]:
        """Total loss, gradient of the picture's shape, and every term unweighted."""
        return self._compiled(ops.convert_to_tensor(picture), targets)

    def _evaluate(self, picture: Tensor, targets: Targets) -> tuple[Tensor, Tensor, Tensors]:
        with tf.GradientTape() as tape:
            tape.watch(picture)
            features = self.network(picture)
            terms = {
                name: loss(picture, features, targets.get(name, {}))
                for name, loss in self.losses.items()
            }
            total = sum(loss.settings.weight * terms[name] for name, loss in self.losses.items())
        return total, tape.gradient(total, picture), terms
