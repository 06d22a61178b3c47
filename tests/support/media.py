"""Test helpers: create small films with ffmpeg, and pictures; read films back."""

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from gramflow.film.manifest import Manifest
from gramflow.media.encode import encode
from gramflow.media.extract import extract
from gramflow.media.ffmpeg import binary, local
from gramflow.media.pictures import from_pixels, to_pixels
from gramflow.media.probe import Probe, probe
from gramflow.media.source import Source
from gramflow.settings.videos import video_files
from gramflow.store.frames import FrameStore, Store
from gramflow.store.png import encode_png

SETTINGS = {"codec": "libx264", "crf": 16, "pixel_format": "yuv420p", "speed": "ultrafast"}


SHARED = Path(__file__).parents[3] / "shared"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"no test material in {SHARED}, which is not part of the project"
)


def quiet(line: str) -> None:
    """A `say` that says nothing."""


def make(*arguments: str) -> None:
    """Run ffmpeg with these arguments."""
    subprocess.run([binary(), "-nostdin", "-v", "error", "-y", *arguments], check=True)


def write_raw(path: Path, frames: Sequence[np.ndarray], rate: int) -> None:
    """Encode frames, (height, width, 3) uint8 RGB, losslessly (FFV1).

    rate: frames per second.
    """
    size = f"{frames[0].shape[1]}x{frames[0].shape[0]}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(rate), "-i", "pipe:"]
    command = [binary(), "-v", "error", "-y", *raw, "-c:v", "ffv1", "-pix_fmt", "gbrp", str(path)]
    subprocess.run(command, input=b"".join(frame.tobytes() for frame in frames), check=True)


def moving(seconds: float = 0.5, rate: str = "30000/1001", size: str = "64x48") -> list[str]:
    """Arguments of ffmpeg for a synthetic video input whose frames all differ."""
    colours = "c0=red:c1=blue:c2=yellow:c3=gray:n=4:seed=7:speed=0.02"
    return ["-f", "lavfi", "-i", f"gradients=s={size}:r={rate}:d={seconds}:{colours}"]


def tone(seconds: float = 0.5, rate: int = 48000) -> list[str]:
    """Arguments of ffmpeg for a synthetic sound input, a sine tone."""
    return ["-f", "lavfi", "-i", f"sine=sample_rate={rate}:duration={seconds}"]


def film(path: Path, *options: str, seconds: float = 0.5, rate: str = "30000/1001") -> Path:
    """Make a film of 64x48 pixels with AAC sound.

    options: further arguments of ffmpeg for the output.
    """
    make(
        *moving(seconds, rate),
        *tone(seconds),
        "-map",
        "0",
        "-map",
        "1",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        *options,
        local(path),
    )
    return path


def uneven_film(path: Path, *options: str) -> Path:
    """Make a film without sound and with a variable frame rate; time base 1/90000 s."""
    make(
        *moving(),
        "-vf",
        "settb=1/90000,setpts=N*3000+mod(N*N*517\\,1900),format=yuv420p",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "1:90000",
        "-video_track_timescale",
        "90000",
        *options,
        local(path),
    )
    return path


def rotated(path: Path, output: Path, clockwise: int) -> Path:
    """Copy a film's video stream and add a display matrix, as phones do.

    clockwise: rotation in degrees.
    """
    with av.open(local(path)) as reading, av.open(local(output), "w") as writing:
        stream = reading.streams.video[0]
        copy = writing.add_stream_from_template(stream)
        copy.set_display_rotation(-clockwise)
        for packet in reading.demux(stream):
            if packet.size:
                packet.stream = copy
                writing.mux(packet)
    return output


def pictures(folder: Path, count: int = 12, size: tuple[int, int] = (64, 48)) -> list[Path]:
    """Write an image sequence 1.png, 2.png, ... of 8-bit pictures that all differ.

    size: width and height in pixels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.png" for number in range(1, count + 1)]
    for number, path in enumerate(paths):
        pixels = np.full((size[1], size[0], 3), (number * 9, 60, 200 - number), np.uint8)
        path.write_bytes(encode_png(pixels))
    return paths


def source_of(path: Path | str, **settings: Any) -> Source:
    """Create the `Source` of a video named room. settings: further entries of the video."""
    video = {"path": str(path), **settings}
    return Source.from_config("room", video, video_files(video))


def extracted(
    path: Path | str, store: FrameStore, **settings: Any
) -> tuple[Source, Probe, Manifest]:
    """Probe and extract a video."""
    source = source_of(path, **settings)
    facts = probe(source)
    return source, facts, extract(source, facts, store, quiet)


def painted(
    path: Path | str, folder: Path, settings: dict[str, Any] | None = None, **video: Any
) -> Path:
    """Extract a video and encode its unchanged frames as a film; return the film's path.

    settings: changes of the `encode` settings. video: further entries of the video.
    """
    store = FrameStore(folder / "store")
    source, facts, manifest = extracted(path, store, **video)
    frames = deep_frames(store, manifest.frames, folder / "painted")
    output, used = folder / "results" / "room.mp4", {**SETTINGS, **(settings or {})}
    encode(manifest, facts, source, frames, manifest.frames, output, used, quiet)
    return output


def deep_frames(store: FrameStore, keys: Sequence[str], folder: Path) -> Store:
    """Copy frames to a new store as 16-bit pictures, like painted ones, under the same keys."""
    found = Store(folder)
    for key in set(keys):
        found.write(key, to_pixels(from_pixels(store.read(key))))
    return found


def packets(path: Path, kind: str, number: int = 0) -> list[tuple[Fraction, bytes]]:
    """Presentation time in seconds, and data, of every packet of a stream.

    kind: video, audio or subtitles. number: index among the streams of that kind.
    """
    with av.open(local(path)) as container:
        stream = getattr(container.streams, kind)[number]
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]


def times(path: Path, kind: str = "video", number: int = 0) -> list[Fraction]:
    """Presentation times of a stream's packets in seconds, sorted."""
    return sorted(time for time, _ in packets(path, kind, number))


def decoded(path: Path) -> list[np.ndarray]:
    """Decode a film's frames to (height, width, 3) uint8 RGB."""
    with av.open(local(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def textured(seed=0, height=120, width=160):
    """Random picture with detail at several scales: (height, width, 3), float32, 0..1."""
    random = np.random.default_rng(seed)
    layers = [
        cv2.GaussianBlur(random.normal(size=(height, width, 3)), (0, 0), sigma) * sigma
        for sigma in (1, 3, 9)
    ]
    total = sum(layers)
    return np.clip(0.5 + 0.25 * total / total.std(), 0, 1).astype(np.float32)
