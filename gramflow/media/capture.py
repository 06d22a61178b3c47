"""Records cameras and streams to a file that later stages treat like any film."""

import os
import re
import select
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from gramflow.base.errors import GramflowError
from gramflow.base.files import appearing
from gramflow.base.progress import WARNING, Every, Say
from gramflow.media.ffmpeg import Child, local, reason, running
from gramflow.media.probe import probe
from gramflow.media.source import Source

PATIENCE = 20.0
"""Seconds without a new frame after which a camera or stream counts as dead."""

_CONNECT = 10_000_000  # microseconds; ffmpeg's own timeout for the network
# No "file": a playlist from the network must not read this machine's files.
_NETWORK = "http,https,tcp,tls,udp,rtp,srtp,srt,rtmp,rtmps,rtsp,crypto,data"


def capture(entry: str, url: str, seconds: float, output: Path, say: Say) -> None:
    """Record a camera or a stream to a Matroska file.

    entry: the config entry, for messages.
    url: a device such as /dev/video0, or the address of a stream (rtsp, http, udp, ...).
    seconds: duration to record.
    A stream's video and sound are copied; a camera's frames are encoded without loss. The output
    appears only when the recording is done. Raises GramflowError when nothing can be received, or
    nothing new for PATIENCE seconds.
    """
    fault = f"{entry}: {url}"
    with appearing(output) as temporary:
        graph = _graph(url, seconds, temporary)
        with running(graph, fault, output.parent, pipe_stdout=True) as child:
            recorded = _follow(child, fault, seconds, say)
        if recorded <= 0:
            raise GramflowError(
                f"{fault}: sent no film; check the address ({reason(child.complaints)})"
            )
        facts = probe(Source(entry, temporary))
    if Fraction(facts.duration) < Fraction(str(seconds)) - 1:
        say(f"{WARNING}{fault}: ended after {float(Fraction(facts.duration)):.1f} of {seconds:g} s")


def _graph(url: str, seconds: float, output: Path) -> Any:
    """The ffmpeg call, an ffmpeg-python output node; progress is reported on stdout."""
    shared: dict[str, Any] = {
        "t": seconds,
        "progress": "pipe:1",
        "format": "matroska",
        "flush_packets": 1,
    }
    if url.startswith("/dev/"):
        camera = ffmpeg.input(url, format="v4l2")["v:0"]  # v4l2 knows paths, not file: URLs
        return camera.output(local(output), vcodec="ffv1", **shared)
    stream = ffmpeg.input(url, **network_options(url))
    return ffmpeg.output(
        stream["v:0"], stream["a?"], local(output), c="copy", **shared
    ).overwrite_output()


def network_options(url: str) -> dict[str, Any]:
    """Input options of ffmpeg for a stream: the protocols it may use, and how long it waits."""
    allowed = {"protocol_whitelist": _NETWORK}
    if url.startswith("rtsp"):
        return allowed | {"rtsp_transport": "tcp", "timeout": _CONNECT}
    return allowed | {"rw_timeout": _CONNECT}


def _follow(child: Child, fault: str, seconds: float, say: Say) -> float:
    """Read ffmpeg's progress until it ends; return the number of seconds recorded.

    Raises GramflowError when nothing new is recorded for PATIENCE seconds.
    """
    recorded, alive, due = 0.0, time.monotonic(), Every(2)
    while True:
        ready, _, _ = select.select([child.stdout], [], [], 1.0)
        news = os.read(child.stdout.fileno(), 1 << 16) if ready else b"waiting"
        if not news:
            return recorded
        reached = max(map(int, _POSITION.findall(news)), default=0) / 1e6
        if reached > recorded:
            recorded, alive = reached, time.monotonic()
        if time.monotonic() - alive > PATIENCE:
            raise GramflowError(
                f"{fault}: nothing received for {PATIENCE:g} s; check that it is on and reachable"
            )
        if due:
            say(f"{fault}: recorded {recorded:.1f} of {seconds:g} s")


_POSITION = re.compile(rb"out_time_us=([0-9]+)")
