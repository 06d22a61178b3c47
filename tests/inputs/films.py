"""Films that are unusual or wrong: how each is made, and how it has to end."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.media import make, moving, tone

Maker = Callable[[], str]
"""Makes a film in the current folder, and returns its name."""


@dataclass(frozen=True)
class Film:
    """A case of the table.

    case: what it is. make: makes it. refused: part of the line that refuses it, or "" for one that
    ends right. said: part of a warning, likewise. entries: further entries of the video.
    """

    case: str
    make: Maker
    refused: str = ""
    said: str = ""
    entries: dict[str, Any] = field(default_factory=dict)


def by(
    name: str,
    options: str = "",
    inputs: Sequence[str] = (),
    seconds: float = 0.24,
    size: str = "64x48",
) -> Maker:
    """Make a film by ffmpeg from a moving picture and further inputs.

    name: of the file. options: of the output, as in a shell. inputs: ffmpeg's arguments for further
    inputs.
    """

    def made() -> str:
        make(*moving(seconds, "25", size), *inputs, *shlex.split(options), f"file:{name}")
        return name

    return made


def patched(make: Maker, old: bytes, new: bytes, count: int = -1) -> Maker:
    """Make a film, and replace bytes of its file by as many others. count: how often at most."""

    def made() -> str:
        name = make()
        data = Path(name).read_bytes()
        assert old in data and len(old) == len(new)
        Path(name).write_bytes(data.replace(old, new, count))
        return name

    return made


def coloured(primaries: str, transfer: str, matrix: str) -> str:
    """Options for 10 bits in these colours, with their tags."""
    tags = f"color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}:range=tv"
    scale = f"scale=out_color_matrix={matrix.removesuffix('nc')}:out_range=tv"
    return f"-vf {scale},format=yuv420p10le,setparams={tags}"


X264 = "-c:v libx264 -preset ultrafast"
PLAIN = f"{X264} -pix_fmt yuv420p"
HDR = "-c:v libx265 -preset ultrafast -x265-params log-level=none"
BOTH = "-map 0 -map 1"
AAC = "becomes AAC"
SRT = ("-f", "srt", "-i", "file:a.srt")

FILMS = [
    Film(
        "variable frame rate",
        by(
            "a.mkv",
            f"-vf 'setpts=N*3000+mod(N*N*517\\,1900),settb=1/90000' -fps_mode passthrough {PLAIN}",
        ),
    ),
    Film(
        "interlaced, top field first",
        by("a.mp4", f"-vf interlace=lowpass=0 {PLAIN} -flags +ildct+ilme"),
        said="interlaced",
        entries={"deinterlace": False},
    ),
    Film(
        "interlaced MPEG-2, bottom field first",
        by("a.mpg", "-vf interlace=lowpass=0:scan=bff -c:v mpeg2video -flags +ildct+ilme -q:v 2"),
        said="interlaced",
        entries={"deinterlace": False},
    ),
    Film("10 bits", by("a.mp4", f"{X264} -pix_fmt yuv420p10le")),
    Film("12 bits", by("a.mkv", "-c:v ffv1 -pix_fmt yuv422p12le")),
    Film("16 bits RGB", by("a.mkv", "-c:v ffv1 -pix_fmt gbrp16le")),
    Film("HDR, PQ", by("a.mp4", f"{coloured('bt2020', 'smpte2084', 'bt2020nc')} {HDR}")),
    Film("HDR, HLG", by("a.mp4", f"{coloured('bt2020', 'arib-std-b67', 'bt2020nc')} {HDR}")),
    Film("alpha channel (QuickTime Animation)", by("a.mov", "-c:v qtrle -pix_fmt argb")),
    Film(
        "alpha channel (VP9 in WebM)",
        by("a.webm", "-c:v libvpx-vp9 -pix_fmt yuva420p -deadline realtime -auto-alt-ref 0"),
    ),
    Film("gray", by("a.mkv", "-c:v ffv1 -pix_fmt gray")),
    Film("gray, 10 bits", by("a.mkv", "-c:v ffv1 -pix_fmt gray10le")),
    Film("black and white, 1 bit", by("a.nut", "-c:v rawvideo -pix_fmt monob")),
    Film("palette (RLE in AVI)", by("a.avi", "-c:v msrle -pix_fmt pal8 -vf format=pal8")),
    Film("JPEG colours, full range", by("a.avi", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p")),
    Film("4:1:1", by("a.avi", "-c:v ffv1 -pix_fmt yuv411p")),
    Film("odd width", by("a.mkv", "-c:v ffv1 -pix_fmt yuv444p", size="63x48")),
    Film("odd width and height", by("a.mkv", "-c:v ffv1 -pix_fmt yuv444p", size="63x47")),
    Film("tiny, 2x2", by("a.mkv", "-c:v ffv1 -pix_fmt yuv444p -vf scale=2:2")),
    Film("one pixel wide", by("a.mov", "-c:v qtrle -vf crop=1:48,format=rgb24")),
    Film(
        "very wide, 4000x16",
        by("a.mkv", "-c:v ffv1 -pix_fmt yuv444p -vf scale=4000:16", seconds=0.1),
    ),
    Film("one frame", by("a.mp4", f"{PLAIN} -frames:v 1")),
    Film("one frame in a GIF", by("a.gif", "-frames:v 1")),
    Film(
        "1000 frames a second", by("a.mp4", f"{PLAIN} -vf setpts=N/(1000*TB) -r 1000 -frames:v 20")
    ),
    Film(
        "a frame in 10 seconds",
        by("a.mp4", f"{PLAIN} -vf setpts=N*10/TB -frames:v 3 -fps_mode passthrough"),
    ),
    Film("GIF", by("a.gif")),
    Film("GIF with transparency", by("a.gif", "-vf format=rgba,colorkey=red:0.3")),
    Film("animated PNG", by("a.apng", "-f apng")),
    Film("animated WebP", by("a.webp", "-c:v libwebp_anim"), refused="is one picture"),
    Film(
        "WebM, VP8 and Vorbis",
        by("a.webm", "-c:v libvpx -pix_fmt yuv420p -c:a libvorbis", inputs=tone()),
        said=AAC,
    ),
    Film(
        "WebM, VP9 and Opus",
        by(
            "a.webm",
            "-c:v libvpx-vp9 -pix_fmt yuv420p -deadline realtime -c:a libopus",
            inputs=tone(),
        ),
    ),
    Film("AV1", by("a.mkv", "-c:v libaom-av1 -cpu-used 8", seconds=0.2)),
    Film("H.265", by("a.mp4", f"{HDR} -pix_fmt yuv420p")),
    Film("Theora in Ogg", by("a.ogv", "-c:v libtheora -c:a libvorbis", inputs=tone()), said=AAC),
    Film("Flash", by("a.flv", "-c:v flv -c:a libmp3lame -ar 44100", inputs=tone())),
    Film("Windows Media", by("a.wmv", "-c:v wmv2 -c:a wmav2", inputs=tone()), said=AAC),
    Film("RealVideo", by("a.rm", "-c:v rv20 -vf scale=176:144")),
    Film(
        "3GP with AMR sound",
        by(
            "a.3gp",
            "-c:v h263 -vf scale=176:144 -c:a libopencore_amrnb -ar 8000 -ac 1",
            inputs=tone(),
        ),
        said=AAC,
    ),
    Film("transport stream", by("a.ts", f"{PLAIN} -c:a mp2", inputs=tone())),
    Film("MPEG program stream", by("a.vob", "-f vob -c:v mpeg2video -c:a ac3", inputs=tone())),
    Film("elementary stream, H.264", by("a.h264", PLAIN), refused="when its frames are shown"),
    Film("elementary stream, Motion JPEG", by("a.mjpeg", "-c:v mjpeg -pix_fmt yuvj420p")),
    Film("YUV4MPEG", by("a.y4m", "-pix_fmt yuv420p")),
    Film(
        "DV",
        by("a.dv", "-vf scale=720:576 -pix_fmt yuv420p -s 720x576 -r 25", seconds=0.08),
        said="interlaced",
        entries={"deinterlace": False},
    ),
    Film(
        "raw video without any header",
        by("a.yuv", "-f rawvideo -pix_fmt yuv420p"),
        refused="no film that ffmpeg can read",
    ),
    Film("fragmented mp4", by("a.mp4", f"{PLAIN} -movflags +frag_keyframe+empty_moov")),
    Film("anamorphic", by("a.mp4", f"{PLAIN} -vf setsar=64/45")),
    Film("pixel aspect of 1000:1", by("a.mp4", f"{PLAIN} -vf setsar=1000/1")),
    Film("subtitles, text", by("a.mkv", f"{BOTH} {PLAIN} -c:s subrip", inputs=SRT)),
    Film("subtitles, ASS with styles", by("a.mkv", f"{BOTH} {PLAIN} -c:s ass", inputs=SRT)),
    Film("subtitles, WebVTT", by("a.mkv", f"{BOTH} {PLAIN} -c:s webvtt", inputs=SRT)),
    Film(
        "chapters",
        by("a.mp4", f"{PLAIN} -map_metadata 1", inputs=("-f", "ffmetadata", "-i", "file:a.txt")),
    ),
    Film("time code", by("a.mov", f"{PLAIN} -timecode 01:02:03:04")),
    Film(
        "cover picture beside the film",
        by(
            "a.mp4",
            f"-map 0 -map 1 {PLAIN} -c:v:1 png -disposition:v:1 attached_pic",
            inputs=("-i", "file:night.png"),
        ),
    ),
    Film(
        "cover picture before the film",
        by(
            "a.mp4",
            "-map 1 -map 0 -c:v:0 mjpeg -c:v:1 libx264 -pix_fmt:v:1 yuv420p "
            "-disposition:v:0 attached_pic",
            inputs=("-i", "file:night.png"),
        ),
    ),
    Film("two videos in a file", by("a.mkv", f"{BOTH} {PLAIN}", inputs=moving(0.4, "25"))),
    Film(
        "data and attachment streams",
        by("a.mkv", f"{PLAIN} -attach a.txt -metadata:s:t mimetype=text/plain"),
    ),
    Film(
        "edit list that hides the beginning",
        by("a.mp4", f"{PLAIN} -ss 0.12 -g 25 -avoid_negative_ts make_zero", inputs=tone()),
    ),
    Film("times that begin at an hour", by("a.ts", f"{PLAIN} -output_ts_offset 3600")),
    Film(
        "times that do not rise",
        by("a.mkv", f"{PLAIN} -output_ts_offset -0.1 -avoid_negative_ts disabled"),
        said="times that do not rise",
    ),
    Film(
        "metadata in odd letters",
        by("a.mkv", f"{PLAIN} -metadata 'title=a;b=c#{{x}}映画' -metadata comment={'x' * 20000}"),
    ),
    Film(
        "mp4 with a video codec nobody knows",
        patched(by("a.mp4", PLAIN), b"avc1", b"zzz1"),
        refused="cannot be decoded",
    ),
    Film(
        "mkv with a video codec nobody knows",
        patched(by("a.mkv", PLAIN), b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ZZZ"),
        refused="cannot be decoded",
    ),
    Film(
        "avi with a video codec nobody knows",
        patched(by("a.avi", PLAIN), b"H264", b"ZZZZ"),
        refused="cannot be decoded",
    ),
    Film(
        "subtitles of a kind nobody knows",
        patched(
            by("a.mkv", f"{BOTH} {PLAIN} -c:s subrip", inputs=SRT), b"S_TEXT/UTF8", b"S_TEXT/UTFX"
        ),
        said="subtitles of stream 1",
    ),
    Film(
        "subtitles without a single line",
        by("a.mkv", f"{BOTH} {PLAIN} -c:s subrip", inputs=("-f", "srt", "-i", "file:empty.srt")),
    ),
]

TRANSCODED = {
    "pcm_s16le": "a.avi",
    "pcm_s24le": "a.mov",
    "pcm_s32le": "a.mkv",
    "pcm_f32le": "a.mkv",
    "pcm_f64le": "a.mkv",
    "pcm_u8": "a.avi",
    "pcm_s16be": "a.mov",
    "pcm_alaw": "a.avi",
    "pcm_mulaw": "a.mov",
    "pcm_bluray": "a.m2ts",
    "pcm_dvd": "a.vob",
    "s302m": "a.ts",
    "adpcm_ms": "a.avi",
    "adpcm_ima_wav": "a.avi",
    "adpcm_ima_qt": "a.mov",
    "adpcm_swf": "a.flv",
    "libvorbis": "a.mkv",
    "wmav1": "a.asf",
    "wmav2": "a.wmv",
    "wavpack": "a.mkv",
    "tta": "a.mkv",
    "truehd": "a.mkv",
    "mlp": "a.mkv",
    "libopencore_amrnb": "a.3gp",
    "nellymoser": "a.flv",
    "g722": "a.mkv",
    "real_144": "a.rm",
}
RATES = {
    "libopencore_amrnb": "8000",
    "adpcm_swf": "44100",
    "nellymoser": "44100",
    "g722": "16000",
    "real_144": "8000",
}


def sound(codec: str, name: str, options: str = "", rate: int = 48000) -> Maker:
    """Make a film with a sound track of a codec, and a video codec that its container takes."""
    suffix = name.rpartition(".")[2]
    video = _VIDEO.get(suffix, "libx264 -pix_fmt yuv420p")
    size = "176x144" if suffix in ("3gp", "rm") else "64x48"
    given = f"-ac 1 -ar {RATES[codec]}" if codec in RATES else "-ac 2"
    whole = f"{BOTH} -c:v {video} -c:a {codec} {given} -strict -2 {options}"
    return by(name, whole, inputs=tone(0.5, rate), size=size)


_VIDEO = {
    "avi": "mjpeg -pix_fmt yuvj420p",
    "flv": "flv",
    "3gp": "h263",
    "rm": "rv20",
    "wmv": "wmv2",
    "asf": "wmv2",
    "vob": "mpeg2video",
}
WIDE = ("-f", "s16le", "-ar", "48000", "-ac", "22", "-t", "0.3", "-i", "/dev/zero")

SOUNDS = [
    *(
        Film(f"{codec.removeprefix('lib')} in .{name[2:]}", sound(codec, name), said=AAC)
        for codec, name in TRANSCODED.items()
    ),
    Film("longer than the picture", by("a.mp4", f"{PLAIN} -c:a aac", inputs=tone(3))),
    Film(
        "longer than the picture, PCM",
        by("a.mkv", f"{PLAIN} -c:a pcm_s16le", inputs=tone(3)),
        said=AAC,
    ),
    Film("shorter than the picture", by("a.mp4", f"{PLAIN} -c:a aac", inputs=tone(0.1))),
    Film("none", by("a.mp4", PLAIN)),
    Film(
        "three tracks of three codecs",
        by(
            "a.mkv",
            f"-map 0 -map 1 -map 1 -map 1 {PLAIN} -c:a:0 aac -c:a:1 flac -c:a:2 libvorbis "
            "-metadata:s:a:1 language=deu",
            inputs=tone(),
        ),
        said=AAC,
    ),
    Film("8 channels, PCM", sound("pcm_s16le", "a.mkv", "-af aformat=cl=7.1 -ac 8"), said=AAC),
    Film("3 channels, PCM", sound("pcm_s16le", "a.mkv", "-ac 3"), said=AAC),
    Film("16 channels, PCM", sound("pcm_s16le", "a.mkv", "-ac 16"), said="first 8 channels"),
    Film(
        "22 channels of no layout, PCM",
        by("a.mov", f"{BOTH} {PLAIN} -c:a pcm_s16le", inputs=WIDE),
        said="first 8 channels",
    ),
    Film("8 kHz, PCM", sound("pcm_s16le", "a.avi", "-ar 8000"), said=AAC),
    Film("192 kHz, PCM", sound("pcm_s24le", "a.mkv", "-ar 192000"), said=AAC),
    Film("384 kHz, FLAC", sound("flac", "a.mkv", "-ar 384000")),
    Film("12345 Hz, PCM", sound("pcm_s16le", "a.mkv", "-ar 12345"), said=AAC),
    Film(
        "a track without a single sample",
        by(
            "a.mkv",
            f"{PLAIN} -c:a aac",
            inputs=("-f", "lavfi", "-i", "anullsrc=d=0.001", "-t", "0.4"),
        ),
    ),
    Film(
        "a track of a codec nobody knows, avi",
        patched(sound("libmp3lame", "a.avi"), b"U\x00\x02\x00", b"\x99y\x02\x00", 1),
        said="sound of stream 1",
    ),
    Film(
        "a track of a codec nobody knows, mkv",
        patched(sound("libvorbis", "a.mkv"), b"A_VORBIS", b"A_VORBXX"),
        said="sound of stream 1",
    ),
    Film("AAC under another name in mp4", patched(sound("aac", "a.mp4"), b"mp4a", b"zzza")),
    Film("Opus in mp4", sound("libopus", "a.mp4")),
    Film("ALAC in mov", sound("alac", "a.mov")),
    Film("MP2 in ts", sound("mp2", "a.ts")),
    Film("DTS in mkv", sound("dca", "a.mkv")),
    Film("AAC in ts (ADTS)", sound("aac", "a.ts")),
    Film(
        "begins 2 s after the picture",
        by("a.mkv", f"{PLAIN} -c:a libvorbis", inputs=("-itsoffset", "2", *tone())),
        said=AAC,
    ),
]
