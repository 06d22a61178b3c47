"""Writes painted frames as a folder of pictures."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gramflow.base.arrays import Pixels
from gramflow.base.files import appearing_folder, write_bytes, write_json
from gramflow.media.exr import write_exr
from gramflow.media.light import Light
from gramflow.store.png import encode_png

SOUND = "sound.mka"
"""Matroska file with sound, subtitles, chapters and time code, where the source has any."""

FACTS = "frames.json"
"""When each frame is shown, and by what it was painted."""


def write_frames(
    frames: Iterator[Pixels],
    codec: str,
    light_of: Callable[[Pixels], Light],
    facts: Mapping[str, Any],
    write_sound: Callable[[Path], None] | None,
    output: Path,
) -> None:
    """Write 000000.exr or .png and so on into a folder that appears when all are there.

    frames: RGB or RGBA of 16 bits. codec: exr or png. light_of: the light that is stored in an
    OpenEXR file. facts: JSON values for FACTS. write_sound: writes SOUND, given its path.
    """
    with appearing_folder(output) as folder:
        for number, frame in enumerate(frames):
            data = write_exr(light_of(frame)) if codec == "exr" else encode_png(frame)
            write_bytes(folder / f"{number:06d}.{codec}", data)
        if write_sound:
            write_sound(folder / SOUND)
        write_json(folder / FACTS, facts)


def check_encoder(codec: str) -> None:
    """Raise GramflowError where pictures of this kind cannot be written."""
    if codec == "exr":
        write_exr(np.zeros((2, 2, 3), np.float32))
