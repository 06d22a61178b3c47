"""Encodes painted frames as a film with the source's times, sound, subtitles and colours."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import gcd
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import ffmpeg
import numpy as np

from gramflow.base.arrays import Pixels
from gramflow.base.errors import GramflowError
from gramflow.base.files import appearing
from gramflow.base.progress import WARNING, Every, Say
from gramflow.film.manifest import Manifest
from gramflow.media.colour import scale_from_rgb, tags
from gramflow.media.ffmpeg import LOCAL, local, open_film, running
from gramflow.media.pictures import from_pixels, resize, to_pixels
from gramflow.media.probe import UNKNOWN, Probe, Track
from gramflow.media.source import Source
from gramflow.store.frames import Store

# Audio codecs that are copied into the mp4; others are transcoded to AAC.
_COPIED_SOUND = frozenset({"aac", "ac3", "alac", "dts", "eac3", "flac", "mp2", "mp3", "opus"})
_BITMAP_SUBTITLES = frozenset(
    {"dvb_subtitle", "dvb_teletext", "dvd_subtitle", "hdmv_pgs_subtitle", "xsub"}
)
_PREROLL = Fraction(1, 5)  # seconds of sound before a trim's start, decoded but not played
_THREADS = 8  # fixed, because the bytes that x264 writes depend on it
Change = Callable[[int, Pixels], Pixels]
"""Called with a frame's number and pixels before it is encoded; returns what is encoded of it."""

_MIN_TIMESCALE = 10000  # units per second; ffmpeg's own minimum, as some players fail with less


def encode(
    manifest: Manifest,
    probe: Probe,
    source: Source,
    painted: Store,
    keys: Sequence[str],
    output: Path,
    settings: Mapping[str, Any],
    say: Say,
    told: str = "",
    change: Change = lambda _, pixels: pixels,
) -> None:
    """Encode a film at the manifest's times from painted frames, one for each of its frames.

    keys: store keys of the painted frames, in order; their pictures all have one size.
    settings: codec, crf, pixel_format and speed (the encoder's preset).
    told: how the frames were made, for the film's metadata; `told_by` reads it.
    change: what is done to each frame before, by its number; its size stays.
    Sound, text subtitles, chapters and metadata come from the source's file. Bitmap subtitles are
    left out, with a message. The output appears only when it holds every frame. The same input
    gives the same bytes.
    Raises GramflowError when frames are missing or differ in size, when their size does not fit the
    pixel format, when ffmpeg fails, and when the disk is full.
    """
    if len(keys) != len(manifest.frames):
        raise GramflowError(
            f"{output}: {len(keys)} frames for a film of {len(manifest.frames)}; run again"
        )
    height, width = painted.read(keys[0]).shape[:2]
    _check_size(str(output), width, height, str(settings["pixel_format"]))
    timing = _Timing.of(manifest)
    if not source.files:
        for text in _changes_of(probe):
            say(f"{WARNING}{output}: {text}")
    film = _film((width, height), probe, settings)

    def write(kept: Probe) -> None:
        streams, options = _others(manifest, timing, kept, source)
        options |= _encoder(settings) | ({"metadata": f"encoding_tool={told}"} if told else {})
        frames = _raw(painted, keys, (height, width, 3), output, say, change)
        _write([film, *streams], options, timing, frames, (width, height), output)

    try:
        write(probe)
    except GramflowError:
        failing = [] if source.files else _failing(manifest, timing, probe, source)
        if not failing:
            raise
        for index, why in failing:
            say(f"{WARNING}{output}: without stream {index} of the film, which fails: {why}")
        write(_without(probe, [index for index, _ in failing]))


def _failing(
    manifest: Manifest, timing: "_Timing", probe: Probe, source: Source
) -> list[tuple[int, str]]:
    """The sound and subtitle streams of which ffmpeg cannot make a file: index in the film, reason.

    Damage in them is not known before: they are read whole only when the film is encoded.
    """
    tracks = [*probe.audio, *probe.subtitles]
    found = []
    for track in tracks:
        others = [other.index for other in tracks if other is not track]
        streams, options = _others(manifest, timing, _without(probe, others), source)
        options = {key: value for key, value in options.items() if not key.startswith("m")}
        with TemporaryDirectory() as folder:
            graph = ffmpeg.output(*streams, local(Path(folder, "track.mp4")), **options)
            try:
                with running(graph, str(track.index), Path(folder)):
                    pass
            except GramflowError as error:
                found.append((track.index, str(error).partition("ffmpeg failed: ")[2]))
    return found


