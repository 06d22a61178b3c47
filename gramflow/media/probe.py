"""Properties of a video, from headers and packets; no more than one frame is decoded."""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av

from gramflow.base.errors import GramflowError, concerning
from gramflow.base.files import Document
from gramflow.base.limits import MOST_PIXELS
from gramflow.media.exr import is_exr, read_exr
from gramflow.media.ffmpeg import binary, open_film
from gramflow.media.pictures import is_picture, read_pixels
from gramflow.media.source import Source
from gramflow.media.tags import MATRICES, PRIMARIES, RANGES, TRANSFERS

UNKNOWN = "unknown"
"""Codec of a stream that ffmpeg cannot read."""


@dataclass(frozen=True)
class Track:
    """A sound or subtitle stream: index in the file, codec; language and title where tagged."""

    index: int
    codec: str
    language: str | None = None
    title: str | None = None
    channels: int | None = None
    sample_rate: int | None = None


@dataclass(frozen=True)
class Probe(Document):
    """Properties of one video. Fractions are strings, "numerator/denominator".

    format: the container, as ffmpeg names it; "pictures" for a picture sequence.
    index, codec, language: of the film's video stream.
    width, height: as stored, before rotation.
    rotation: degrees clockwise that turn it upright.
    pixel_aspect: width to height of one pixel as stored.
    bits: per channel.
    range, primaries, transfer, matrix: ffmpeg's names of the colour tags, None where untagged.
    average_rate, real_rate: mean frames per second, and the container's nominal rate.
    variable: whether the time between frames varies by more than rounding.
    frames: number of frames to show (packets, without those that the container hides).
    time_base: seconds per unit of first and end.
    first, end: when the first frame appears and the last one disappears, in units.
    container_start: the container's own start time, in seconds.
    start: when film and sound start, in seconds.
    duration: seconds from there to the last frame's end.
    audio, subtitles: the other streams, in the file's order; the codec of one is UNKNOWN where
        ffmpeg cannot read it.
    timecode: of the first frame, hh:mm:ss:ff, where there is one.
    interlaced: whether the first frame says that it consists of two fields, one after the other.
    """

    format: str
    index: int
    codec: str
    language: str | None
    width: int
    height: int
    rotation: int
    pixel_aspect: str
    pixel_format: str
    is_rgb: bool
    bits: int
    range: str | None
    primaries: str | None
    transfer: str | None
    matrix: str | None
    average_rate: str
    real_rate: str
    variable: bool
    frames: int
    time_base: str
    first: int
    end: int
    container_start: str
    start: str
    duration: str
    audio: list[Track]
    subtitles: list[Track]
    timecode: str | None = None
    interlaced: bool = False

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after rotation."""
        return (self.height, self.width) if self.rotation % 180 else (self.width, self.height)

    @property
    def upright_aspect(self) -> Fraction:
        """Width to height of one pixel after rotation."""
        aspect = Fraction(self.pixel_aspect)
        return 1 / aspect if self.rotation % 180 else aspect

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """Return the probe of the values that `to_values` gave."""
        tracks = {
            kind: [Track(**track) for track in values[kind]] for kind in ("audio", "subtitles")
        }
        return cls(**values | tracks)


def probe(source: Source) -> Probe:
    """Probe a video.

    Raises GramflowError when it is missing, no film, without frames, or truncated; also when there
    is no ffmpeg.
    """
    binary()  # fail here rather than after the film has been painted
    if source.files:
        with concerning(source.entry):
            return _probe_pictures(source.files, Fraction(source.fps or 1))
    try:
        container = open_film(source.path)
    except (OSError, av.FFmpegError) as error:
        raise _unreadable(source, error) from error
    with container:
        return _probe_film(source, container)


def _probe_pictures(files: tuple[Path, ...], fps: Fraction) -> Probe:
    """Probe a picture sequence: it starts at 0, and each picture lasts one unit of time."""
    linear = is_exr(files[0])
    pixels = read_exr(files[0]) if linear else read_pixels(files[0])
    duration = str(len(files) / fps)
    return Probe(
        format="pictures",
        index=0,
        codec=files[0].suffix.lstrip(".").lower(),
        language=None,
        width=pixels.shape[1],
        height=pixels.shape[0],
        rotation=0,
        pixel_aspect="1",
        pixel_format="rgb24" if pixels.dtype.itemsize == 1 else "rgb48le",
        is_rgb=True,
        bits=8 if pixels.dtype.itemsize == 1 else 16,
        range=None,
        primaries=None,
        transfer="linear" if linear else None,
        matrix=None,
        average_rate=str(fps),
        real_rate=str(fps),
        variable=False,
        frames=len(files),
        time_base=str(1 / fps),
        first=0,
        end=len(files),
        container_start="0",
        start="0",
        duration=duration,
        audio=[],
        subtitles=[],
    )


def _probe_film(source: Source, container: Any) -> Probe:
    """Probe a film: its headers, one pass over all packets, and one decoded frame."""
    stream = _video_stream(source, container)
    packets = _read_packets(source, container, stream)
    time_base, container_start = stream.time_base, Fraction(container.start_time or 0, av.time_base)
    first, end = packets.times[0], packets.end
    start = min(first * time_base, max(Fraction(0), packets.earliest))
    frame = _first_frame(source)
    codec, layout = stream.codec_context, stream.codec_context.format or frame.format
    return Probe(
        format=container.format.name,
        index=stream.index,
        codec=codec.codec.canonical_name,
        language=_tag(stream, "language"),
        width=codec.width,
        height=codec.height,
        rotation=-frame.rotation % 360,
        pixel_aspect=str(stream.sample_aspect_ratio or 1),
        pixel_format=layout.name,
        is_rgb=layout.is_rgb or layout.has_palette,
        bits=max(component.bits for component in layout.components),
        range=RANGES.get(int(frame.color_range)) or RANGES.get(int(codec.color_range)),
        primaries=PRIMARIES.get(int(codec.color_primaries)),
        transfer=TRANSFERS.get(int(codec.color_trc)),
        matrix=MATRICES.get(int(frame.colorspace)),
        average_rate=str(stream.average_rate or Fraction(len(packets.times)) / max(1, end - first)),
        real_rate=str(stream.base_rate or stream.average_rate),
        variable=_varies(packets.times),
        frames=len(packets.times),
        time_base=str(time_base),
        first=first,
        end=end,
        container_start=str(container_start),
        start=str(start),
        duration=str(end * time_base - start),
        audio=[_track(sound) for sound in container.streams.audio],
        subtitles=[_track(text) for text in container.streams.subtitles],
        timecode=_timecode(stream, container),
        interlaced=bool(frame.interlaced_frame),
    )


def _timecode(stream: Any, container: Any) -> str | None:
    """The time code of the first frame: the film's stream has it, or the whole file."""
    for tags in (stream.metadata, container.metadata):
        found = {key.lower(): value for key, value in tags.items()}.get("timecode")
        if found:
            return str(found)
    return None


