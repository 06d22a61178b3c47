"""Encodes painted frames as a film with the source's times, sound, subtitles and colours."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
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
from gramflow.base.files import appearing, read_json
from gramflow.base.progress import WARNING, Every, Say
from gramflow.film.manifest import Manifest
from gramflow.media.codecs import (
    SILENT,
    encoder_options,
    holds_subtitles,
    sound_codec,
    subtitle_codec,
    told_options,
)
from gramflow.media.colour import as_painted, scale_from_rgb, tags
from gramflow.media.extract import frames_of
from gramflow.media.ffmpeg import LOCAL, local, open_film, running
from gramflow.media.pictures import deepened, from_pixels, resize, to_pixels
from gramflow.media.probe import UNKNOWN, Probe, Track
from gramflow.media.scene import light_of_painted
from gramflow.media.sequence import FACTS, check_encoder, write_frames
from gramflow.media.source import Source
from gramflow.media.timecode import advanced
from gramflow.settings.encoding import FRAMES, container_of, has_alpha
from gramflow.store.frames import Store

_PREROLL = Fraction(1, 5)  # seconds of sound before a trim's start, decoded but not played
Change = Callable[[int, Pixels], Pixels]
"""Called with a frame's number and pixels before it is encoded; returns what is encoded of it."""

