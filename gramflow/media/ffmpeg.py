"""Runs ffmpeg as a child process: finds it, connects pipes, collects messages, ends it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

import av
import imageio_ffmpeg

from gramflow.base.errors import GramflowError
from gramflow.base.files import disk_full
from gramflow.base.limits import MOST_PIXELS

_FORMATS = (
    *("mov", "matroska", "webm", "avi", "mxf", "mpegts", "mpeg", "mpegvideo", "m4v"),
    *("flv", "asf", "rm", "ogg", "nut", "gxf", "dv", "wtv", "ivf", "yuv4mpegpipe", "gif", "apng"),
    *("h264", "hevc", "vvc", "obu", "vc1", "mjpeg"),
    *("wav", "aiff", "mp3", "aac", "flac"),  # of which is told that they have no pictures
)
LOCAL: dict[str, str] = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(_FORMATS),
    "max_pixels": str(MOST_PIXELS),
}
"""Input options for a local film, which may come from anyone: ffmpeg opens no network connection,
and no other file. Only formats that hold the whole film are read: a playlist (HLS, DASH, ffconcat,
SDP), whatever it is named, and a pattern of pictures would make ffmpeg open the files they list."""

_KEPT_COMPLAINTS = 1000
_QUIET = ("-hide_banner", "-nostdin", "-nostats", "-v", "error")


@cache
def binary() -> str:
    """Path of the ffmpeg to run: the system's if new enough, else imageio-ffmpeg's.

    Raises GramflowError when neither is there and new enough.
    """
    system = shutil.which("ffmpeg")
    if system and _new_enough(system):
        return system
    with suppress(RuntimeError):
        # IMAGEIO_FFMPEG_EXE may name anything
        bundled = shutil.which(imageio_ffmpeg.get_ffmpeg_exe())
        if bundled and _new_enough(bundled):
            return bundled
    raise GramflowError(
        "ffmpeg: not found; install ffmpeg 5.1 or newer, or reinstall imageio-ffmpeg, "
        "which brings one"
    )


_OLDEST = (5, 1)
_VERSION = re.compile(r"ffmpeg version (?:n?([0-9]+)\.([0-9]+)|\S)")


def _new_enough(command: str) -> bool:
    """Whether `command` is an ffmpeg that runs, of version _OLDEST or newer.

    A snapshot of the source, whose name has no release number ("N-1234-gabc"), counts as new.
    """
    asked = [command, "-version"]
    try:
        run = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    version = _VERSION.match(run.stdout.decode(errors="replace"))
    if not version:
        return False
    major, minor = version.groups()
    return major is None or (int(major), int(minor)) >= _OLDEST


def local(path: Path) -> str:
    """Prefix a path with file:, so that ffmpeg and PyAV take any characters in it literally."""
    return f"file:{path}"


def open_film(path: Path) -> Any:
    """Open a local file as a PyAV container, to be closed by the caller.

    Raises av.FFmpegError when it is missing or not a film.
    """
    container = av.open(local(path), options=LOCAL, metadata_errors="replace")
    known = (stream for stream in container.streams.video if stream.codec_context)
    for stream in known:
        stream.codec_context.options = {"max_pixels": LOCAL["max_pixels"]}
    return container


class Child:
    """A running ffmpeg. `complaints` collects its lines on stderr as they arrive."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.complaints: list[str] = []
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def stdin(self) -> Any:
        """Pipe to ffmpeg's pipe:0; None unless it was asked for."""
        return self.process.stdin

    @property
    def stdout(self) -> Any:
        """Pipe from ffmpeg's pipe:1; None unless it was asked for."""
        return self.process.stdout

    def _listen(self) -> None:
        assert self.process.stderr
        for raw in self.process.stderr:
            line = _ADDRESS.sub("", raw.decode(errors="replace")).strip()
            if line and len(self.complaints) < _KEPT_COMPLAINTS:
                self.complaints.append(line)

    def finish(self) -> int:
        """Close ffmpeg's stdin, wait until it ends, and return its exit status."""
        with suppress(BrokenPipeError):
            if self.stdin:
                self.stdin.close()
        status = self.process.wait()
        self._listener.join()
        return status

    def kill(self) -> None:
        """Kill ffmpeg and wait until it has ended."""
        self.process.kill()
        self.finish()


_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")


@contextmanager
def running(graph: Any, fault: str, folder: Path | None = None, **pipes: bool) -> Iterator[Child]:
    """Run an ffmpeg-python output while the block runs.

    graph: the output node.
    fault: start of an error's message.
    folder: where ffmpeg writes, named when the disk is full.
    pipes: pipe_stdin and pipe_stdout, true where the block uses them.
    If the block raises, ffmpeg is killed. Raises GramflowError when ffmpeg fails.
    """
    process = graph.global_args(*_QUIET).run_async(cmd=binary(), pipe_stderr=True, **pipes)
    child = Child(process)
    broken: Exception | None = None
    try:
        yield child
    except (BrokenPipeError, av.FFmpegError) as error:
        broken = error  # the pipe broke because ffmpeg ended: its messages say why
    except BaseException:
        child.kill()
        raise
    finally:
        if child.stdout:
            child.stdout.close()
    if child.finish() or broken:
        raise failure(child.complaints, fault, folder) from broken


def failure(complaints: list[str], fault: str, folder: Path | None = None) -> GramflowError:
    """The error for an ffmpeg that failed, from its lines on stderr."""
    if folder and any("No space left on device" in line for line in complaints):
        return disk_full(folder)
    return GramflowError(f"{fault}: ffmpeg failed: {reason(complaints)}")


def reason(complaints: list[str]) -> str:
    """The last line on stderr that names a cause; generic messages are skipped."""
    telling = [line for line in complaints if not any(phrase in line for phrase in _EMPTY)]
    return (telling or complaints or ["it gave no reason"])[-1]


# Generic messages, which ffmpeg prints after the actual cause.
_EMPTY = (
    "Conversion failed",
    "Could not open encoder before EOF",
    "Could not write header",
    "Error applying encoder options",
    "Error initializing output stream",
    "Error opening input file",
    "Error opening output file",
    "Error selecting an encoder",
    "Error sending frames",
    "Error while opening encoder",
    "Error while processing the decoded data",
    "Nothing was written into output file",
    "Possible presets",
    "Possible tunes",
    "Task finished with error",
    "Terminating thread",
    "ff_frame_thread_encoder_init failed",
)
