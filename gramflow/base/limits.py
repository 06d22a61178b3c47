"""How much of a file is read. A small file can stand for far more memory than a machine has."""

import os
from pathlib import Path

from gramflow.base.errors import GramflowError

MOST_PIXELS = 1 << 27
"""Pixels of a given picture, or of a given film's frame, that are decoded: 134 million, as many as
a frame of 16K film (15360 x 8640) has. A larger one is refused by its header, before memory is
taken for it. As floats these are 1.5 GiB."""

MOST_BYTES = 1 << 31
"""Bytes of a file that is read as a whole: a picture, or a network. 2 GiB, which is also the most
that an ONNX file can hold; of an .h5 file, the bytes of all its arrays together."""

NO_OTHER_FILES = "session.model_external_initializers_file_folder_path", os.devnull
"""Setting of ONNX Runtime's sessions: where the weights are that are not in a network's own file.
No file can lie below this one. Else, of a network that is loaded from bytes, they are looked for
from the current folder on, and a crafted one reads any file into its weights."""


def read_whole(path: Path) -> bytes:
    """The bytes of a file. Raises OSError, and GramflowError for more than MOST_BYTES."""
    if (size := path.stat().st_size) > MOST_BYTES:
        raise GramflowError(
            f"{path}: has {size} bytes, more than {MOST_BYTES}; give a smaller file"
        )
    return path.read_bytes()
