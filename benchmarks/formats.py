"""What films keep on their way there and back: `python -m benchmarks.formats`.

Small films of drawn colours are extracted and encoded again, with nothing painted in between.
Prints a Markdown table (docs/howto/formats.md has it): how far the pictures are apart in code
values of their depth, in the mean and at most, the greatest error of a frame's time, and whether
colour tags, sound, chapters and time code are as before.
"""

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from PIL import Image

from gramflow.media.ffmpeg import local
from gramflow.media.probe import Probe
from gramflow.store.frames import FrameStore
from tests.support.media import extracted, make, packets, times
from tests.support.studio import (
    chapters,
    copied,
    difference,
    facts_of,
    lights,
    read_lights,
    read_pictures,
    studio_film,
    tags,
    write_lights,
    write_pictures,
)

TAGS = {
    "BT.709": ("bt709", "bt709", "bt709", "bt709"),
    "PQ": ("bt2020", "bt2020", "smpte2084", "bt2020nc"),
    "HLG": ("bt2020", "bt2020", "arib-std-b67", "bt2020nc"),
}
PRORES = ("mov", ("-c:v", "prores_ks", "-profile:v", "hq"), "yuv422p10le", "256x144")
P4444 = ("mov", ("-c:v", "prores_ks", "-profile:v", "4444"), "yuva444p10le", "256x144")
DNXHR = ("mov", ("-c:v", "dnxhd", "-profile:v", "dnxhr_hqx"), "yuv422p10le", "256x144")
MXF = ("mxf", (*DNXHR[1], "-ar", "48000"), "yuv422p10le", "256x144")
LOSSLESS = ("mkv", ("-c:v", "ffv1"), "yuv444p10le", "256x144")
PLAIN = ("mp4", ("-c:v", "libx264", "-crf", "0", "-c:a", "aac"), "yuv444p", "256x144")
TO_4444 = {"codec": "prores_ks", "pixel_format": "yuva444p10le"}
TO_444 = {"codec": "ffv1", "pixel_format": "yuv444p10le"}

FILMS: Sequence[tuple[str, Any, str, dict[str, Any]]] = (
    ("ProRes 422 HQ", PRORES, "BT.709", {"codec": "prores_ks"}),
    ("ProRes 4444 with alpha", P4444, "BT.709", TO_4444),
    ("DNxHR HQX, .mov", DNXHR, "BT.709", {"codec": "dnxhd"}),
    ("DNxHR HQX, .mxf", MXF, "BT.709", {"codec": "dnxhd"}),
    ("FFV1, 10 bits", LOSSLESS, "BT.709", TO_444),
    ("FFV1, PQ", LOSSLESS, "PQ", TO_444),
    ("FFV1, HLG", LOSSLESS, "HLG", TO_444),
    ("H.264, 8 bits", PLAIN, "BT.709", {"crf": 0, "pixel_format": "yuv444p"}),
    ("H.264, 8 bits", PLAIN, "BT.709", {"codec": "libx265", "crf": 0, "pixel_format": "yuv444p"}),
)


def films(folder: Path) -> Iterator[str]:
    """Rows of the films."""
    for number, (name, (suffix, options, pixels, size), colours, settings) in enumerate(FILMS):
        place = folder / str(number)
        place.mkdir()
        matrix, primaries, transfer, space = TAGS[colours]
        named = f"color_primaries={primaries}:color_trc={transfer}:colorspace={space}"
        drawn = f"scale=out_color_matrix={matrix},format={pixels},setparams=range=tv:{named}"
        path = studio_film(place / f"a.{suffix}", *options, "-vf", drawn, size=size)
        output = copied(path, place, settings, alpha="alpha" in name)
        before, after = facts_of(path), facts_of(output)
        found = difference(path, output)
        yield row(
            name,
            written_out(settings),
            f"{before.bits} bits: {found.mean:.2f}, {found.most}",
            late(path, output),
            "yes" if tags(before) == tags(after) else f"{tags(before)} to {tags(after)}",
            kept(path, output, before, after),
        )


def alone(folder: Path) -> Iterator[str]:
    """Rows of films that ffmpeg alone encodes again, to compare with: nothing of ours is run."""
    for name, (suffix, options, pixels, size) in (("422 HQ", PRORES), ("4444", P4444)):
        drawn = f"scale=out_color_matrix=bt709,format={pixels}"
        path = studio_film(folder / f"{name}.{suffix}", *options, "-vf", drawn, size=size)
        again = folder / f"again.{name}.{suffix}"
        make("-i", local(path), *options, "-pix_fmt", pixels, local(again))
        bits, found = facts_of(path).bits, difference(path, again)
        away = f"{bits} bits: {found.mean:.2f}, {found.most}"
        yield row(f"ProRes {name}", "(ffmpeg alone)", away, "", "", "")


