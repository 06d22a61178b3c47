"""Which network paints, and with which weights: a part of every frame's key."""

from dataclasses import dataclass

from gramflow import bundled
from gramflow.base.files import Document


@dataclass(frozen=True)
class Weights(Document):
    """The network and the weights that the config's `network` and `weights` turned out to be.

    network: the plugin's name. source: imagenet, file, bundled or random.
    path: the .h5 file; None for bundled and random.
    identity: the SHA-256 of that file or of the package's, or "random"; with `network` a part of
    every frame's key.
    warning: what the user should know; empty if nothing.
    """

    network: str
    source: str
    path: str | None
    identity: str
    warning: str = ""


def random_weights(network: str) -> Weights:
    """Seeded ones for a network."""
    return Weights(network, "random", None, "random")


def bundled_weights() -> Weights:
    """Those that come with the package."""
    return Weights(bundled.NETWORK, "bundled", None, bundled.identity())
