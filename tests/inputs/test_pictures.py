"""Style pictures and picture sequences that are unusual or wrong."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gramflow.base.errors import GramflowError
from gramflow.media.pictures import check_styles
from gramflow.painting.targets import style_pictures
from gramflow.settings.config import load
from tests.inputs.stages import furnish, passed
from tests.inputs.table import RIGHT, Tell
from tests.inputs.test_films import check_refused, check_right
from tests.support.media import make, moving, pictures

SIDE = 64
Writer = Callable[[Path], object]


def image(width: int = 96, height: int = 64) -> Image.Image:
    """A smooth picture whose corners differ."""
    down, across = np.mgrid[0:height, 0:width]
    channels = (across * 255 // max(width - 1, 1), down * 255 // max(height - 1, 1))
    return Image.fromarray(np.dstack((*channels, channels[0] // 2)).astype(np.uint8))


def saved(mode: str = "RGB", **options: object) -> Writer:
    """Write it by Pillow in a mode."""
    return lambda path: image().convert(mode).save(path, **options)


def turned(path: Path) -> None:
    """Stored lying, with the EXIF entry that turns it upright."""
    exif = Image.Exif()
    exif[0x112] = 6
    image().transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)


def in_header(width: int, height: int) -> Writer:
    """A PNG that says it has this size, and has not."""

    def write(path: Path) -> None:
        image().save(path)
        data = bytearray(path.read_bytes())
        data[16:24] = struct.pack(">II", width, height)
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
        path.write_bytes(data)

    return write


def huge_jpeg(path: Path) -> None:
    image().save(path)
    data = bytearray(path.read_bytes())
    place = data.find(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", 65500, 65500)
    path.write_bytes(data)


def cut(path: Path) -> None:
    image(320, 240).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])


def flipped(path: Path) -> None:
    image(320, 240).save(path)
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3] ^= 0x55
    path.write_bytes(data)


def several(path: Path) -> None:
    image().save(path, save_all=True, append_images=[image().rotate(180)])


def deep(path: Path) -> None:
    make(*moving(0.04, "25", "96x64"), "-frames:v", "1", "-pix_fmt", "rgb48be", str(path))


def deep_gray(path: Path) -> None:
    Image.fromarray(np.asarray(image().convert("L"), np.uint16) * 257).save(path)


def floats(path: Path) -> None:
    Image.fromarray(np.asarray(image().convert("L"), np.float32) / 255).save(path)


def text(path: Path) -> None:
    path.write_text("Dear diary\n")


def svg(path: Path) -> None:
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>\n')


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.png")


HUGE = "has more than 134217728 pixels"
NONE, BROKEN = "not a picture; give a PNG", "not a picture that can be read"
STYLES: list[tuple[str, str, Writer, str]] = [
    # case, name of the file, what writes it, part of the line that refuses it
    ("RGB, PNG", "a.png", saved(), ""),
    ("JPEG", "a.jpg", saved(quality=95), ""),
    ("progressive JPEG", "a.jpg", saved(quality=95, progressive=True), ""),
    ("CMYK, JPEG", "a.jpg", saved("CMYK", quality=95), ""),
    ("CMYK, TIFF", "a.tif", saved("CMYK"), ""),
    ("gray, JPEG", "a.jpg", saved("L"), ""),
    ("gray with alpha, PNG", "a.png", saved("LA"), ""),
    ("alpha, PNG", "a.png", saved("RGBA"), ""),
    ("palette, PNG", "a.png", saved("P"), ""),
    ("palette, GIF", "a.gif", saved("P"), ""),
    ("1 bit, PNG", "a.png", saved("1"), ""),
    ("16 bits, PNG", "a.png", deep, ""),
    ("16 bits gray, PNG", "a.png", deep_gray, ""),
    ("16 bits, TIFF", "a.tif", deep, ""),
    ("32 bits a channel, TIFF", "a.tif", floats, BROKEN),
    ("WebP", "a.webp", saved(), ""),
    ("AVIF", "a.avif", saved(), ""),
    ("JPEG 2000", "a.jp2", saved(), ""),
    ("BMP", "a.bmp", saved(), ""),
    ("PPM", "a.ppm", saved(), ""),
    ("Targa", "a.tga", saved(), NONE),
    ("icon", "a.ico", saved(), NONE),
    ("animated GIF: its first picture", "a.gif", several, ""),
    ("animated PNG: its first picture", "a.png", several, ""),
    ("animated WebP: its first picture", "a.webp", several, ""),
    ("TIFF of several pages: the first", "a.tif", several, ""),
    ("turned by EXIF, JPEG", "a.jpg", turned, ""),
    ("turned by EXIF, PNG", "a.png", turned, ""),
    ("turned by EXIF, TIFF", "a.tif", turned, ""),
    ("turned by EXIF, WebP", "a.webp", turned, ""),
    ("1x1", "a.png", lambda path: image(1, 1).save(path), ""),
    (
        "3000x2, too narrow for the network",
        "a.png",
        lambda path: image(3000, 2).save(path),
        "less narrow",
    ),
    ("100000x100000 in the header, PNG", "a.png", in_header(100_000, 100_000), HUGE),
    ("20000x20000 in the header, PNG", "a.png", in_header(20_000, 20_000), HUGE),
    ("0x0 in the header, PNG", "a.png", in_header(0, 0), BROKEN),
    ("65500x65500 in the header, JPEG", "a.jpg", huge_jpeg, HUGE),
    ("cut off, PNG", "a.png", cut, BROKEN),
    ("cut off, JPEG", "a.jpg", cut, BROKEN),
    ("cut off, WebP", "a.webp", cut, BROKEN),
    ("cut off, TIFF", "a.tif", cut, BROKEN),
    ("cut off, GIF", "a.gif", cut, BROKEN),
    ("bits flipped, PNG", "a.png", flipped, BROKEN),
    ("text named .jpg", "a.jpg", text, NONE),
    ("SVG", "a.svg", svg, NONE),
    ("SVG named .png", "a.png", svg, NONE),
    ("PNG named .jpg", "a.jpg", lambda path: image().save(path, format="PNG"), ""),
    ("no suffix", "picture", lambda path: image().save(path, format="PNG"), ""),
    ("zeros", "a.png", lambda path: path.write_bytes(bytes(1000)), NONE),
    ("empty", "a.png", Path.touch, "it is empty"),
    ("a folder", "a.png", Path.mkdir, "is a folder"),
    ("missing", "a.png", lambda path: None, "no such file"),
    ("a link to nowhere", "a.png", dangling, "no such file"),
]


@pytest.mark.parametrize(
    ("case", "name", "write", "refused"), STYLES, ids=[case for case, *_ in STYLES]
)
def test_a_style(
    case: str,
    name: str,
    write: Writer,
    refused: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    """The two stages that read it: the check at a run's start, and the one before painting."""
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").touch()
    write(Path(name))
    styles = {"night": {"images": [name]}}
    line = RIGHT
    try:
        config = load({"videos": {"room": {"path": "clip.mp4"}}, "styles": styles})
        check_styles(config)
        (found,) = style_pictures(config.styles["night"], SIDE)
    except GramflowError as error:
        line = str(error)
        assert refused and refused in line
        assert line.startswith("styles.night.images[0]: ")
        assert len(line.splitlines()) == 1
    else:
        assert not refused
        if "1x1" not in case:
            assert_looks_alike(found, case)
    tell("Pictures of a style", case, line)


