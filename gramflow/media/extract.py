"""Decodes a video into the store, and lists its frames in a manifest."""

import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor, gcd
from pathlib import Path
from typing import Any

import av
import cv2
import ffmpeg
import numpy as np

from gramflow.base.arrays import Pixels
from gramflow.base.errors import GramflowError, concerning
from gramflow.base.progress import WARNING, Every, Say
from gramflow.film.manifest import Manifest
from gramflow.media.colour import scale_to_rgb
from gramflow.media.exr import is_exr, read_exr
from gramflow.media.ffmpeg import LOCAL, Child, local, running
from gramflow.media.pictures import read_pixels
from gramflow.media.probe import Probe
from gramflow.media.scene import painted_of_film, painted_of_light
from gramflow.media.shots import ShotFinder, given_shots
from gramflow.media.source import Source
from gramflow.store.frames import Store, Writer, pixels_digest

_SEEKABLE = ("mov", "matroska")  # containers whose index makes seeking exact
_SEEK_MARGIN = Fraction(2)  # seconds before the start at which decoding begins


Frames = Generator[tuple[int, Pixels], None, None]
"""Yields (time in the video's units, pixels) for every frame."""


@dataclass(frozen=True)
class _Part:
    """The part of a video to use.

    origin: time of its start, in seconds.
    first, end: frames with first <= time < end, in the video's units, belong to it.
    """

    origin: Fraction
    first: int
    end: int


def extract(source: Source, probe: Probe, store: Store, say: Say, threads: int = 1) -> Manifest:
    """Decode a video once, upright, into `store`, and return its manifest.

    threads: number of threads that write PNGs, which takes longer than decoding.
    Frames that the store has already are not written again. 8-bit films give 8-bit frames, deeper
    ones 16-bit frames. Raises GramflowError when the film is damaged, or has no frame between the
    source's start and end.
    """
    part = _part(source, probe)
    if probe.interlaced and source.deinterlace is False:
        text = "is interlaced, and both fields are painted in one picture; leave deinterlace out"
        say(f"{WARNING}{source.entry}: {source.path} {text}")
    pictures = frames_of(source, probe, say)
    keys: list[str] = []
    times: list[int] = []
    shape: tuple[int, ...] = ()
    finder = ShotFinder(source.cut_threshold) if source.cuts == "auto" else None
    due, writer = Every(2), Writer(store, threads)
    with closing(pictures):  # ends ffmpeg at once when a frame cannot be stored
        for time, pixels in pictures:
            key = pixels_digest(pixels)
            writer.write(key, pixels)
            keys.append(key)
            times.append(time)
            shape = pixels.shape
            if finder:
                finder.add(pixels)
            if due:
                say(f"{source.name}: extracted {len(keys)} of {probe.frames} frames")
        writer.settle()
    if not keys:
        raise GramflowError(
            f"{source.name}: no frame between its start and end; the film lasts "
            f"{float(Fraction(probe.duration)):.2f} s, change start or end"
        )
    times = _rising(source, times, say)
    shots = finder.shots() if finder else _given_shots(source, probe, times)
    if len(shots) > 1:
        say(f"{source.name}: {len(shots)} shots")
    sizes = store.sizes(keys)
    manifest = _manifest(source, probe, part, keys, times, shots, shape)
    return replace(manifest, sizes=[sizes[key] for key in keys])


def frames_of(source: Source, probe: Probe, say: Say, alpha: bool = False) -> Frames:
    """Yield times and pixels of the used part of a film or a picture sequence, upright.

    alpha: keep an alpha channel as the fourth, where there is one. Errors as of `extract`.
    """
    part = _part(source, probe)
    if source.files:
        return _sequence(source, probe, part, alpha)
    return _film(source, probe, part, say, alpha and has_alpha(probe))


def has_alpha(probe: Probe) -> bool:
    """Whether a film's pixel format has an alpha channel."""
    layout = av.VideoFormat(probe.pixel_format, probe.width, probe.height)
    return any(component.is_alpha for component in layout.components)


