"""The settings of a look, for tests of the engine that need no config."""

from typing import Any


def settings_of(**given: Any) -> dict[str, Any]:
    """What a stylizer reads of them."""
    plain = {
        "start": "content",
        "opening": "content",
        "epoch": 5,
        "stop": 0.0,
        "first": 2.0,
        "coarse_weights": {},
        "bounds": False,
        "precision": "float32",
    }
    return plain | given