def assert_looks_alike(found: np.ndarray, case: str) -> None:
    """The corners of the picture are where they belong."""
    assert max(found.shape[:2]) == SIDE and found.shape[0] < found.shape[1], found.shape
    if "16 bits, " in case:  # ffmpeg's picture
        return
    across = found.mean(axis=(0, 2))
    assert across[-5:].mean() > across[:5].mean() + 0.2


# -- sequences -----------------------------------------------------------------------------------


def gaps(folder: Path) -> None:
    for number in (3, 4):
        (folder / f"{number}.png").unlink()


def cut_one(folder: Path) -> None:
    path = folder / "4.png"
    path.write_bytes(path.read_bytes()[:-40])


def undecodable_name(folder: Path) -> None:
    os.rename(folder / "5.png", os.fsencode(folder / "5") + b"\xff.png")  # noqa: PTH104


SEQUENCES: list[tuple[str, Callable[[Path], object], dict[str, object], str]] = [
    # case, what changes the six pictures, entries of the video, part of the refusal
    ("numbers with gaps: the pictures follow at once", gaps, {}, ""),
    (
        "one of another size",
        lambda f: image(32, 32).save(f / "4.png"),
        {},
        "give pictures of one size",
    ),
    ("one cut off", cut_one, {}, BROKEN),
    ("one that is text", lambda f: (f / "4.png").write_text("x"), {}, NONE),
    ("one empty", lambda f: (f / "4.png").write_bytes(b""), {}, "it is empty"),
    ("one with 16 bits", lambda f: deep_one(f / "4.png"), {}, ""),
    ("one gray", lambda f: Image.open(f / "4.png").convert("L").save(f / "4.png"), {}, ""),
    ("a folder among them", lambda f: (f / "7.png").mkdir(), {}, ""),
    ("a name that is not UTF-8", undecodable_name, {}, "UTF-8"),
    ("29.97002997002997 frames a second", lambda f: None, {"fps": 29.97002997002997}, ""),
    ("1e300 frames a second", lambda f: None, {"fps": 1e300}, "at most 1000"),
    ("1e-300 frames a second", lambda f: None, {"fps": 1e-300}, "from 1/1000 to 1000"),
    (
        "a ratio of long numbers",
        lambda f: None,
        {"fps": "1" + "0" * 30 + "/1"},
        "does not fit",
    ),
    ("no rate", lambda f: None, {"fps": None}, "give the frame rate"),
    (
        "a pattern that nothing matches",
        lambda f: None,
        {"path": "none/*.png"},
        "no picture matches",
    ),
]


def deep_one(path: Path) -> None:
    make(*moving(0.04, "25"), "-frames:v", "1", "-pix_fmt", "rgb48be", str(path))


@pytest.mark.parametrize(
    ("case", "change", "entries", "refused"), SEQUENCES, ids=[case for case, *_ in SEQUENCES]
)
def test_a_sequence(
    case: str,
    change: Callable[[Path], object],
    entries: dict[str, object],
    refused: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path)
    pictures(Path("frames"), 6)
    change(Path("frames"))
    found = passed(**{"path": "frames/*.png", "fps": 12} | entries)
    if refused:
        check_refused(found, refused)
    else:
        assert found.line == ""
        check_right(found, "frames/1.png")
    tell("Picture sequences", case, found.outcome)