def _without(probe: Probe, indices: Sequence[int]) -> Probe:
    """A probe that does not know some of the film's sound and subtitle streams."""
    audio, subtitles = (
        [track for track in tracks if track.index not in indices]
        for tracks in (probe.audio, probe.subtitles)
    )
    return replace(probe, audio=audio, subtitles=subtitles)


def _changes_of(probe: Probe) -> Iterator[str]:
    """Tell what of a source's sound and subtitles its film cannot have, or has otherwise."""
    for track in probe.subtitles:
        if track.codec in _BITMAP_SUBTITLES:
            yield f"without the subtitles of stream {track.index}, which are pictures"
    for kind, tracks in (("sound", probe.audio), ("subtitles", probe.subtitles)):
        for track in tracks:
            if track.codec == UNKNOWN:
                yield f"without the {kind} of stream {track.index}, whose codec ffmpeg cannot read"
    for track in probe.audio:
        if track.codec not in {*_COPIED_SOUND, UNKNOWN}:
            kept = f" of its first {_CHANNELS} channels" if _is_wide(track) else ""
            changed = f"the sound of stream {track.index}, {track.codec}, becomes AAC"
            yield f"{changed}{kept}, since an mp4 cannot hold it"


def encode_source(
    manifest: Manifest,
    probe: Probe,
    extracted: Store,
    size: tuple[int, int],
    output: Path,
    say: Say,
) -> None:
    """Encode the video's own frames at the film's times, without sound, for a web page.

    size: width and height of the painted frames, to which these are resized; an odd side is made
    even, since browsers play only 4:2:0. Raises GramflowError as `encode` does.
    """
    width, height = (side + side % 2 for side in size)
    timing = _Timing.of(manifest)

    def resized(_: int, pixels: Pixels) -> Pixels:
        return to_pixels(resize(from_pixels(pixels), width, height))

    frames = _raw(extracted, manifest.frames, (height, width, 3), output, say, resized)
    film, options = _film((width, height), probe, _BROWSERS), _encoder(_BROWSERS) | _SEEKABLE
    _write([film], options, timing, frames, (width, height), output)


def copy_for_browsers(film: Path, output: Path) -> None:
    """Encode a film again, with its times and sound, in a format that every browser plays.

    Raises GramflowError when ffmpeg fails, and when the disk is full.
    """
    source = ffmpeg.input(local(film), **LOCAL)
    even = {"w": "iw+mod(iw,2)", "h": "ih+mod(ih,2)", "flags": "bicubic"}
    video = source["v:0"].filter("scale", **even).filter("format", _BROWSERS["pixel_format"])
    options = _encoder(_BROWSERS) | _SEEKABLE | {"c:a": "aac", "b:a": "192k"}
    with open_film(film) as container:
        base = container.streams.video[0].time_base
    times = {
        "fps_mode:v": "passthrough",
        "enc_time_base:v": f"{base.numerator}:{base.denominator}",
        "video_track_timescale": base.denominator,
    }
    with appearing(output) as temporary:
        graph = ffmpeg.output(video, source["a?"], local(temporary), **options, **times)
        with running(graph.overwrite_output(), str(output), output.parent):
            pass


_BROWSERS = {"codec": "libx264", "crf": 18, "pixel_format": "yuv420p", "speed": "fast"}
_SEEKABLE = {"g": 24}  # frames between two that are decoded alone: stepping back decodes at most 24


def _write(
    streams: Sequence[Any],
    options: Mapping[str, Any],
    timing: "_Timing",
    frames: Iterator[bytes],
    size: tuple[int, int],
    output: Path,
) -> None:
    """Feed raw frames to ffmpeg, and write the film, which appears only when it holds them all."""
    with appearing(output) as temporary:
        graph = ffmpeg.output(*streams, local(temporary), **timing.options(), **options)
        with running(
            graph.overwrite_output(), str(output), output.parent, pipe_stdin=True
        ) as child:
            _feed(child.stdin, timing, frames, size)
        _check_count(temporary, output, len(timing.times))


