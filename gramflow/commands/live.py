"""Paint live video by a small trained network: a camera, a stream, a film, a picture sequence.

SOURCE is a camera's number or device (0, /dev/video0), a film, the pattern of a picture sequence
in quotes ('frames/*.png'), or the address of a stream (rtsp://, http://, udp://, ...). Without
another output a page shows the painted video in a browser of this machine. What cannot be painted
in time is left out, so that nothing lags.
"""

import argparse
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

from gramflow.base.errors import GramflowError
from gramflow.base.machine import cores
from gramflow.base.progress import ERROR, Every
from gramflow.bundled import networks as shipped
from gramflow.commands import options
from gramflow.live.loop import Controls, Loop, SourceLost
from gramflow.live.networks import painters
from gramflow.live.reader import Reader
from gramflow.live.sinks import Device, Recording, Sink, Takes, Window
from gramflow.live.sources import source_of

_WRONG = 1  # exit status when the source was lost, or an output failed


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    parser.add_argument("source", nargs="?", default="0", help="default: %(default)s, a camera")
    parser.add_argument(
        "--network",
        action="append",
        default=[],
        metavar="NAME",
        help="what paints, and in which style: a small feed-forward network, trained for one style "
        f"beforehand. The name of one that comes along ({', '.join(shipped.names())}), or the path "
        "of an .onnx file that gramflow train or gramflow export-network has written. Can be "
        "repeated: the first is used, the page switches to the others",
    )
    parser.add_argument(
        "--width",
        type=options.positive,
        default=320,
        help="of the painted frames, in pixels; default: %(default)s",
    )
    parser.add_argument(
        "--intensity", type=_share, default=1.0, help="of the paint, 0 to 1; default: %(default)s"
    )
    parser.add_argument(
        "--calm",
        type=_share,
        default=0.5,
        help="how much a frame keeps of the last one where nothing moves, 0 to 1, against flicker; "
        "default: %(default)s",
    )
    parser.add_argument(
        "--threads",
        type=options.positive,
        help="CPU threads of the network; default: all cores but one",
    )
    source = parser.add_argument_group("source")
    source.add_argument(
        "--fps", type=_above_zero, default=25.0, help="of a picture sequence; default: %(default)s"
    )
    source.add_argument("--loop", action="store_true", help="begin a film or sequence again")
    source.add_argument(
        "--every-frame",
        action="store_true",
        help="paint all frames of a film or sequence, as fast as possible, and keep their times",
    )
    source.add_argument(
        "--patience",
        type=_above_zero,
        default=20.0,
        metavar="SECONDS",
        help="without a frame until a camera or stream is given up; default: %(default)s",
    )
    source.add_argument("--frames", type=options.positive, help="stop after that many")
    source.add_argument("--seconds", type=_above_zero, help="stop after that long")
    _add_outputs(parser.add_argument_group("outputs, any of them together"))


def _add_outputs(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="record to an .mp4 or .mkv film"
    )
    group.add_argument("--window", action="store_true", help="show a window; needs ffplay")
    group.add_argument(
        "--device",
        type=Path,
        metavar="/dev/videoN",
        help="write to a virtual camera of v4l2loopback (Linux)",
    )
    group.add_argument("--page", action="store_true", help="serve the page beside other outputs")
    group.add_argument(
        "--port", type=_port, help="of the page; default: 8765, or the next that is free"
    )
    group.add_argument(
        "--host",
        help="address that the page is served at; default: 127.0.0.1, this machine alone. "
        "0.0.0.0: the whole network, with a token in the printed address",
    )
    group.add_argument(
        "--open", dest="opened", action="store_true", help="open the page in the browser"
    )


def _share(text: str) -> float:
    """Parse a number from 0 to 1, as an argparse type."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("from 0 to 1")
    return number


def _port(text: str) -> int:
    """Parse the number of a port, as an argparse type."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError("from 1 to 65535")
    return number


