"""Identifies the network and its weights, which enter every painted frame's key."""

from dataclasses import dataclass

from gramflow import bundled
from gramflow.base.files import Document


@dataclass(frozen=True)
class Weights(Document):
    """The network and weights that the config's `network` and `weights` are resolved to.

    network: name of the network plugin.
    source: imagenet, file, bundled or random.
    path: the .h5 file; None for bundled and random weights.
    identity: SHA-256 of the weights file, or "random". Enters every frame's key, like `network`.
    warning: message for the user; "" if there is none.
    """

    network: str
    source: str
    path: str | None
    identity: str
    warning: str = ""


def random_weights(network: str) -> Weights:
    """Random weights of a network, from a fixed seed."""
    return Weights(network, "random", None, "random")


def bundled_weights() -> Weights:
    """The weights that are bundled with the package."""
    return Weights(bundled.NETWORK, "bundled", None, bundled.identity())
