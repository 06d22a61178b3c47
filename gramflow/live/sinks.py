"""Where painted frames go: a film file, a window, or a virtual camera."""

import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from errno import ENOSPC
from fractions import Fraction
from itertools import chain, count
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, ClassVar

import av
import cv2
import numpy as np

from gramflow.base.errors import GramflowError
from gramflow.base.files import disk_full
from gramflow.live.reader import offer
from gramflow.live.reasons import one_line
from gramflow.live.sources import Pixels
from gramflow.media.ffmpeg import Child, binary, local, reason


@dataclass(frozen=True)
class Painted:
    """A painted frame.

    source, pixels: before and after painting, of one size.
    time: when it is shown, in seconds from the source's first frame.
    """

    source: Pixels
    pixels: Pixels
    time: float


class Closed(GramflowError):
    """Someone has closed a sink, such as a window."""


class Sink(ABC):
    """Takes painted frames."""

    @abstractmethod
    def show(self, painted: Painted) -> None:
        """Take a frame. Raises GramflowError when it cannot, and never will again."""

    @abstractmethod
    def close(self) -> None:
        """Finish. Raises GramflowError when what was taken is lost."""


def fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    """Scale pixels into a size, with black bars where the shape is another one."""
    if pixels.shape[:2] == (height, width):
        return pixels
    factor = min(width / pixels.shape[1], height / pixels.shape[0])
    inner = (
        min(width, round(pixels.shape[1] * factor)),
        min(height, round(pixels.shape[0] * factor)),
    )
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    whole = np.zeros((height, width, 3), np.uint8)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(pixels, inner, interpolation=method)
    whole[top : top + inner[1], left : left + inner[0]] = scaled
    return whole