def written_out(settings: dict[str, Any]) -> str:
    """The entries of `encode` as they stand in a config."""
    return ", ".join(f"{key}: {value}" for key, value in settings.items())


def kept(path: Path, output: Path, before: Probe, after: Probe) -> str:
    """What of sound, chapters and time code is as before, in words."""
    sounds = [
        b"".join(data for _, data in packets(path, "audio", number))
        == b"".join(data for _, data in packets(output, "audio", number))
        for number in range(len(before.audio))
    ]
    found = {
        f"{len(sounds)} sound tracks": all(sounds) and len(after.audio) == len(sounds),
        "languages": [each.language for each in before.audio]
        == [each.language for each in after.audio],
        "chapters": chapters(path) == chapters(output),
        f"time code {before.timecode}": before.timecode == after.timecode,
    }
    lost = [name for name, same in found.items() if not same]
    return "all" if not lost else f"not: {', '.join(lost)}"


def late(path: Path, output: Path) -> str:
    """The greatest difference of two films' frame times."""
    pairs = zip(times(path), times(output), strict=True)
    return f"{1000 * float(max(abs(a - b) for a, b in pairs)):.2g} ms"


def told_late(output: Path) -> str:
    """The greatest difference of a folder's frame times from 24 frames a second."""
    seconds = json.loads((output / "frames.json").read_text())["seconds"]
    away = [abs(Fraction(text) - Fraction(number, 24)) for number, text in enumerate(seconds)]
    return f"{1000 * float(max(away)):.2g} ms"


def sequences(folder: Path) -> Iterator[str]:
    """Rows of the picture sequences."""
    for suffix, channels in ((".png", 3), (".png", 4), (".tif", 3)):
        place = folder / f"{suffix}{channels}"
        place.mkdir()
        written = write_pictures(place / "in", suffix, channels)
        settings = {"codec": "png"} | ({"pixel_format": "rgba64le"} if channels == 4 else {})
        output = copied(place / f"in/*{suffix}", place, settings, fps=24, alpha=channels == 4)
        found = np.abs(np.array(read_pictures(output)).astype(int) - np.array(written))
        name = f"16-bit {suffix[1:].upper()}{' with alpha' if channels == 4 else ''}"
        away = f"16 bits: {found.mean():.2f}, {found.max()}"
        yield row(name, written_out(settings), away, told_late(output), "none", "none")
    for highlights, exposure in (("roll", 0), ("roll", 2), ("clip", 0)):
        place = folder / f"{highlights}{exposure}"
        place.mkdir()
        view: dict[str, Any] = {"highlights": highlights, "exposure": exposure}
        written = np.stack(write_lights(place / "in", lights()))
        found = np.stack(
            read_lights(copied(place / "in/*.exr", place, {"codec": "exr"}, fps=24, **view))
        )
        gain, top = 2.0**-exposure, 16.0 if highlights == "roll" else 1.0
        seen = (written >= 1.2e-3 * gain) & (written <= top * gain)
        relative = (np.abs(found - written) / written)[seen]
        away = f"half floats: {relative.mean():.1e}, {relative.max():.1e} relative"
        name = f"OpenEXR, `highlights: {highlights}`, `exposure: {exposure}`"
        yield row(name, "codec: exr", away, told_late(output), "none", "none")


def loops(folder: Path) -> Iterator[str]:
    """Rows of the loops, which PIL reads."""
    for codec, suffix in (("gif", "gif"), ("libwebp_anim", "webp")):
        place = folder / suffix
        place.mkdir()
        drawn = "scale=out_color_matrix=bt709,format=yuv444p"
        path = studio_film(place / "a.mkv", "-c:v", "ffv1", "-vf", drawn, size="256x144")
        output = copied(path, place, {"codec": codec})
        store = FrameStore(place / "store")
        _, _, manifest = extracted(path, store)
        found = []
        with Image.open(output) as loop:
            for number, key in enumerate(manifest.frames):
                loop.seek(number)
                pixels = np.asarray(loop.convert("RGB")).astype(int)
                found.append(np.abs(pixels - store.read(key)))
        away = f"8 bits: {np.mean(found):.2f}, {np.max(found)}"
        shift = late(path, output) if suffix == "gif" else "to whole ms"
        yield row("FFV1, 8 bits", f"codec: {codec}", away, shift, "none", "none, as it is silent")


def row(*cells: str) -> str:
    """A row of the table."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    print(row("in", "`encode`", "picture: mean, most", "times", "colour tags kept", "else kept"))
    print(row(*["---"] * 6))
    with TemporaryDirectory() as folder:
        for part in (films, alone, sequences, loops):
            place = Path(folder, part.__name__)
            place.mkdir()
            for line in part(place):
                print(line, flush=True)


if __name__ == "__main__":
    main()