_TIMESCALES = ("video_track_timescale", "movie_timescale")
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
    output: the film; a folder where the settings' container is one.
    settings: the config's `encode`: codec, crf, pixel_format, speed (the encoder's preset), and
        container where it is not the encoder's own.
    told: how the frames were made, for the film's metadata; `told_by` reads it.
    change: what is done to each frame before, by its number; its size stays.
    Sound, subtitles, chapters, time code and metadata come from the source's file; what the
    container cannot hold is left out, with a message. The alpha channel is the source's where it
    has `alpha` and the pixel format has one. The output appears only when it holds every frame.
    The same input gives the same bytes.
    Raises GramflowError when frames are missing or differ in size, when their size does not fit the
    pixel format, when ffmpeg fails, and when the disk is full.
    """
    if len(keys) != len(manifest.frames):
        raise GramflowError(
            f"{output}: {len(keys)} frames for a film of {len(manifest.frames)}; run again"
        )
    height, width = painted.read(keys[0]).shape[:2]
    _check_size(str(output), width, height, str(settings["pixel_format"]))
    timing, container = _Timing.of(manifest), container_of(settings)
    keeps_alpha = source.alpha and has_alpha(settings["pixel_format"])
    if source.alpha and not keeps_alpha:
        without = f"without alpha, which {settings['pixel_format']} has not"
        say(f"{WARNING}{output}: {without}; give another encode.pixel_format, such as yuva444p10le")

    def pictures() -> Iterator[Pixels]:
        frames = _pictures(painted, keys, (height, width, 3), output, say, change)
        return _with_alpha(frames, source, probe, output, say) if keeps_alpha else frames

    for text in _changes_of(_BESIDE if container == FRAMES else container, probe):
        say(f"{WARNING}{output}: {text}")
    if container == FRAMES:
        _write_folder(pictures(), manifest, timing, probe, source, output, settings, told)
        return
    film = _film((width, height), as_painted(probe, source.colours), settings)
    rate = Fraction(probe.average_rate)
    if container == "mkv" and timing.has_rate(rate):
        film = film.filter("fps", str(rate))  # the header states it, since times are rounded

    def write(kept: Probe) -> None:
        streams, options = _others(manifest, timing, kept, source, container)
        options |= encoder_options(settings) | told_options(container, told)
        _write([film, *streams], options, timing, pictures(), output, container)

    try:
        write(probe)
    except GramflowError:
        failing = _failing(manifest, timing, probe, source, container)
        if not failing:
            raise
        for index, why in failing:
            say(f"{WARNING}{output}: without stream {index} of the film, which fails: {why}")
        write(_without(probe, [index for index, _ in failing]))


def _failing(
    manifest: Manifest, timing: "_Timing", probe: Probe, source: Source, container: str
) -> list[tuple[int, str]]:
    """The sound and subtitle streams of which ffmpeg cannot make a file: index in the film, reason.

    Damage in them is not known before: they are read whole only when the film is encoded.
    """
    tracks = [] if container in SILENT else [*probe.audio, *probe.subtitles]
    found = []
    for track in tracks:
        others = [other.index for other in tracks if other is not track]
        streams, options = _others(manifest, timing, _without(probe, others), source, container)
        # those on metadata and chapters refer to an input, and a stream, of pictures
        about_pictures = ("map_", "metadata:")
        options = {key: of for key, of in options.items() if not key.startswith(about_pictures)}
        with TemporaryDirectory() as folder:
            graph = ffmpeg.output(*streams, local(Path(folder, f"track.{container}")), **options)
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


def encode_for_page(
    manifest: Manifest,
    probe: Probe,
    store: Store,
    keys: Sequence[str],
    size: tuple[int, int],
    output: Path,
    say: Say,
) -> None:
    """Encode frames of a store at the film's times, without sound, for a web page.

    probe: of the video, with the colours that are painted. keys: of the frames, such as the
    video's own. size: width and height of the painted frames, to which these are resized; an odd
    side is made even, since browsers play only 4:2:0. Raises GramflowError as `encode` does.
    """
    width, height = (side + side % 2 for side in size)
    timing = _Timing.of(manifest)

    def resized(_: int, pixels: Pixels) -> Pixels:
        return to_pixels(resize(from_pixels(pixels), width, height))

    frames = _pictures(store, keys, (height, width, 3), output, say, resized)
    film, options = _film((width, height), probe, BROWSERS), encoder_options(BROWSERS) | _SEEKABLE
    _write([film], options, timing, frames, output, "mp4")


def copy_for_browsers(film: Path, output: Path) -> None:
    """Encode a film again, with its times and sound, in a format that every browser plays.

    Raises GramflowError when ffmpeg fails, and when the disk is full.
    """
    source = ffmpeg.input(local(film), **LOCAL)
    even = {"w": "iw+mod(iw,2)", "h": "ih+mod(ih,2)", "flags": "bicubic"}
    video = source["v:0"].filter("scale", **even).filter("format", BROWSERS["pixel_format"])
    options = encoder_options(BROWSERS) | _SEEKABLE | {"c:a": "aac", "b:a": "192k"}
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


BROWSERS = {"codec": "libx264", "crf": 18, "pixel_format": "yuv420p", "speed": "fast"}
"""`encode` settings of films that every browser plays."""

_SEEKABLE = {"g": 24}  # frames between two that are decoded alone: stepping back decodes at most 24


def _write(
    streams: Sequence[Any],
    options: Mapping[str, Any],
    timing: "_Timing",
    frames: Iterator[Pixels],
    output: Path,
    container: str,
) -> None:
    """Feed frames to ffmpeg, and write the film, which appears only when it holds them all."""
    with appearing(output) as temporary:
        times = timing.options(container)
        graph = ffmpeg.output(*streams, local(temporary), **times, **options)
        with running(
            graph.overwrite_output(), str(output), output.parent, pipe_stdin=True
        ) as child:
            _feed(child.stdin, timing, frames)
        if container not in SILENT:  # loops show a repeated frame longer, and store it once
            _check_count(temporary, output, len(timing.times))


def _write_folder(
    frames: Iterator[Pixels],
    manifest: Manifest,
    timing: "_Timing",
    probe: Probe,
    source: Source,
    output: Path,
    settings: Mapping[str, Any],
    told: str,
) -> None:
    """Write a folder of pictures, with the source's sound, subtitles and chapters beside them."""
    facts = {
        "rate": str(1 / timing.unit) if timing.even else None,
        "seconds": [str(time * timing.unit) for time in timing.times],
        "length": str(timing.length),
        "timecode": _timecode(manifest, probe),
        "made": told,
    }

    def write_sound(path: Path) -> None:
        streams, options = _others(manifest, timing, probe, source, _BESIDE)
        options |= {"format": "matroska", "fflags": "+bitexact", "flags:a": "+bitexact"}
        options |= {"map_metadata": 0, "map_chapters": 0}  # there are no frames from stdin
        options.pop("metadata:s:v:0", None)
        graph = ffmpeg.output(*streams, local(path), copyts=None, **options)
        with running(graph.overwrite_output(), str(output), output.parent):
            pass

    sound = write_sound if probe.audio or probe.subtitles else None
    write_frames(
        frames,
        settings["codec"],
        lambda pixels: light_of_painted(pixels, source, probe),
        facts,
        sound,
        output,
    )


