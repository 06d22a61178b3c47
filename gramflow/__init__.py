"""Style transfer for pictures and films: the package behind the Snakemake workflow."""

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gramflow.base.errors import GramflowError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Keras reads it once, when first imported, and whoever imports Keras here has passed this line.
# Without it ~/.keras/keras.json would choose, which was not written for this program.
os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
# OpenCV reads it once, when first imported. Its own limit lets a picture of 8 GB pass; this one is
# the largest size that a look may have. A smaller one holds for what is given (base/limits.py).
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(16384 * 16384))

__all__ = ["ENGINE_VERSION", "GramflowError", "__version__", "paint", "snakefile"]

__version__ = version("gramflow")

ENGINE_VERSION = 10
"""Raised whenever the same settings would paint other pixels; part of every frame's key."""


def paint(
    content: "str | Path | NDArray[Any]",
    style: "str | Path | NDArray[Any] | Sequence[str | Path | NDArray[Any]]",
    *,
    look: str = "standard",
    width: int | None = None,
    settings: Mapping[str, Any] | None = None,
    network: str = "vgg19",
    weights: str = "bundled",
) -> "NDArray[np.uint8]":
    """Paint a picture in the style of one or several pictures, as the workflow would.

    content, style: paths of picture files, or arrays (height, width, 3), RGB, of uint8, uint16, or
        floats in 0..1.
    look: a preset (draft, standard, high, seed). width: of the result in pixels; the preset's if
        None. settings: changes of the look, nested as in config.yaml, such as
        {"losses": {"content": {"weight": 6}}}.
    network, weights: as in config.yaml.

    Returns the painting: (height, width, 3), RGB, uint8. Raises GramflowError, in one sentence that
    names the entry and the remedy.
    """
    from gramflow.painting.quick import paint_arrays

    return paint_arrays(content, style, look, width, settings or {}, network, weights)


def snakefile() -> Path:
    """Path of the workflow's Snakefile, for a project's own Snakefile to include."""
    from gramflow.base.files import workflow_folder

    return workflow_folder() / "workflow/Snakefile"
