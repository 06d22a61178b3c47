"""`keras.ops`, imported at the first use of one of its functions.

Plugins are read wherever a config is checked, also in a dry run; TensorFlow's import of several
seconds is paid only by a process that computes.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    import keras

    return getattr(keras.ops, name)
