"""Named arrays in one .npz file: targets of styles, and what a stylizer has learnt.

The archive's comment is the file's name, so that another one in its place is noticed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from gramflow.base.errors import GramflowError
from gramflow.base.files import appearing
from gramflow.store.checks import DAMAGED


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the file, whole or not at all. Raises GramflowError when the disk is full."""
    with appearing(path) as temporary:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        with ZipFile(temporary, "a") as archive:
            archive.comment = path.name.encode()


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what `save_arrays` wrote. Raises GramflowError when the file is damaged."""
    try:
        with np.load(path) as arrays:
            return dict(arrays)
    except DAMAGED as error:
        raise GramflowError(f"{path}: damaged; delete it and run again") from error
