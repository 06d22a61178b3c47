"""Test helper: films in studios' formats, copied by the workflow's own steps, and compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from gramflow.base.progress import Say
from gramflow.media.encode import encode
from gramflow.media.exr import read_exr, write_exr
from gramflow.media.ffmpeg import local, open_film
from gramflow.media.pictures import read_pixels
from gramflow.media.probe import Probe, probe
from gramflow.settings.encoding import container_of, resolved_encoding
from gramflow.settings.reading import schema
from gramflow.settings.schema import checked
from gramflow.store.frames import FrameStore
from gramflow.store.png import encode_png
from tests.support.media import deep_frames, extracted, make, moving, quiet, source_of, tone


def encoding(**given: Any) -> dict[str, Any]:
    """The config's `encode` with all that follows from what is given."""
    return resolved_encoding(checked(given, schema()["properties"]["encode"]), None)


def copied(
    path: Path | str, folder: Path, encode_by: dict[str, Any], say: Say = quiet, **video: Any
) -> Path:
    """Extract a video, and encode its frames unchanged; return the film, or folder of frames.

    encode_by: entries of `encode`. say: gets what is said. video: further entries of the video.
    """
    store, settings = FrameStore(folder / "store"), encoding(**encode_by)
    source, facts, manifest = extracted(path, store, **video)
    frames = deep_frames(store, manifest.frames, folder / "painted")
    output = folder / "results" / f"room.{container_of(settings)}"
    told = '{"engine":0}'
    encode(manifest, facts, source, frames, manifest.frames, output, settings, say, told)
    return output


def studio_film(
    path: Path, *options: str, size: str = "64x48", rate: str = "24000/1001", count: int = 6
) -> Path:
    """Make a film with two sound tracks (24 bits), chapters, and the time code 01:02:03:04.

    options: further arguments of ffmpeg for the output, with the encoder.
    """
    notes = path.with_suffix(".txt")
    notes.write_text(
        ";FFMETADATA1\ntitle=A film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=100\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=100\nEND=250\ntitle=Two\n"
    )
    seconds = float(count / Fraction(rate))
    make(
        *moving(seconds, rate, size), *tone(seconds), *tone(seconds), "-i", local(notes),
        "-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3",
        "-c:a", "pcm_s24le", "-timecode", "01:02:03:04",
        "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra",
        *options, local(path),
    )  # fmt: skip
    return path


def raw(path: Path) -> list[list[NDArray[Any]]]:
    """The planes of a film's frames as they are decoded, nothing converted."""
    with open_film(path) as container:
        return [_planes(frame) for frame in container.decode(video=0)]


def _planes(frame: Any) -> list[NDArray[Any]]:
    dtype = np.dtype("u1" if frame.format.components[0].bits <= 8 else "<u2")
    return [
        np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width].astype(int)
        for plane in frame.planes
    ]


@dataclass
class Difference:
    """How far apart two films' frames are, in code values of their depth."""

    mean: float
    most: int


def difference(one: Path, other: Path) -> Difference:
    """Compare two films of one pixel format, frame by frame."""
    found = [
        np.abs(a - b).ravel()
        for frame, copy in zip(raw(one), raw(other), strict=True)
        for a, b in zip(frame, copy, strict=True)
    ]
    every = np.concatenate(found)
    return Difference(float(every.mean()), int(every.max()))


def tags(facts: Probe) -> tuple[str | None, ...]:
    """The colour tags of a film."""
    return facts.range, facts.primaries, facts.transfer, facts.matrix


def facts_of(path: Path) -> Probe:
    """The probe of a film."""
    return probe(source_of(path))


def chapters(path: Path) -> list[tuple[Fraction, str]]:
    """Start in seconds, and title, of a film's chapters."""
    with av.open(local(path)) as container:
        return [
            (chapter["start"] * chapter["time_base"], chapter["metadata"].get("title", ""))
            for chapter in container.chapters()
        ]


def lights(count: int = 4, channels: int = 3, seed: int = 3) -> Iterator[NDArray[np.float32]]:
    """Scene light of half floats from 0.0006 to 16, in all stops alike; an alpha from 0 to 1."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        light = np.exp(random.uniform(np.log(6e-4), np.log(15.9), (48, 64, 3)))
        if channels == 4:
            alpha = np.round(random.uniform(0, 1, (48, 64, 1)), 2)
            light = np.concatenate([light * alpha, alpha], -1)
        yield light.astype(np.float16).astype(np.float32)


def write_lights(folder: Path, frames: Iterator[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Write an OpenEXR sequence; return what is in it."""
    folder.mkdir()
    written = list(frames)
    for number, light in enumerate(written):
        (folder / f"{number:04d}.exr").write_bytes(write_exr(light))
    return written


def read_lights(folder: Path) -> list[NDArray[np.float32]]:
    """Read an OpenEXR sequence."""
    return [read_exr(path) for path in sorted(folder.glob("*.exr"))]


def write_pictures(folder: Path, suffix: str, channels: int = 3, count: int = 4) -> list[Any]:
    """Write a sequence of 16-bit pictures, .png or .tif; return their pixels, RGB or RGBA."""
    import cv2

    folder.mkdir()
    random = np.random.default_rng(5)
    written = [random.integers(0, 65536, (48, 64, channels), np.uint16) for _ in range(count)]
    for number, pixels in enumerate(written):
        path = folder / f"{number:04d}{suffix}"
        if suffix == ".png":
            path.write_bytes(encode_png(pixels))
        else:
            order = cv2.COLOR_RGB2BGR if channels == 3 else cv2.COLOR_RGBA2BGRA
            assert cv2.imwrite(str(path), cv2.cvtColor(pixels, order))
    return written


def read_pictures(folder: Path) -> list[Any]:
    """Read a sequence of PNG pictures with their alpha."""
    return [read_pixels(path, alpha=True) for path in sorted(folder.glob("*.png"))]