def _video_stream(source: Source, container: Any) -> Any:
    """The first video stream that is not a cover picture.

    Raises GramflowError when there is none, and for one whose frames are too large to decode.
    """
    attached = av.stream.Disposition.attached_pic
    films = [video for video in container.streams.video if not video.disposition & attached]
    if films and films[0].codec_context is None:
        raise _undecodable(source, "a kind nobody knows")
    if films:
        _check_pixels(source, films[0].codec_context)
        return films[0]
    what = "only a cover picture" if container.streams.video else "no video stream"
    raise GramflowError(
        f"{source.entry}: {source.path} has {what}; give a file with moving pictures"
    )


def _check_pixels(source: Source, codec: Any) -> None:
    """Raise GramflowError for a film whose frames, by its header, are too large to decode.

    Told by `open_film` how many pixels may be, ffmpeg gives more of them no size at all.
    """
    if not 0 < codec.width * codec.height <= MOST_PIXELS:
        raise GramflowError(
            f"{source.entry}: {source.path} has frames of no size, or of more than {MOST_PIXELS} "
            "pixels; make it smaller, or give another film"
        )


@dataclass(frozen=True)
class _Packets:
    """What a pass over all packets found.

    times: presentation times of the film's frames, sorted, in its units.
    end: when the last frame disappears, in units.
    earliest: earliest start of the film and its sound streams, in seconds.
    """

    times: list[int]
    end: int
    earliest: Fraction


def _read_packets(source: Source, container: Any, stream: Any) -> _Packets:
    """Read every packet of the file.

    Raises GramflowError when the file has no frames or is truncated.
    """
    shown: list[tuple[int, int]] = []
    total, timeless = 0, 0
    # the container's start may be that of its sound alone
    earliest, latest = Fraction(container.start_time or 0, av.time_base), Fraction(0)
    try:
        for packet in container.demux():
            time = packet.dts if packet.pts is None else packet.pts
            if not packet.size:
                continue
            if time is None:
                timeless += packet.stream_index == stream.index
                continue
            earliest = min(earliest, time * packet.time_base)
            latest = max(latest, (time + (packet.duration or 0)) * packet.time_base)
            total += packet.stream_index == stream.index
            if packet.stream_index == stream.index and not packet.is_discard:
                shown.append((time, packet.duration or 0))
    except (OSError, av.FFmpegError) as error:
        raise _truncated(source, f"unreadable after {total} frames") from error
    if not shown and timeless:
        raise GramflowError(
            f"{source.entry}: {source.path} does not say when its frames are shown; put them into "
            "an .mp4 or .mkv file by another tool"
        )
    if not shown:
        raise GramflowError(f"{source.entry}: {source.path} has no frames; give a film that has")
    shown.sort()
    _check_frames(source, container, stream, total, sum(shown[-1]))
    _check_duration(source, container, latest - earliest)
    times = [time for time, _ in shown]
    starts = [
        each.start_time * each.time_base
        for each in (stream, *container.streams.audio)
        if each.start_time is not None
    ]
    return _Packets(
        times,
        times[-1] + _last_duration(stream, shown),
        min(starts, default=times[0] * stream.time_base),
    )