class Recording(Sink):
    """A film file with the frames at their own times (variable frame rate), by libx264.

    It is written in short parts that can each be played, so that a killed process loses no more
    than the last half second. Frames of another size than the first are fitted into it.
    """

    KINDS: ClassVar[dict[str, tuple[str, dict[str, str]]]] = {
        ".mp4": (
            "mp4",
            {
                "movflags": "frag_keyframe+empty_moov+default_base_moof",
                "frag_duration": "500000",  # microseconds
            },
        ),
        ".mkv": ("matroska", {"cluster_time_limit": "500"}),  # milliseconds
    }
    """Format and options of the container by the file's suffix."""

    def __init__(self, path: Path) -> None:
        """Prepare a recording; the file appears with the first frame.

        path: must not be there yet, and has a suffix of KINDS.
        """
        self.path = path
        self._container: Any = None
        self._stream: Any = None
        self._last = -1
        self._begun = 0.0

    def show(self, painted: Painted) -> None:
        """Encode and write a frame."""
        with self._writing():
            if self._container is None:
                self._begun = painted.time
                self._open(painted.pixels.shape[1], painted.pixels.shape[0])
            frame = av.VideoFrame.from_ndarray(
                fitted(painted.pixels, self._stream.width, self._stream.height), format="rgb24"
            )
            self._last = max(self._last + 1, round((painted.time - self._begun) / _UNIT))
            frame.pts, frame.time_base = self._last, _UNIT
            self._mux(frame.reformat(format="yuv420p", dst_colorspace="ITU601"))

    def close(self) -> None:
        """Write what is left, and the index."""
        if self._container is None:
            return
        with self._writing():
            try:
                self._mux(None)
            finally:
                self._container.close()

    def _open(self, width: int, height: int) -> None:
        self.path.touch(exist_ok=False)  # ffmpeg would replace a file
        kind, options = self.KINDS[self.path.suffix.lower()]
        self._container = av.open(
            local(self.path), "w", format=kind, options=options | {"flush_packets": "1"}
        )
        stream = self._container.add_stream("libx264", rate=30, options=_X264)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = _UNIT
        stream.codec_context.colorspace = _BT601
        self._stream = stream

    def _mux(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Raise GramflowError for what the system or ffmpeg refuses."""
        try:
            yield
        except (OSError, av.FFmpegError) as error:
            if error.errno == ENOSPC:
                raise disk_full(self.path.parent) from error
            why = error.strerror or one_line(error)
            raise GramflowError(f"{self.path}: cannot be written ({why})") from error


_UNIT = Fraction(1, 90000)  # seconds per unit of a recording's times
_BT601 = 6  # as H.264 numbers colour matrices: the one that ffmpeg converts RGB by
_X264 = {"preset": "veryfast", "tune": "zerolatency", "crf": "20", "g": "30"}


class Takes(Sink):
    """Recordings that are started and stopped while it runs.

    wanted: whether to record; any thread may set it.
    folder: where the files are; named by the time of their beginning, with a number if one of that
        name is there.
    film: name of the file that is being recorded; None without.
    trouble: why the last recording failed; empty if it did not.
    """

    NAME: ClassVar[str] = "live-%Y%m%d-%H%M%S"
    SUFFIX: ClassVar[str] = ".mp4"

    def __init__(self, folder: Path, warn: Callable[[GramflowError], None]) -> None:
        """warn: told why a recording failed."""
        self.wanted = False
        self.folder = folder
        self.film: str | None = None
        self.trouble = ""
        self._recording: Recording | None = None
        self._warn = warn

    def show(self, painted: Painted) -> None:
        """Record the frame if that is wanted. A recording that fails ends, and nothing else."""
        try:
            if not self.wanted:
                self.close()
                return
            if self._recording is None:
                self.film, self.trouble = self._new_name(), ""
                self._recording = Recording(self.folder / self.film)
            self._recording.show(painted)
        except GramflowError as error:
            self.wanted, self.trouble = False, str(error)
            with suppress(GramflowError):  # which would tell the same again
                self.close()
            self._warn(error)

    def close(self) -> None:
        """Finish a recording if there is one."""
        recording, self._recording, self.film = self._recording, None, None
        if recording:
            recording.close()

    def _new_name(self) -> str:
        """The name of a file that is not there yet."""
        begun = datetime.now().strftime(self.NAME)
        later = (f"{begun}-{number}{self.SUFFIX}" for number in count(2))
        names = chain([f"{begun}{self.SUFFIX}"], later)
        return next(name for name in names if not (self.folder / name).exists())


class Piped(Sink):
    """A program that takes raw frames on its standard input.

    Frames are written by a thread of its own, which keeps only the newest: a program that does not
    read holds up nothing.
    """

    def __init__(self, title: str) -> None:
        """title: start of an error's message."""
        self._title = title
        self._queue: Queue[Pixels | None] = Queue(1)
        self._size: tuple[int, int] | None = None
        self._fault: GramflowError | None = None
        self._child: Child | None = None
        self._thread: Thread | None = None

    @abstractmethod
    def command(self, width: int, height: int) -> list[str]:
        """The program's command line for frames of a size."""

    def show(self, painted: Painted) -> None:
        """Hand a frame over; the first one starts the program."""
        if self._fault:
            raise self._fault
        if self._size is None:
            height, width = painted.pixels.shape[:2]
            self._size = width, height
            process = subprocess.Popen(
                self.command(width, height),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for this process, which ends the other
            )
            self._child = Child(process)
            self._thread = Thread(target=self._write, args=(self._child,), daemon=True)
            self._thread.start()
        offer(self._queue, fitted(painted.pixels, *self._size))

    def close(self) -> None:
        """End the program."""
        if self._child and self._thread:
            offer(self._queue, None)
            self._thread.join(_LEAVE)
            self._child.kill()

    def _write(self, child: Child) -> None:
        try:
            while (pixels := self._queue.get()) is not None:
                child.stdin.write(pixels.tobytes())
                child.stdin.flush()
        except OSError:  # the program has ended
            if child.finish() == 0:
                self._fault = Closed(f"{self._title}: closed")
            else:
                self._fault = GramflowError(f"{self._title}: {reason(child.complaints)}")


_LEAVE = 1.0  # seconds for a program to take the last frame
_RAW = ("-f", "rawvideo", "-pixel_format", "rgb24")


class Window(Piped):
    """A window of ffplay."""

    def __init__(self, title: str) -> None:
        """title: what the window's frame says. Raises GramflowError without ffplay."""
        super().__init__("--window")
        self._name = title
        found = shutil.which("ffplay")
        if found is None:
            raise GramflowError(
                "--window: needs ffplay, which is not installed; install ffmpeg, or watch the page"
            )
        self._ffplay = found

    def command(self, width: int, height: int) -> list[str]:
        """Play frames as they come: at a rate that none exceeds, nothing waits.

        The window closes with the pipe, also when this process is killed.
        """
        quiet = ("-hide_banner", "-v", "error", "-window_title", self._name)
        now = ("-fflags", "nobuffer", "-flags", "low_delay", "-framedrop", "-probesize", "32")
        form = (*_RAW, "-video_size", f"{width}x{height}", "-framerate", "240")
        return [self._ffplay, *quiet, *now, *form, "-autoexit", "-i", "pipe:0"]


class Device(Piped):
    """A virtual camera of Linux (v4l2loopback), written by ffmpeg."""

    def __init__(self, path: Path) -> None:
        """path: the device. Raises GramflowError if it is not there, or no device."""
        super().__init__(f"--device {path}")
        self._path = path
        if not path.is_char_device():
            raise GramflowError(
                f"--device {path}: no such device; make a virtual camera by sudo modprobe "
                "v4l2loopback exclusive_caps=1, and give its /dev/video"
            )

    def command(self, width: int, height: int) -> list[str]:
        """Write frames as yuv420p, which programs for calls take."""
        # the rate is a label: each frame is written as it comes
        form = (*_RAW, "-video_size", f"{width}x{height}", "-framerate", "30", "-i", "pipe:0")
        output = ("-pix_fmt", "yuv420p", "-f", "v4l2", str(self._path))
        return [binary(), "-hide_banner", "-nostats", "-v", "error", *form, *output]