def told_by(film: Path) -> str:
    """What `encode` wrote into a film's metadata as `told`; "" for films of other programs.

    Raises GramflowError for a file that is no film.
    """
    try:
        with open_film(film) as container:
            return str(container.metadata.get("encoder", ""))
    except av.FFmpegError as error:
        raise GramflowError(f"{film}: no film that can be read; give an mp4 of results/") from error


def try_out(settings: Mapping[str, Any], sizes: Iterable[tuple[int, int]]) -> None:
    """Test-encode two black frames of each (width, height) as `encode` would; nothing is kept.

    Only ffmpeg knows which codec, pixel format, preset and container go together. Without this
    test, a combination that fails would be found only after hours of painting.
    settings: as for `encode`.
    Raises GramflowError, naming the config's entry, when ffmpeg fails, when a size does not fit the
    pixel format, and when the codec replaces the pixel format by a coarser one.
    """
    unit = Fraction(1, 25)
    timing = _Timing(unit, [0, 1], 2 * unit, unit, _MIN_TIMESCALE, even=True)
    for width, height in sizes:
        _check_size("encode.pixel_format", width, height, str(settings["pixel_format"]))
        with TemporaryDirectory() as folder:
            film = Path(folder, "trial.mp4")
            frames = ffmpeg.input("pipe:0", format="nut", protocol_whitelist="pipe")["v"]
            graph = ffmpeg.output(
                frames.filter("format", settings["pixel_format"]),
                local(film),
                **_encoder(settings),
                **timing.options(),
            )
            fault = (
                f"encode: these settings make no film of {width}x{height} pixels; give another "
                "codec, pixel_format or speed"
            )
            with running(graph, fault, film.parent, pipe_stdin=True) as child:
                black = bytes(width * height * 6)
                _feed(child.stdin, timing, iter([black, black]), (width, height))
            _check_format(film, settings)


def _check_format(film: Path, settings: Mapping[str, Any]) -> None:
    """Raise GramflowError when the film's pixel format is coarser than the one in the config.

    Where a codec does not support a pixel format, ffmpeg silently takes another one.
    """
    with open_film(film) as container:
        found = container.streams.video[0].format
    asked = av.VideoFormat(str(settings["pixel_format"]))
    if found and _is_coarser(found, asked):  # None where PyAV lacks the decoder
        raise GramflowError(
            f"encode.pixel_format: {settings['codec']} cannot write {asked.name} and would make it "
            f"{found.name}; give that, or another codec"
        )


def _is_coarser(found: av.VideoFormat, asked: av.VideoFormat) -> bool:
    """Whether `found` has fewer bits than `asked`, coarser chroma, or another colour model.

    The names of pixel formats cannot be compared: rgb24 is stored as gbrp, nv12 as yuv420p.
    """
    if found.components[0].bits < asked.components[0].bits:
        return True
    if len(asked.components) < 3:  # grey
        return False
    return (
        found.is_rgb != asked.is_rgb
        or found.chroma_width(8) < asked.chroma_width(8)
        or found.chroma_height(8) < asked.chroma_height(8)
    )


@dataclass(frozen=True)
class _Timing:
    """When the frames are shown; times count from the film's start.

    unit: seconds per unit of `times`. With a constant frame rate it is the duration of one frame
        where possible, so that the film's headers state the exact rate.
    times: presentation time of every frame, in units.
    length: duration of the film, in seconds.
    last: duration of the last frame, in seconds.
    timescale: units per second in the mp4.
    even: whether all frames last equally long.
    """

    unit: Fraction
    times: list[int]
    length: Fraction
    last: Fraction
    timescale: int
    even: bool

    @classmethod
    def of(cls, manifest: Manifest) -> "_Timing":
        """The timing of a manifest's frames."""
        times = [time - manifest.origin for time in manifest.times]
        even = {b - a for a, b in pairwise(times)} == {manifest.duration}
        step = gcd(*times, manifest.duration)
        unit = step * Fraction(manifest.time_base)
        timescale = unit.denominator
        while timescale < _MIN_TIMESCALE:
            timescale *= 2
        if not even:
            step, unit = 1, Fraction(1, timescale)
        factor = Fraction(manifest.time_base) / unit
        return cls(
            unit=unit,
            times=[int(time * factor) for time in times],
            length=manifest.seconds(times[-1] + manifest.duration),
            last=manifest.seconds(manifest.duration),
            timescale=timescale,
            even=even,
        )

    def options(self) -> dict[str, Any]:
        """Output options that keep these times exactly, including the last frame's duration.

        ffmpeg guesses durations, and an mp4 takes that of the last frame from the last packet. With
        B-frames, packets are not in the order of display, and an uneven last duration cannot be
        stored; so they are disabled for uneven times.
        """
        duration = "if(N,(DTS-STARTDTS)/N,1)" if self.even else f"round({self.last}/TB)"
        return {
            "copyts": None,
            "fps_mode:v": "passthrough",
            "enc_time_base:v": f"{self.unit.numerator}:{self.unit.denominator}",
            "video_track_timescale": self.timescale,
            "movie_timescale": self.timescale,
            "bsf:v": f"setts=pts=PTS:dts=DTS:duration={duration}".replace(",", r"\,"),
            **({} if self.even else {"bf:v": 0}),
        }