def _last_duration(stream: Any, shown: list[tuple[int, int]]) -> int:
    """How long the last frame is shown, in units.

    Until the track's end where the container states it, since a packet's own duration refers to
    decoding order. Else the packet's duration, else that of the frame before, else 1.
    """
    last, duration = shown[-1]
    if stream.duration and stream.start_time is not None:
        rest: int = stream.start_time + stream.duration - last
        if rest > 0:
            return rest
    return duration or (last - shown[-2][0] if len(shown) > 1 else 0) or 1


def _check_frames(source: Source, container: Any, stream: Any, total: int, end: int) -> None:
    """Raise GramflowError when the stream has fewer frames than its header says.

    Frames that an edit list cut or an AVI dropped are missing, too, but not at the end; so the
    stream must also end early.
    """
    length = stream.frames if container.format.name == "avi" else stream.duration or 0
    missing = (stream.start_time or 0) + length - end
    step = Fraction(length, max(1, stream.frames))
    if total < stream.frames and missing >= step:
        raise _truncated(source, f"it has {total} of {stream.frames} frames")


def _check_duration(source: Source, container: Any, reached: Fraction) -> None:
    """Raise GramflowError when the file ends well before the duration in its header.

    reached: seconds from its first packet to the end of its last one.
    """
    if container.duration is None or not container.format.name.startswith(_DECLARING):
        return
    duration = Fraction(container.duration, av.time_base)
    if duration - reached > max(_SLACK, duration / 100):
        raise _truncated(source, f"it ends after {float(reached):.1f} s of {float(duration):.1f} s")


_DECLARING = ("matroska", "mov", "flv", "asf")  # headers of others only estimate the duration
_SLACK = Fraction(1, 2)  # seconds; headers are rounded, and may overstate the last sound block


def _first_frame(source: Source) -> Any:
    """Decode the first frame: its rotation and colour tags are better than the headers'."""
    with open_film(source.path) as container:
        stream = _video_stream(source, container)
        try:
            return next(container.decode(stream))
        except (StopIteration, OSError, av.FFmpegError) as error:
            raise _undecodable(source, stream.codec_context.name) from error


def _varies(times: list[int]) -> bool:
    """Whether frame times deviate from a uniform grid by more than rounding (one unit)."""
    step = Fraction(times[-1] - times[0], max(1, len(times) - 1))
    return any(abs(time - times[0] - n * step) > 1 for n, time in enumerate(times))


def _track(stream: Any) -> Track:
    """A PyAV sound or subtitle stream as a Track."""
    codec = stream.codec_context
    return Track(
        index=stream.index,
        codec=codec.codec.canonical_name if codec else UNKNOWN,
        language=_tag(stream, "language"),
        title=_tag(stream, "title"),
        channels=getattr(codec, "channels", None),
        sample_rate=getattr(codec, "sample_rate", None),
    )


def _tag(stream: Any, key: str) -> str | None:
    """A stream's metadata entry; None if it is missing or "und" (undetermined)."""
    value = stream.metadata.get(key)
    return None if value == "und" else value


def _unreadable(source: Source, error: Exception) -> GramflowError:
    """The error for a file that cannot be opened, by its cause."""
    path, entry = source.path, source.entry
    if not path.exists():
        return GramflowError(f"{entry}: {path} does not exist; give the path of a film")
    if path.is_dir():
        return GramflowError(f"{entry}: {path} is a folder; give a film, or {path}/*.png with fps")
    if not os.access(path, os.R_OK):
        return GramflowError(f"{entry}: {path} may not be read; change its permissions")
    if is_picture(path):
        return GramflowError(
            f"{entry}: {path} is one picture; give a film, or a pattern such as frames/*.png "
            "with fps"
        )
    return GramflowError(
        f"{entry}: {path} is no film that ffmpeg can read ({_words(error)}); it may be cut off, "
        "a playlist or of another kind: copy it again, or give a film such as .mp4, .mkv, .mov or "
        ".avi"
    )


def _undecodable(source: Source, codec: str) -> GramflowError:
    """The error for a film whose frames cannot be decoded."""
    return GramflowError(
        f"{source.entry}: {source.path}: its frames, of {codec}, cannot be decoded; convert it "
        "with another tool, or give another film"
    )


def _truncated(source: Source, how: str) -> GramflowError:
    """The error for a film that is cut off."""
    return GramflowError(
        f"{source.entry}: {source.path} is cut off: {how}; copy or download it again"
    )


def _words(error: Exception) -> str:
    """Message of a system or ffmpeg error, without its number and file name."""
    return str(getattr(error, "strerror", None) or error).splitlines()[0]