def _given_shots(source: Source, probe: Probe, times: list[int]) -> list[int]:
    """First frames of the shots: at the cuts listed in the config, or [0] if cuts are off."""
    cuts = () if isinstance(source.cuts, str) else source.cuts
    unit, start = Fraction(probe.time_base), Fraction(probe.start)
    return given_shots(cuts, [time * unit - start for time in times])


def _part(source: Source, probe: Probe) -> _Part:
    """The part between the source's start and end, in this film's units.

    Raises GramflowError when the start is beyond the film's end.
    """
    unit, start = Fraction(probe.time_base), Fraction(probe.start)
    duration = Fraction(probe.duration)
    if source.start is not None and source.start >= duration:
        raise GramflowError(
            f"{source.name}.start: {float(source.start):g} is beyond the end; the film lasts "
            f"{float(duration):.2f} s"
        )
    origin = start + (source.start or 0)
    end = probe.end if source.end is None else min(probe.end, ceil((start + source.end) / unit))
    return _Part(origin, ceil(origin / unit), end)


def _sequence(source: Source, probe: Probe, part: _Part, alpha: bool) -> Frames:
    """Yield times and pixels of a picture sequence, in the size to store.

    Raises GramflowError for a picture that cannot be read or has another size than the first.
    """
    files = source.files or ()
    full = (probe.height, probe.width)
    size = source.size(probe.width, probe.height)
    for time in range(part.first, part.end):
        with concerning(source.entry):
            pixels = _picture(source, files[time], alpha)
        if pixels.shape[:2] != full:
            raise GramflowError(
                f"{source.entry}: {files[time]} has {pixels.shape[1]}x{pixels.shape[0]} pixels, "
                f"but {files[0]} has {full[1]}x{full[0]}; give pictures of one size"
            )
        if size != (probe.width, probe.height):
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        yield time, pixels


def _picture(source: Source, path: Path, alpha: bool) -> Pixels:
    """Read one picture of a sequence; `alpha` keeps its alpha channel as the fourth."""
    if is_exr(path):
        return painted_of_light(read_exr(path), source, alpha)
    pixels = read_pixels(path, alpha or source.alpha)
    return pixels if alpha else pixels[..., :3]


def _film(source: Source, probe: Probe, part: _Part, say: Say, alpha: bool) -> Frames:
    """Yield times and pixels of a film, decoded by ffmpeg, in the size to store."""
    unit = Fraction(probe.time_base)
    shift = min(0, probe.first)  # NUT, the pipe's format, has no negative times
    decoded = 0
    graph = _graph(source, probe, part, shift, alpha)
    with (
        running(graph, source.entry, pipe_stdout=True) as child,
        av.open(child.stdout, format="nut", buffer_size=1 << 20) as pipe,
    ):
        stream = pipe.streams.video[0]
        depth = np.dtype("u1" if probe.bits <= 8 else "<u2")
        channels = 4 if alpha else 3
        for packet in pipe.demux(stream):
            if packet.size:
                decoded += 1
                pixels = np.frombuffer(packet, depth).reshape(stream.height, stream.width, channels)
                time = int(packet.pts * stream.time_base / unit) + shift
                yield time, painted_of_film(pixels, source, probe)
    _check_complaints(source, probe, decoded, child, say)


