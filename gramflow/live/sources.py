"""Where live video comes from: a camera, a stream, a film, or a picture sequence."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from errno import EIO
from fractions import Fraction
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import urlsplit

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import SMALLEST
from gramflow.base.errors import GramflowError
from gramflow.media.capture import network_options
from gramflow.media.ffmpeg import open_film
from gramflow.media.pictures import from_pixels, is_picture, read_pixels, to_bytes
from gramflow.settings.videos import is_glob, is_live, video_files

Pixels = NDArray[np.uint8]
"""(height, width, 3), RGB."""

STALLED = 5.0
"""Seconds without data, or an answer, after which a stream is opened again."""

_AT_ONCE = {"fflags": "nobuffer", "analyzeduration": "500000", "fpsprobesize": "0"}
"""Options of ffmpeg against a late start: it would look at the first five seconds."""
_USUAL = 640  # pixels: the width of what a camera gives unasked
_RATE = Fraction(25)  # frames per second where nothing tells


@dataclass(frozen=True)
class Frame:
    """A decoded frame.

    time: when it is shown, in seconds from the source's first frame.
    scaled: returns its upright pixels, at most as wide as asked for.
    decoded: when it was decoded, or due if that was later, by time.monotonic().
    """

    time: float
    scaled: Callable[[int], Pixels]
    decoded: float = field(default_factory=monotonic)


class Source(ABC):
    """Frames from somewhere.

    name: how messages name it.
    live: whether it has no end, so that an end is a fault, after which it is opened again.
    paced: whether its frames can be read before they are due.
    """

    live: ClassVar[bool] = False
    paced: bool = True

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def frames(self) -> Generator[Frame, None, None]:
        """Open the source and decode its frames.

        Raises GramflowError when it cannot be read.
        """


def source_of(text: str, fps: float, loop: bool, width: int) -> Source:
    """The source that a text names.

    text: a camera's number or device, the address of a stream, the path of a film or a picture, or
        the glob pattern of a picture sequence.
    fps: pictures per second of a sequence. loop: begin films and sequences again at their end.
    width: in pixels, that a camera is asked for; it gives what is nearest.
    Raises GramflowError for a text that names nothing.
    """
    if text.isdecimal() or text.startswith("/dev/video"):
        return Camera(text, width)
    if is_live(text):
        return Stream(text)
    if is_glob(text):
        files = [Path(path) for path in video_files({"path": text})]
        if not files:
            raise GramflowError(f"{text}: no such pictures; correct the pattern")
        return Pictures(text, files, Fraction(str(fps)), loop)
    if not Path(text).is_file():
        raise GramflowError(
            f"{text}: no such file; give the path of a film, a pattern of pictures in quotes, "
            "the address of a stream, or the number of a camera"
        )
    if is_picture(Path(text)):
        return Pictures(text, [Path(text)], Fraction(str(fps)), loop)
    return Film(Path(text), loop)


class Camera(Source):
    """A camera of this machine, read by OpenCV."""

    live = True
    paced = False

    def __init__(self, device: str, width: int) -> None:
        super().__init__(f"camera {device}")
        self.device = device
        self.width = width

    def frames(self) -> Generator[Frame, None, None]:
        """Frames as they come; their times are those of their arrival."""
        # else a camera that is not there is several lines
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        camera = cv2.VideoCapture(int(self.device) if self.device.isdecimal() else self.device)
        try:
            if not camera.isOpened():
                raise GramflowError(
                    f"{self.name}: not there, in use, or may not be read; plug it in, "
                    "close other programs, or give another SOURCE"
                )
            self._ask(camera)
            start = monotonic()
            while True:
                there, pixels = camera.read()
                if not there:
                    raise GramflowError(f"{self.name}: sends no more frames")
                yield Frame(monotonic() - start, partial(_scaled_camera, pixels))
        finally:
            camera.release()

    def _ask(self, camera: Any) -> None:
        """Ask for no queue, and for the size if it exceeds what cameras give by themselves."""
        camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if self.width > _USUAL:
            # uncompressed, large frames are too much for USB 2
            camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            camera.set(cv2.CAP_PROP_FRAME_WIDTH, self.width)
            camera.set(cv2.CAP_PROP_FRAME_HEIGHT, self.width * 9 // 16)


class Stream(Source):
    """A stream of the network, read by PyAV."""

    live = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        # people see the name, which is to hold no password
        super().__init__(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
        self.url = url

    def frames(self) -> Generator[Frame, None, None]:
        """Frames as they come; a stream that stalls for STALLED seconds ends with an error."""
        options = {key: str(value) for key, value in network_options(self.url).items()}
        try:
            with av.open(
                self.url,
                options=options | _AT_ONCE,
                timeout=STALLED,
                metadata_errors="replace",
            ) as container:
                # what is fetched as files can be ahead of its time; mpjpeg has no times
                self.paced = self.name.startswith("http") and container.format.name != "mpjpeg"
                yield from _decoded(container, self.name, live=True)
        except (av.FFmpegError, OSError) as error:
            raise GramflowError(f"{self.name}: {_reason(error)}") from error


class Film(Source):
    """A film file, read by PyAV."""

    def __init__(self, path: Path, loop: bool) -> None:
        super().__init__(str(path))
        self.path = path
        self.loop = loop

    def frames(self) -> Generator[Frame, None, None]:
        """The film's frames at its own times, again and again with `loop`."""
        begin = 0.0
        while True:
            last = step = 0.0
            for frame in self._once():
                step = frame.time - last or step
                last = frame.time
                yield Frame(begin + last, frame.scaled)
            if not self.loop:
                return
            begin += last + (step or float(1 / _RATE))

    def _once(self) -> Iterator[Frame]:
        try:
            with open_film(self.path) as container:
                yield from _decoded(container, self.name)
        except (av.FFmpegError, ValueError) as error:
            raise GramflowError(
                f"{self.name}: not a film that can be read ({_reason(error)}); save it as mp4"
            ) from error


