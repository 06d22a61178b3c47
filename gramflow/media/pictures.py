"""Reads picture files as arrays; converts arrays between depths and sizes."""

import warnings
from base64 import b64encode
from io import BytesIO
from math import inf
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from gramflow.base.arrays import Picture, Pixels, resized
from gramflow.base.errors import GramflowError, concerning
from gramflow.base.limits import MOST_PIXELS, read_whole
from gramflow.settings.config import Config


def is_picture(path: Path) -> bool:
    """Whether a file is read as a picture, by its first bytes. A GIF is a film."""
    return cv2.haveImageReader(str(path)) and path.suffix.lower() != ".gif"


def read_picture(path: Path) -> Picture:
    """Read a picture file of any kind that OpenCV reads, upright, as RGB floats in 0..1.

    Grey becomes RGB; alpha is composited on white. Raises GramflowError when the file is missing or
    no picture; the message starts with the path.
    """
    return from_pixels(read_pixels(path))


def read_pixels(path: Path, alpha: bool = False) -> Pixels:
    """Read a picture file like read_picture, in its own depth: 8 or 16 bits per channel.

    alpha: keep an alpha channel as the fourth, instead of compositing.
    """
    data = read_whole(path) if path.is_file() else b""
    if not data:
        raise GramflowError(f"{path}: no such file, or it is empty; give the path of a picture")
    # unchanged, a JPEG file, which has no alpha, would not be turned upright
    unchanged = data.startswith(b"\x89PNG") or (alpha and not data.startswith(b"\xff\xd8"))
    flags = cv2.IMREAD_UNCHANGED if unchanged else _COLOUR
    if _stated_pixels(data) > MOST_PIXELS:
        raise GramflowError(f"{path}: has more than {MOST_PIXELS} pixels; give a smaller picture")
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:  # such as for more pixels than OpenCV reads
        raise GramflowError(f"{path}: {_BROKEN}") from error
    if pixels is None and cv2.haveImageReader(str(path)):
        raise GramflowError(f"{path}: {_BROKEN}")
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise GramflowError(f"{path}: {_NO_PICTURE}")
    if unchanged:
        pixels = _upright(pixels, data)
    if alpha and pixels.ndim == 3 and pixels.shape[2] == 4:
        return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)
    return _to_rgb(pixels)


def check_styles(config: Config) -> None:
    """Check by their first bytes that the styles' files are pictures, before anything is painted.

    Raises GramflowError, naming the config entry, for one that is not, such as a film.
    """
    for style in config.styles.values():
        for number, image in enumerate(style.images):
            with concerning(f"styles.{style.name}.images[{number}]"):
                if Path(image).stat().st_size and not cv2.haveImageReader(image):
                    raise GramflowError(f"{image}: {_NO_PICTURE}")


def _stated_pixels(data: bytes) -> float:
    """Pixels of a picture by its header; 0 where Pillow does not know, which is left to OpenCV."""
    try:
        # Pillow warns of many pixels, which may still be few enough
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(BytesIO(data), formats=_HEADERS) as header,
        ):
            return header.width * header.height
    except Image.DecompressionBombError:
        return inf
    except Exception:  # its readers raise errors of many kinds for a damaged file
        return 0


_HEADERS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
_NO_PICTURE = "not a picture; give a PNG, JPEG, TIFF or WebP file"
_BROKEN = (
    "not a picture that can be read; it may be cut off, damaged, or too large: copy it again, or "
    "give it as a PNG or JPEG file"
)
_COLOUR = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH


def _to_rgb(pixels: Pixels) -> Pixels:
    """Convert OpenCV's grey, BGR or BGRA to RGB of the same depth; alpha goes on white."""
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    if pixels.shape[2] == 3:
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    white = float(np.iinfo(pixels.dtype).max)
    alpha = pixels[..., 3:] / white
    over = pixels[..., 2::-1] * alpha + white * (1 - alpha)
    return np.rint(over).astype(pixels.dtype)


def deepened(pixels: Pixels) -> NDArray[np.uint16]:
    """Pixels in 16 bits per channel; those of 8 bits become the same shares of the full value."""
    if pixels.dtype == np.uint16:
        return pixels.view(np.uint16)
    return pixels.astype(np.uint16) * np.uint16(257)


def _upright(pixels: Pixels, data: bytes) -> Pixels:
    """Turn pixels as the EXIF orientation of a PNG or WebP file says.

    OpenCV does it for JPEG and TIFF files, and for the others only where it changes the depth, too.
    """
    if b"eXIf" not in data and b"EXIF" not in data:
        return pixels
    try:
        orientation = Image.open(BytesIO(data)).getexif().get(ExifTags.Base.Orientation, 1)
    except (OSError, SyntaxError, ValueError):  # the pixels are right, what stands beside them not
        return pixels
    turns, is_mirrored = _TURNS.get(orientation, (0, False))
    upright = np.rot90(pixels, turns)
    return np.fliplr(upright) if is_mirrored else upright


_TURNS = {
    **{2: (0, True), 3: (2, False), 4: (2, True), 5: (-1, True)},
    **{6: (-1, False), 7: (1, True), 8: (1, False)},
}
"""What makes a picture upright, by its EXIF orientation: quarter turns, then mirrored or not."""


def from_pixels(pixels: Pixels) -> Picture:
    """Convert stored pixels (8 or 16 bits) to floats in 0..1."""
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def to_pixels(picture: Picture) -> NDArray[np.uint16]:
    """Convert floats, clipped to 0..1, to 16-bit pixels, rounded to the nearest."""
    return np.rint(np.clip(picture, 0, 1) * np.float32(65535)).astype(np.uint16)


def to_bytes(picture: Picture) -> NDArray[np.uint8]:
    """Convert floats, clipped to 0..1, to 8-bit pixels, rounded to the nearest."""
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def to_jpeg(picture: Picture, quality: int = 88) -> bytes:
    """Encode a picture as a JPEG file. quality: 0..100."""
    return jpeg_of(to_bytes(picture), quality)


def jpeg_of(pixels: NDArray[np.uint8], quality: int = 88) -> bytes:
    """Encode 8-bit pixels, (height, width, 3) RGB, like to_jpeg."""
    reordered = np.ascontiguousarray(pixels[..., ::-1])
    done, data = cv2.imencode(".jpg", reordered, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"OpenCV cannot write a picture of shape {pixels.shape}")
    return data.tobytes()


def data_url(jpeg: bytes) -> str:
    """A JPEG file as the address of a picture within a web page."""
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


def resize(picture: Picture, width: int, height: int) -> Picture:
    """Resize a picture: area averaging to shrink, Lanczos to enlarge, clipped to 0..1."""
    changed = resized(picture, width, height)
    return picture if changed is picture else np.clip(changed, 0, 1)
