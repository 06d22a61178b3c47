"""PNG files of frames that carry a note: how the frame was made."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np

from gramflow.base.arrays import Pixels

_PNG_COMPRESSION = 1  # painted frames are nearly incompressible: higher levels only cost time


def encode_png(pixels: Pixels, note: str = "") -> bytes:
    """Encode pixels of 8 or 16 bits, RGB, RGBA or grey (height, width), as a PNG file.

    note: ASCII text, embedded as a tEXt chunk with the keyword gramflow; none if empty.
    Raises ValueError when OpenCV cannot encode the picture.
    """
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    done, data = cv2.imencode(
        ".png",
        pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, order[pixels.shape[2]]),
        [cv2.IMWRITE_PNG_COMPRESSION, _PNG_COMPRESSION],
    )
    if not done:
        raise ValueError(f"OpenCV cannot write a picture of shape {pixels.shape}")
    png = data.tobytes()
    if not note:
        return png
    body = b"tEXt" + _KEYWORD + note.encode("ascii")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_HEADER] + chunk + png[_HEADER:]


_HEADER = 33  # bytes of signature and IHDR; the note follows, to be read without the pixels
_KEYWORD = b"gramflow\0"


def read_note(path: Path) -> str:
    """Read the note from a PNG file without decoding its pixels; empty if there is none."""
    with path.open("rb") as file:
        file.seek(_HEADER)
        start = file.read(8)
        length, kind = struct.unpack(">I4s", start) if len(start) == 8 else (0, b"")
        body = file.read(length) if kind == b"tEXt" else b""
    return body.removeprefix(_KEYWORD).decode("ascii") if body.startswith(_KEYWORD) else ""


def decode_png(data: bytes) -> Pixels:
    """Decode a file of encode_png to its pixels, lossless. Raises ValueError if damaged."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is None:
            raise ValueError("not a PNG file")
        return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError("a frame") from error  # such as for an empty file
        raise ValueError("not a PNG file of a frame") from error