_BESIDE = "mkv"
"""Container of the sound beside a folder of pictures."""


def _changes_of(container: str, probe: Probe) -> Iterator[str]:
    """Tell what of a source's sound and subtitles its film cannot have, or has otherwise."""
    if container in SILENT:
        if probe.audio or probe.subtitles:
            yield f"without sound and subtitles, which a .{container} cannot hold"
        return
    for kind, tracks in (("sound", probe.audio), ("subtitles", probe.subtitles)):
        for track in tracks:
            if track.codec == UNKNOWN:
                yield f"without the {kind} of stream {track.index}, whose codec ffmpeg cannot read"
    for track in _readable(probe.subtitles):
        if not holds_subtitles(container, track):
            yield f"without the subtitles of stream {track.index}, which are pictures"
    for track in _readable(probe.audio):
        codec = sound_codec(container, track.codec)["c"]
        if codec != "copy":
            kept = f" of its first {_CHANNELS} channels" if _is_wide(track) else ""
            changed = f"the sound of stream {track.index}, {track.codec}, becomes {_NAMES[codec]}"
            yield f"{changed}{kept if codec == 'aac' else ''}, since a .{container} cannot hold it"


_NAMES = {"aac": "AAC", "flac": "FLAC", "pcm_s24le": "PCM"}


def _readable(tracks: Sequence[Track]) -> list[Track]:
    """The tracks whose codec ffmpeg knows."""
    return [track for track in tracks if track.codec != UNKNOWN]


def _timecode(manifest: Manifest, probe: Probe) -> str | None:
    """The time code of the film's first frame; None without one, and where times are uneven."""
    if probe.timecode is None or probe.variable:
        return None
    rate, unit = Fraction(probe.average_rate), Fraction(probe.time_base)
    skipped = manifest.seconds(manifest.times[0]) - probe.first * unit
    return advanced(probe.timecode, round(skipped * rate), rate)


def told_by(film: Path) -> str:
    """What `encode` wrote into a film, or into a folder of frames, as `told`; "" for films of other
    programs.

    Raises GramflowError for a file that is no film.
    """
    if (film / FACTS).is_file():
        return str(read_json(film / FACTS).get("made", ""))
    try:
        with open_film(film) as container:
            told = {key.lower(): value for key, value in container.metadata.items()}
    except av.FFmpegError as error:
        raise GramflowError(f"{film}: no film that can be read; give one of results/") from error
    keys = ("gramflow", "encoding_tool", "encoder")
    return str(next((told[key] for key in keys if key in told), ""))


