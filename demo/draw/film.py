"""The demo's film: a woman walks through a village street; then a boat sails by."""

from pathlib import Path
from tempfile import TemporaryDirectory

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from demo.draw.canvas import pixels, shrink
from demo.draw.sea import sea
from demo.draw.sound import sing
from demo.draw.street import street
from gramflow.media.ffmpeg import binary

WIDTH, HEIGHT, FPS = 320, 180, 12
STREET, SEA = 15, 9
"""Frames of the two shots."""
SCALE = 4  # supersampling: frames are drawn this many times larger, then averaged


def frames() -> list[NDArray[np.uint8]]:
    """All frames, (HEIGHT, WIDTH, 3) bytes, RGB."""
    place, water = street(), sea()
    walk = [place.seen(7 * n + 10, 230 + 15 * n, 0.13 * n) for n in range(STREET)]
    sail = [water.seen(n / FPS, 1 + 0.012 * n) for n in range(SEA)]
    return [pixels(shrink(picture, SCALE)) for picture in walk + sail]


def write(path: Path) -> None:
    """Write the film with its sound as H.264 and AAC."""
    pictures = frames()
    with TemporaryDirectory() as folder:
        tune = Path(folder) / "tune.wav"
        sing(tune, len(pictures) / FPS)
        size = f"{WIDTH}x{HEIGHT}"
        source = ffmpeg.input("pipe:", format="rawvideo", pix_fmt="rgb24", s=size, r=FPS)
        film = ffmpeg.output(
            source,
            ffmpeg.input(str(tune)),
            str(path),
            vcodec="libx264",
            crf=16,
            preset="veryslow",
            pix_fmt="yuv420p",
            acodec="aac",
            audio_bitrate="96k",
        )
        data = b"".join(picture.tobytes() for picture in pictures)
        film.run(cmd=binary(), input=data, overwrite_output=True, quiet=True)
