"""OpenEXR files, read and written by ffmpeg's libraries: light in RGB, with or without alpha."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from gramflow.base.errors import GramflowError
from gramflow.base.limits import MOST_PIXELS, read_whole

SUFFIX = ".exr"
_ORDER = (2, 0, 1, 3)  # planes are green, blue, red, alpha


def is_exr(path: Path) -> bool:
    """Whether a file is an OpenEXR file, by its name."""
    return path.suffix.lower() == SUFFIX


def read_exr(path: Path) -> NDArray[np.float32]:
    """Read a file's light: (height, width, 3), or 4 with an alpha channel, as stored.

    Grey becomes RGB. Raises GramflowError when it cannot be read.
    """
    try:
        decoder = av.CodecContext.create("exr", "r")
        decoder.options = {"max_pixels": str(MOST_PIXELS)}
        packet = av.Packet(read_whole(path))
        frames = [*decoder.decode(packet), *decoder.decode(None)]
    except OSError as error:
        raise GramflowError(f"{path}: cannot be read ({error.strerror}); copy it again") from error
    except av.FFmpegError as error:
        raise _unreadable(path) from error
    if not frames or not any(kind in frames[0].format.name for kind in ("f16", "f32")):
        raise _unreadable(path)
    frame = frames[0]
    dtype = np.dtype("<f2" if "f16" in frame.format.name else "<f4")
    planes = [
        np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width]
        for plane in frame.planes
    ]
    if len(planes) < 3:
        planes = [planes[0]] * 3 + planes[1:]
    ordered = [planes[number] for number in _ORDER[: len(planes)]]
    return np.stack(ordered, -1).astype(np.float32)


def write_exr(light: NDArray[np.float32]) -> bytes:
    """An OpenEXR file of half floats, compressed without loss, of the shape that `read_exr` gives.

    Raises GramflowError where the libraries have no encoder for it.
    """
    try:
        encoder = av.CodecContext.create("exr", "w")
    except (ValueError, av.FFmpegError) as error:
        raise GramflowError(
            "encode.codec: exr is not among the encoders of this PyAV; reinstall av, or give png"
        ) from error
    limit = float(np.finfo(np.float16).max)
    # to the nearest half float, since ffmpeg cuts digits off
    rounded = np.clip(light, -limit, limit).astype(np.float16).astype(np.float32)
    layout = "gbrpf32le" if light.shape[2] == 3 else "gbrapf32le"
    frame = av.VideoFrame.from_ndarray(rounded, format=layout)
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, layout
    encoder.time_base, encoder.options = Fraction(1, 25), {"format": "half", "compression": "zip16"}
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def straight(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide colours by their alpha, by which OpenEXR multiplies them; not where alpha is 0."""
    alpha = light[..., 3:]
    return np.concatenate([light[..., :3] / np.where(alpha > 0, alpha, 1), alpha], -1)


def associated(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply colours by their alpha: the inverse of `straight`."""
    alpha = light[..., 3:]
    return np.concatenate([light[..., :3] * np.where(alpha > 0, alpha, 1), alpha], -1)


def _unreadable(path: Path) -> GramflowError:
    return GramflowError(
        f"{path}: no OpenEXR picture that ffmpeg can read; save it as half or float RGB, "
        "scanlines, compressed by ZIP, PIZ or not"
    )