def try_out(settings: Mapping[str, Any], sizes: Iterable[tuple[int, int]]) -> None:
    """Test-encode two black frames of each (width, height) as `encode` would; nothing is kept.

    Only ffmpeg knows which codec, pixel format, preset and container go together. Without this
    test, a combination that fails would be found only after hours of painting.
    settings: as for `encode`.
    Raises GramflowError, naming the config's entry, when ffmpeg fails, when a size does not fit the
    pixel format, and when the codec replaces the pixel format by a coarser one.
    """
    unit, container = Fraction(1, 25), container_of(settings)
    timing = _Timing(unit, [0, 1], 2 * unit, unit, _MIN_TIMESCALE, even=True)
    for width, height in sizes:
        _check_size("encode.pixel_format", width, height, str(settings["pixel_format"]))
        if container == FRAMES:
            check_encoder(settings["codec"])
            continue
        with TemporaryDirectory() as folder:
            film = Path(folder, f"trial.{container}")
            frames = ffmpeg.input("pipe:0", format="nut", protocol_whitelist="pipe")["v"]
            graph = ffmpeg.output(
                _formatted(frames, settings),
                local(film),
                **encoder_options(settings),
                **timing.options(container),
            )
            fault = (
                f"encode: these settings make no film of {width}x{height} pixels; give another "
                "codec, pixel_format or speed"
            )
            with running(graph, fault, film.parent, pipe_stdin=True) as child:
                black = np.zeros((height, width, 3), np.uint16)
                _feed(child.stdin, timing, iter([black, black]))
            if container not in SILENT:
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
    """Whether `found` has fewer bits or channels than `asked`, or coarser chroma.

    The names of pixel formats cannot be compared: rgb24 is stored as gbrp, nv12 as yuv420p.
    """
    if found.components[0].bits < asked.components[0].bits:
        return True
    if has_alpha(asked.name) and not has_alpha(found.name):
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
    timescale: units per second in an mp4 or mov.
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

    def has_rate(self, rate: Fraction) -> bool:
        """Whether the frames follow each other at this rate from 0, as far as milliseconds tell."""
        return all(
            abs(time * self.unit - number / rate) <= Fraction(1, 1000)
            for number, time in enumerate(self.times)
        )

    def options(self, container: str) -> dict[str, Any]:
        """Output options that keep these times, including the last frame's duration.

        They are exact in an mp4 or mov; others round them, Matroska and WebP to milliseconds, GIF
        to hundredths of a second. ffmpeg guesses durations, and an mp4 takes that of the last frame
        from the last packet. With B-frames, packets are not in the order of display, and an uneven
        last duration cannot be stored; so they are disabled for uneven times.
        """
        duration = "if(N,(DTS-STARTDTS)/N,1)" if self.even else f"round({self.last}/TB)"
        return {
            "copyts": None,
            "fps_mode:v": "passthrough",
            "enc_time_base:v": f"{self.unit.numerator}:{self.unit.denominator}",
            **(dict.fromkeys(_TIMESCALES, self.timescale) if container in ("mp4", "mov") else {}),
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
    """ffmpeg stream of the painted frames (from stdin) in the source's colours and pixel aspect.

    probe: with the colours that are painted.
    """
    width, height = size
    frames = ffmpeg.input("pipe:0", format="nut", protocol_whitelist="pipe")["v"]
    is_rgb = av.VideoFormat(settings["pixel_format"]).is_rgb
    scaled = frames.filter("scale", **scale_from_rgb(probe, width, height, is_rgb))
    return (
        _formatted(scaled, settings)
        .filter("setsar", str(pixel_aspect(probe, width, height)))
        .filter("setparams", **tags(probe, width, height, is_rgb))
    )


def _formatted(frames: Any, settings: Mapping[str, Any]) -> Any:
    """The stream in the pixel format of the settings; of a GIF, with a palette for each frame."""
    formatted = frames.filter("format", settings["pixel_format"])
    if settings["codec"] != "gif":
        return formatted
    copies = formatted.filter_multi_output("split")
    palette = copies[0].filter("palettegen", stats_mode="single")
    return ffmpeg.filter([copies[1], palette], "paletteuse", new=1)


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


def _others(
    manifest: Manifest, timing: _Timing, probe: Probe, source: Source, container: str
) -> tuple[list[Any], dict[str, Any]]:
    """The source's sound and subtitles as ffmpeg streams, and output options for them.

    They are shifted and cut like the video. A picture sequence has none, nor has a GIF or WebP.
    """
    if source.files or container in SILENT:
        return [], {}
    origin = manifest.seconds(manifest.origin)
    opening: dict[str, Any] = {"itsoffset": _decimal(-origin), **LOCAL}
    if source.start:
        skipped = origin - Fraction(probe.container_start) - _PREROLL
        # accurate_seek would compare shifted times with this unshifted one, and drop too much
        opening |= {"noaccurate_seek": None, "ss": _decimal(max(Fraction(0), skipped))}
    whole = ffmpeg.input(local(source.path), **opening)
    sounds = _readable(probe.audio)
    texts = [track for track in _readable(probe.subtitles) if holds_subtitles(container, track)]
    options: dict[str, Any] = {"map_metadata": 1, "map_chapters": 1}
    if source.end is not None:
        options["t"] = _decimal(timing.length)
    if timecode := _timecode(manifest, probe):
        options["timecode"] = timecode
    if probe.language:
        options["metadata:s:v:0"] = f"language={probe.language}"
    for number, track in enumerate(sounds):
        options |= _sound_options(number, track, source, timing.length, container)
    for number, track in enumerate(texts):
        options[f"c:s:{number}"] = subtitle_codec(container, track.codec)
    streams = [whole[str(track.index)] for track in [*sounds, *texts]]
    # a map that matches no stream keeps a silent film as an input, for its metadata
    return streams or [whole[f"{_NO_STREAM}?"]], options


_NO_STREAM = 1_000_000


def _sound_options(
    number: int, track: Track, source: Source, length: Fraction, container: str
) -> dict[str, Any]:
    """Output options of one sound track: copied if the container can hold its codec.

    What is encoded anew is cut to the sample, copied sound is not.
    """
    chosen = sound_codec(container, track.codec)
    options = {f"{key}:a:{number}": value for key, value in chosen.items()}
    if chosen["c"] == "copy":
        # ffmpeg 5.1 writes FLAC into an mp4 only where what it calls experimental is allowed
        return options | ({"strict": "experimental"} if track.codec == "flac" else {})
    filters = []
    if chosen["c"] == "aac" and _is_wide(track):
        filters.append("pan=7.1|" + "|".join(f"c{place}=c{place}" for place in range(_CHANNELS)))
    if source.start is not None or source.end is not None:
        end = f":end={_decimal(length)}" if source.end is not None else ""
        filters.append(f"atrim=start=0{end}")
    chain = {f"filter:a:{number}": ",".join(filters)} if filters else {}
    return options | chain


def _is_wide(track: Track) -> bool:
    """Whether a sound has more channels than AAC has an arrangement for."""
    return (track.channels or 0) > _CHANNELS


_CHANNELS = 8


def _decimal(seconds: Fraction) -> str:
    """Format seconds to the microsecond, which is as fine as ffmpeg reads them."""
    return f"{float(seconds):.6f}"


def _feed(pipe: Any, timing: _Timing, frames: Iterator[Pixels]) -> None:
    """Write raw frames, RGB or RGBA, with their exact times, in NUT format, to ffmpeg's stdin."""
    with av.open(pipe, "w", format="nut") as container:
        stream = container.add_stream("rawvideo")
        stream.time_base = stream.codec_context.time_base = timing.unit
        for number, (time, frame) in enumerate(zip(timing.times, frames, strict=True)):
            if number == 0:
                stream.height, stream.width, channels = frame.shape
                stream.pix_fmt = "rgb48le" if channels == 3 else "rgba64le"
            packet = av.Packet(frame.astype("<u2").tobytes())
            packet.pts = packet.dts = time
            packet.time_base = timing.unit
            packet.stream = stream
            packet.is_keyframe = True
            container.mux(packet)


def _pictures(
    store: Store,
    keys: Sequence[str],
    shape: tuple[int, ...],
    output: Path,
    say: Say,
    change: Change,
) -> Iterator[Pixels]:
    """Yield frames of a store as RGB of 16 bits per channel.

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
        yield deepened(pixels)
        if due:
            say(f"{output}: encoded {number + 1} of {len(keys)} frames")


def _with_alpha(
    frames: Iterator[Pixels], source: Source, probe: Probe, output: Path, say: Say
) -> Iterator[Pixels]:
    """Add the alpha channel of the source's frames, decoded again and resized, to painted frames.

    Where the source has none, they are opaque. Raises GramflowError when the source has changed.
    """
    with closing(frames_of(source, probe, say, alpha=True)) as originals:
        for frame in frames:
            found = next(originals, None)
            if found is None:
                raise GramflowError(
                    f"{output}: {source.path} has fewer frames than when it was extracted; copy it "
                    "again and run again"
                )
            pixels = deepened(found[1])
            height, width, _ = frame.shape
            alpha = np.full((height, width), 65535, np.uint16)
            if pixels.shape[2] == 4:
                alpha = to_pixels(resize(from_pixels(pixels[..., 3]), width, height))
            yield np.dstack([frame, alpha])


def _check_count(film: Path, output: Path, expected: int) -> None:
    """Raise GramflowError when the encoded film does not have the expected number of frames."""
    with open_film(film) as container:
        found = sum(1 for packet in container.demux(video=0) if packet.size)
    if found != expected:
        raise GramflowError(
            f"{output}: ffmpeg wrote {found} of {expected} frames; try another codec, and report it"
        )