def _check_size(title: str, width: int, height: int, pixel_format: str) -> None:
    """Raise GramflowError for an odd side that the pixel format's chroma subsampling cannot halve.

    title: start of the message. Raises GramflowError for an unknown pixel format, too.
    """
    try:
        layout = av.VideoFormat(pixel_format)
    except ValueError as error:
        raise GramflowError(
            f"{title}: {pixel_format} is no pixel format; give one such as yuv420p"
        ) from error
    odd_width = width % 2 and layout.chroma_width(2) == 1
    odd_height = height % 2 and layout.chroma_height(2) == 1
    if odd_width or odd_height:
        raise GramflowError(
            f"{title}: {pixel_format} needs even sides, but the frames have {width}x{height} "
            "pixels; change the look's width to an even one, or its pixel_format to yuv444p"
        )


def _film(size: tuple[int, int], probe: Probe, settings: Mapping[str, Any]) -> Any:
    """ffmpeg stream of the painted frames (from stdin) in the source's colours and pixel aspect."""
    width, height = size
    return (
        ffmpeg.input("pipe:0", format="nut", protocol_whitelist="pipe")["v"]
        .filter("scale", **scale_from_rgb(probe, width, height))
        .filter("format", settings["pixel_format"])
        .filter("setsar", str(pixel_aspect(probe, width, height)))
        .filter("setparams", **tags(probe, width, height))
    )


def pixel_aspect(probe: Probe, width: int, height: int) -> Fraction:
    """Pixel aspect ratio at which frames of this size have the source's shape.

    Where the size differs from the source's shape by rounding only, it is the source's pixel
    aspect.
    """
    full_width, full_height = probe.upright
    if abs(Fraction(full_height * width, full_width) - height) <= 1:
        return probe.upright_aspect
    return (
        probe.upright_aspect * Fraction(full_width * height, full_height * width)
    ).limit_denominator(1000)


