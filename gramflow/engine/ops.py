"""`keras.ops`, imported lazily at the first use of one of its functions.

Plugin modules are imported wherever a config is checked, also in a dry run. TensorFlow's import,
which takes several seconds, should slow down only processes that compute.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    import keras

    return getattr(keras.ops, name)