class Pictures(Source):
    """A sequence of picture files."""

    def __init__(self, pattern: str, files: Sequence[Path], fps: Fraction, loop: bool) -> None:
        super().__init__(pattern)
        self.files = files
        self.fps = fps
        self.loop = loop

    def frames(self) -> Generator[Frame, None, None]:
        """The pictures at an even rate, again and again with `loop`."""
        number = 0
        while number < len(self.files) or self.loop:
            pixels = read_pixels(self.files[number % len(self.files)])
            if pixels.dtype != np.uint8:
                pixels = to_bytes(from_pixels(pixels))
            yield Frame(float(number / self.fps), partial(_scaled_pixels, pixels))
            number += 1


def _decoded(container: Any, name: str, live: bool = False) -> Iterator[Frame]:
    """Decode a container's main video stream. The first frame's time is 0.

    live: decode without threads that would hold frames back; times before the first are kept, as
        the sender may have started again.
    Raises GramflowError if there is no frame.
    """
    stream = container.streams.best("video")
    if stream is None:
        raise GramflowError(f"{name}: has no pictures; give a film or a stream with a video")
    stream.thread_type = "SLICE" if live else "AUTO"
    step = float(1 / (stream.average_rate or _RATE))
    aspect = stream.sample_aspect_ratio or Fraction(1)
    first: float | None = None
    shown: float | None = None
    for frame in container.decode(stream):
        if first is None:
            first = frame.time
        if frame.time is None or first is None:
            shown = 0.0 if shown is None else shown + step
        else:
            shown = frame.time - first if live else max(0.0, frame.time - first)
        yield Frame(shown, partial(_scaled_video, frame, aspect))
    if shown is None:
        raise GramflowError(f"{name}: has no frame that can be decoded; save it as mp4")


def _reason(error: Exception) -> str:
    """What a library says, in a few words."""
    if isinstance(error, av.error.ExitError):
        return f"nothing received for {STALLED:g} s"
    if isinstance(error, OSError) and error.errno == EIO:
        return "has ended"
    return str(getattr(error, "strerror", None) or error)


def _size(width: int, full_width: float, full_height: float) -> tuple[int, int]:
    """Width, at most as asked for, and height of a picture of the same shape.

    Both are even, as films need them, and at least SMALLEST.
    """
    chosen = max(SMALLEST, min(width, full_width))
    height = max(SMALLEST, chosen * full_height / full_width)
    return 2 * round(chosen / 2), 2 * round(height / 2)


def _scaled_video(frame: Any, aspect: Fraction, width: int) -> Pixels:
    """A frame of PyAV as upright RGB pixels. aspect: width to height of one stored pixel."""
    full = float(frame.width * aspect), float(frame.height)
    turned = frame.rotation % 180 != 0
    size = _size(width, *(full[::-1] if turned else full))
    stored = size[::-1] if turned else size
    pixels = frame.reformat(*stored, format="rgb24", interpolation="AREA").to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, frame.rotation // 90 % 4))


def _scaled_camera(pixels: Pixels, width: int) -> Pixels:
    """A frame of OpenCV, BGR, as RGB pixels."""
    return cv2.cvtColor(_scaled_pixels(pixels, width), cv2.COLOR_BGR2RGB)


def _scaled_pixels(pixels: Pixels, width: int) -> Pixels:
    """Resize pixels by area averaging."""
    size = _size(width, pixels.shape[1], pixels.shape[0])
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
