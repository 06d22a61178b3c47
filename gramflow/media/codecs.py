"""What ffmpeg is told for each encoder and container of the config."""

from collections.abc import Mapping
from typing import Any

from gramflow.media.probe import Track
from gramflow.settings.encoding import container_of

_THREADS = 8  # fixed, because the bytes that x264 writes depend on it
_SPEEDS = ["ultrafast", "superfast", "veryfast", "faster", "fast"]
_SPEEDS += ["medium", "slow", "slower", "veryslow"]
_AV1 = {"libsvtav1": ("preset", 12), "libaom-av1": ("cpu-used", 8)}
"""The option of an AV1 encoder for its speed, and its number for the fastest preset."""

_FORMATS: dict[str, dict[str, Any]] = {
    "mp4": {"format": "mp4", "movflags": "+faststart"},
    # tags that QuickTime does not know are written, too: how the film was made
    "mov": {"format": "mov", "movflags": "+faststart+use_metadata_tags"},
    "mkv": {"format": "matroska"},
    "gif": {"format": "gif", "loop": 0},
    "webp": {"format": "webp", "loop": 0},
}
SILENT = frozenset({"gif", "webp"})
"""Containers that hold nothing but pictures."""

_TOLD = {"mp4": "encoding_tool", "mov": "encoding_tool", "mkv": "gramflow"}

_MP4_SOUND = frozenset({"aac", "ac3", "alac", "dts", "eac3", "flac", "mp2", "mp3", "opus"})
_MOV_SOUND = frozenset({"aac", "ac3", "alac", "eac3", "mp2", "mp3"})
_MKV_SOUND = _MP4_SOUND | {"mlp", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"}
_MKV_SOUND |= {"truehd", "vorbis", "wavpack"}

BITMAP_SUBTITLES = frozenset(
    {"dvb_subtitle", "dvb_teletext", "dvd_subtitle", "hdmv_pgs_subtitle", "xsub"}
)
_MKV_SUBTITLES = frozenset({"ass", "dvb_subtitle", "dvd_subtitle", "hdmv_pgs_subtitle", "subrip"})


def encoder_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Output options of encoder and container that depend on the config alone.

    settings: the config's `encode`.
    """
    return {
        **_FORMATS[container_of(settings)],
        "fflags": "+bitexact",
        "flags:v": "+bitexact",
        "flags:a": "+bitexact",
        "threads:v": _THREADS,
        "c:v": settings["codec"],
        **_quality(settings),
    }


def _quality(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Options for quality and speed. A studio's encoders have a profile in place of both."""
    codec, crf, pixels = settings["codec"], settings["crf"], settings["pixel_format"]
    full = "444" in pixels or pixels.startswith("gbr")
    if codec == "prores_ks":
        return {"profile:v": "4444" if full else "hq", "vendor": "apl0"}
    if codec == "dnxhd":
        deep = "dnxhr_hqx" if pixels.endswith("10le") else "dnxhr_hq"
        return {"profile:v": "dnxhr_444" if full else deep}
    if codec == "ffv1":
        return {"level": 3, "g": 1, "slices": 16, "slicecrc": 1}
    if codec == "gif":
        return {}
    if codec == "libwebp_anim":
        return {"lossless": int(pixels == "bgra"), "quality": max(0, 100 - crf)}
    if codec in _AV1:
        return {"crf": crf, **_av1_speed(codec, settings["speed"])}
    return {"crf": crf, "preset": settings["speed"]}


def _av1_speed(codec: str, speed: str) -> dict[str, Any]:
    """The speed of an AV1 encoder, a number, also by the name of x264's preset."""
    option, fastest = _AV1[codec]
    if speed not in _SPEEDS:
        return {option: speed}
    slow = _SPEEDS.index(speed) / (len(_SPEEDS) - 1)
    return {option: fastest - round(slow * (fastest - 2))}


def told_options(container: str, told: str) -> dict[str, Any]:
    """Output options that write into a film how it was made; none where it has no place for it."""
    return {"metadata": f"{_TOLD[container]}={told}"} if told and container in _TOLD else {}


def sound_codec(container: str, codec: str) -> dict[str, Any]:
    """Options of a sound track of `codec`, without the stream they are for.

    It is copied where the container can hold it; else it becomes AAC in an mp4, which plays
    everywhere, and lossless PCM or FLAC in the others.
    """
    if container == "mov" and (codec in _MOV_SOUND or codec.startswith("pcm_")):
        return {"c": "copy"}
    if container == "mkv":
        return {"c": "copy" if codec in _MKV_SOUND else "flac"}
    if container == "mov":
        return {"c": "pcm_s24le"}
    return {"c": "copy"} if codec in _MP4_SOUND else {"c": "aac", "b": "192k"}


def holds_subtitles(container: str, track: Track) -> bool:
    """Whether a container can hold a subtitle track; bitmaps only go into Matroska."""
    if track.codec in BITMAP_SUBTITLES:
        return container == "mkv" and track.codec in _MKV_SUBTITLES
    return True


def subtitle_codec(container: str, codec: str) -> str:
    """The encoder for a subtitle track of `codec`, or "copy"."""
    if container == "mkv":
        return "copy" if codec in _MKV_SUBTITLES else "subrip"
    return "copy" if codec == "mov_text" else "mov_text"