def _above_zero(text: str) -> float:
    """Parse a number above 0, as an argparse type."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("above 0")
    return number


@dataclass(frozen=True)
class _Settings:
    """The arguments, as the parser gives them."""

    source: str
    network: list[str]
    width: int
    intensity: float
    calm: float
    threads: int | None
    fps: float
    loop: bool
    every_frame: bool
    patience: float
    frames: int | None
    seconds: float | None
    output: Path | None
    window: bool
    device: Path | None
    page: bool
    port: int | None
    host: str | None
    opened: bool

    @property
    def has_page(self) -> bool:
        """Whether the page is served: where it is asked for, or nothing else is."""
        asked = self.page or self.port or self.host or self.opened
        return bool(asked or not (self.output or self.window or self.device))


def run(**given: Any) -> int | None:
    """Paint until the source ends or someone stops it; print where the results are.

    Raises GramflowError before anything is shown; KeyboardInterrupt, when all is finished, after
    Ctrl-C or SIGTERM.
    """
    chosen = _Settings(**given)
    with stopping() as stop:
        status = _paint(chosen, stop)
    if stop.is_set():
        raise KeyboardInterrupt
    return status


def _paint(chosen: _Settings, stop: Event) -> int | None:
    if chosen.output:
        options.check_new(chosen.output, list(Recording.KINDS), "--output")
    source = source_of(chosen.source, chosen.fps, chosen.loop, chosen.width)
    if chosen.every_frame and source.live:
        raise GramflowError("--every-frame: is for films and picture sequences; leave it out")
    found = painters(chosen.network, chosen.threads or max(1, cores() - 1), chosen.calm)
    terminal, lost = _Terminal(), False
    with ExitStack() as finishing:
        sinks = _sinks(chosen, source.name)
        listening = finishing.enter_context(_listening(chosen)) if chosen.has_page else None
        reader = Reader(source, chosen.every_frame, terminal.say)
        finishing.callback(reader.close)
        controls = Controls(next(iter(found)), chosen.intensity)
        loop = Loop(reader, found, controls, sinks, chosen.width, terminal.say)
        finishing.callback(loop.close)
        if listening:
            _serve(loop, source.name, chosen.opened, listening)
        try:
            loop.run(
                stop, chosen.patience, _ends(chosen, loop), lambda: terminal.progress(loop.line)
            )
        except SourceLost as error:
            lost = True
            terminal.say(f"{ERROR}{error}")
    terminal.say(loop.line())
    if chosen.output and chosen.output.exists():
        print(chosen.output)
    return _WRONG if lost or loop.failed else None


def _sinks(chosen: _Settings, title: str) -> list[Sink]:
    """The outputs but for the page. Raises GramflowError for one that cannot be.

    title: the source's name.
    """
    found: list[Sink] = []
    if chosen.output:
        found.append(Recording(chosen.output))
    if chosen.window:
        found.append(Window(f"gramflow live: {title}"))
    if chosen.device:
        found.append(Device(chosen.device))
    return found


def _listening(chosen: _Settings) -> socket.socket:
    """The socket for the page; says so if its port is another one than usual."""
    from gramflow.live import server

    found = server.listen(chosen.host or server.HOST, chosen.port)
    port = found.getsockname()[1]
    if port != (chosen.port or server.PORT):
        print(f"port {server.PORT} is taken, so the page is at {port}", file=sys.stderr)
    return found


def _serve(loop: Loop, title: str, opened: bool, listening: socket.socket) -> None:
    """Add the page, and the recordings that it controls, to a loop's outputs."""
    from gramflow.live.server import Page

    takes = Takes(Path(), loop.warn)
    page = Page(loop, takes, title, listening)
    loop.sinks += [takes, page]
    print(f"the page: {page.address}", flush=True)
    if opened:
        webbrowser.open(page.address)


def _ends(chosen: _Settings, loop: Loop) -> Callable[[float], bool]:
    """Whether it is enough, by the seconds since the first frame."""

    def ends(seconds: float) -> bool:
        enough = chosen.frames is not None and loop.meter.painted >= chosen.frames
        return enough or (chosen.seconds is not None and seconds >= chosen.seconds)

    return ends


@contextmanager
def stopping() -> Iterator[Event]:
    """Yield an event that Ctrl-C and SIGTERM set; a second one interrupts at once."""
    stop = Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, on_signal) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class _Terminal:
    """Lines on stderr, the last of which is rewritten on a terminal."""

    def __init__(self) -> None:
        self._rewrites = sys.stderr.isatty()
        self._due = Every(1 if self._rewrites else 5)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        print(f"\r\x1b[K{line}" if self._rewrites else line, file=sys.stderr, flush=True)

    def progress(self, line: Callable[[], str]) -> None:
        """Show how it goes, now and then."""
        if self._due:
            text = f"\r\x1b[K{line()}" if self._rewrites else f"{line()}\n"
            print(text, end="", file=sys.stderr, flush=True)