def _encoder(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Output options of encoder and container that depend on the config alone."""
    return {
        "format": "mp4",
        "movflags": "+faststart",
        "fflags": "+bitexact",
        "flags:v": "+bitexact",
        "flags:a": "+bitexact",
        "threads:v": _THREADS,
        "c:v": settings["codec"],
        "crf": settings["crf"],
        "preset": settings["speed"],
    }


def _others(
    manifest: Manifest, timing: _Timing, probe: Probe, source: Source
) -> tuple[list[Any], dict[str, Any]]:
    """The source's sound and text subtitles as ffmpeg streams, and output options for them.

    They are shifted and cut like the video. A picture sequence has none.
    """
    if source.files:
        return [], {}
    origin = manifest.seconds(manifest.origin)
    opening: dict[str, Any] = {"itsoffset": _decimal(-origin), **LOCAL}
    if source.start:
        skipped = origin - Fraction(probe.container_start) - _PREROLL
        # accurate_seek would compare shifted times with this unshifted one, and drop too much
        opening |= {"noaccurate_seek": None, "ss": _decimal(max(Fraction(0), skipped))}
    whole = ffmpeg.input(local(source.path), **opening)
    sounds = [track for track in probe.audio if track.codec != UNKNOWN]
    texts = [track for track in probe.subtitles if track.codec not in {*_BITMAP_SUBTITLES, UNKNOWN}]
    options: dict[str, Any] = {"map_metadata": 1, "map_chapters": 1}
    if source.end is not None:
        options["t"] = _decimal(timing.length)
    if probe.language:
        options["metadata:s:v:0"] = f"language={probe.language}"
    for number, track in enumerate(sounds):
        options |= _sound_options(number, track, source, timing.length)
    for number, track in enumerate(texts):
        options[f"c:s:{number}"] = "copy" if track.codec == "mov_text" else "mov_text"
    streams = [whole[str(track.index)] for track in [*sounds, *texts]]
    # a map that matches no stream keeps a silent film as an input, for its metadata
    return streams or [whole[f"{_NO_STREAM}?"]], options


_NO_STREAM = 1_000_000


def _sound_options(number: int, track: Track, source: Source, length: Fraction) -> dict[str, Any]:
    """Output options of one sound track: copied if an mp4 can hold its codec, else AAC.

    AAC is cut to the sample, copied sound is not.
    """
    if track.codec in _COPIED_SOUND:
        # ffmpeg 5.1 writes FLAC into an mp4 only where what it calls experimental is allowed
        allowed = {"strict": "experimental"} if track.codec == "flac" else {}
        return {f"c:a:{number}": "copy", **allowed}
    filters = []
    if _is_wide(track):
        filters.append("pan=7.1|" + "|".join(f"c{place}=c{place}" for place in range(_CHANNELS)))
    if source.start is not None or source.end is not None:
        end = f":end={_decimal(length)}" if source.end is not None else ""
        filters.append(f"atrim=start=0{end}")
    chain = {f"filter:a:{number}": ",".join(filters)} if filters else {}
    return {f"c:a:{number}": "aac", f"b:a:{number}": "192k", **chain}


def _is_wide(track: Track) -> bool:
    """Whether a sound has more channels than AAC has an arrangement for."""
    return (track.channels or 0) > _CHANNELS


_CHANNELS = 8


def _decimal(seconds: Fraction) -> str:
    """Format seconds to the microsecond, which is as fine as ffmpeg reads them."""
    return f"{float(seconds):.6f}"


def _feed(pipe: Any, timing: _Timing, frames: Iterator[bytes], size: tuple[int, int]) -> None:
    """Write raw frames with their exact times, in NUT format, to ffmpeg's stdin."""
    with av.open(pipe, "w", format="nut") as container:
        stream = container.add_stream("rawvideo")
        stream.width, stream.height = size
        stream.pix_fmt = "rgb48le"
        stream.time_base = stream.codec_context.time_base = timing.unit
        for time, frame in zip(timing.times, frames, strict=True):
            packet = av.Packet(frame)
            packet.pts = packet.dts = time
            packet.time_base = timing.unit
            packet.stream = stream
            packet.is_keyframe = True
            container.mux(packet)


def _raw(
    store: Store,
    keys: Sequence[str],
    shape: tuple[int, ...],
    output: Path,
    say: Say,
    change: Change,
) -> Iterator[bytes]:
    """Yield frames of a store as raw RGB, 16 bits per channel, little-endian.

    shape: the (height, width, 3) of the first frame. change: what is done to each frame before, by
    its number.
    Raises GramflowError for a frame of another shape.
    """
    due = Every(2)
    for number, key in enumerate(keys):
        pixels = change(number, store.read(key))
        if pixels.shape != shape:
            found, first = (f"{width}x{height}" for height, width, _ in (pixels.shape, shape))
            raise GramflowError(
                f"{output}: {store.path(key)} has {found} pixels, the first frame {first}; "
                "delete it and run again"
            )
        if pixels.dtype != np.uint16:
            pixels = pixels.astype(np.uint16) * np.uint16(257)
        yield pixels.astype("<u2").tobytes()
        if due:
            say(f"{output}: encoded {number + 1} of {len(keys)} frames")


def _check_count(film: Path, output: Path, expected: int) -> None:
    """Raise GramflowError when the encoded film does not have the expected number of frames."""
    with open_film(film) as container:
        found = sum(1 for packet in container.demux(video=0) if packet.size)
    if found != expected:
        raise GramflowError(
            f"{output}: ffmpeg wrote {found} of {expected} frames; try another codec, and report it"
        )