def _graph(source: Source, probe: Probe, part: _Part, shift: int, alpha: bool) -> Any:
    """The ffmpeg call that writes upright RGB frames with the film's own times to stdout.

    The trim filter compares times in the film's units, so it is exact. Seeking before it only saves
    time.
    """
    width, height = source.size(*probe.upright)
    options: dict[str, Any] = {"copyts": None, **LOCAL}
    skipped = part.origin - Fraction(probe.container_start) - _SEEK_MARGIN
    if source.start and skipped > 0 and probe.format.startswith(_SEEKABLE):
        options["ss"] = f"{float(skipped):.6f}"
    frames = ffmpeg.input(local(source.path), **options)[str(probe.index)]
    if source.deinterlace or (source.deinterlace is None and probe.interlaced):
        only = "all" if source.deinterlace else "interlaced"
        # it halves the unit of times, by which the part is cut
        frames = frames.filter("bwdif", mode="send_frame", deint=only)
        frames = frames.filter("settb", probe.time_base)
    if source.start is not None:
        frames = frames.filter("trim", start_pts=part.first)
    if source.end is not None:
        frames = frames.filter("trim", end_pts=part.end)
    return (
        frames.filter("setpts", f"PTS+{-shift}")
        .filter("scale", width, height, **scale_to_rgb(probe))
        .filter("format", _FORMATS[alpha][probe.bits > 8])
        .output(
            "pipe:1",
            format="nut",
            vcodec="rawvideo",
            map_metadata=-1,  # may be damaged
            fps_mode="passthrough",
            enc_time_base=probe.time_base.replace("/", ":"),
        )
    )


_FORMATS = (("rgb24", "rgb48le"), ("rgba", "rgba64le"))  # without and with alpha; 8 and 16 bits


def _check_complaints(source: Source, probe: Probe, decoded: int, child: Child, say: Say) -> None:
    """Raise GramflowError for damage that cost frames; report damage that ffmpeg concealed.

    Lost frames are only noticed where the whole film is decoded.
    """
    complaints = [line for line in child.complaints if not _HARMLESS.search(line)]
    if not complaints:
        return
    first = complaints[0]
    whole = source.start is None and source.end is None
    if whole and decoded < probe.frames:
        raise GramflowError(
            f"{source.entry}: {source.path} is damaged: {decoded} of {probe.frames} frames could "
            f"be decoded ({first}); copy it again, or use a part with start and end"
        )
    say(f"{WARNING}{source.entry}: {source.path} may be damaged, look at its frames: {first}")


_HARMLESS = re.compile("chapter track")  # what ffmpeg says of other things than frames


def _rising(source: Source, times: list[int], say: Say) -> list[int]:
    """Make times strictly increasing: a late frame moves to one unit after the frame before."""
    rising = times[:1]
    for time in times[1:]:
        rising.append(max(time, rising[-1] + 1))
    moved = sum(a != b for a, b in zip(times, rising, strict=True))
    if moved:
        text = f"{moved} frames have times that do not rise; they follow at once"
        say(f"{WARNING}{source.entry}: {text}")
    return rising


def _manifest(
    source: Source,
    probe: Probe,
    part: _Part,
    keys: list[str],
    times: list[int],
    shots: list[int],
    shape: tuple[int, ...],
) -> Manifest:
    """The manifest, in a unit of which the part's start and end are whole multiples."""
    base = Fraction(probe.time_base)
    end = probe.end * base
    if source.end is not None:
        end = min(end, Fraction(probe.start) + source.end)
    unit = _finer(_finer(base, part.origin), end)
    factor = int(base / unit)
    return Manifest(
        width=shape[1],
        height=shape[0],
        time_base=f"{unit.numerator}/{unit.denominator}",
        origin=floor(part.origin / unit),
        frames=keys,
        times=[time * factor for time in times],
        duration=max(1, floor(end / unit) - times[-1] * factor),
        shots=shots,
    )


def _finer(unit: Fraction, time: Fraction) -> Fraction:
    """A unit of which both `unit` and `time` are whole multiples.

    Unless `time` is a multiple of `unit` already, it is rounded to milliseconds first; a unit of a
    millisecond or less is kept.
    """
    if unit <= Fraction(1, 1000) or (time / unit).denominator == 1:
        return unit
    time = Fraction(round(time * 1000), 1000)
    numerator = gcd(unit.numerator * time.denominator, time.numerator * unit.denominator)
    return Fraction(numerator, unit.denominator * time.denominator)
