"""Films and pictures of strangers: they open no other file and no connection, and take no memory.

The protections are those of docs/threats.md.
"""

import os
import resource
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.live.sources import Film
from gramflow.media.encode import encode, told_by
from gramflow.media.extract import extract
from gramflow.media.pictures import read_pixels
from gramflow.media.probe import probe
from gramflow.store.frames import FrameStore
from tests.support.hostile import bombs, playlists, referring
from tests.support.media import (
    SETTINGS,
    decoded,
    deep_frames,
    extracted,
    film,
    make,
    moving,
    pictures,
    quiet,
    source_of,
)


class Trap:
    """A server that counts who connects, and answers nobody."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.05)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def caught(self) -> bool:
        """Whether anyone has connected since the last question."""
        try:
            self._listening.accept()[0].close()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self._listening.close()


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with closing(Trap()) as trap:
        yield trap


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, trap: Trap) -> Path:
    """Hostile files, beside a film that no reader of another file may get at.

    Each playlist is there under a film's name and under its own. `%d.mkv` is a pattern of pictures.
    """
    folder = tmp_path_factory.mktemp("hostile")
    canary = film(folder / "canary.ts")
    endings = {"hls": ".m3u8", "ffconcat": ".ffconcat", "dash": ".mpd", "sdp": ".sdp"}
    for name, text in playlists(canary, trap.url).items():
        own = endings.get(name.partition("-")[0], f".{name}")
        for ending in (".mp4", own):
            (folder / f"{name}{ending}").write_text(text)
    (folder / "%d.png").write_text("#EXTM3U\n")
    pictures(folder, 2)
    return folder


def hostile(folder: Path) -> list[Path]:
    """The hostile files."""
    harmless = {"canary.ts", "1.png", "2.png"}
    return [path for path in sorted(folder.iterdir()) if path.name not in harmless]


def in_a_run(path: Path) -> None:
    probe(source_of(path))


def in_live_video(path: Path) -> None:
    next(Film(path, loop=False).frames())


READERS: dict[str, Callable[[Path], object]] = {
    "in a run": in_a_run,
    "live": in_live_video,
    "told": told_by,
    "picture": read_pixels,
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_a_file_that_leads_to_others_is_refused(
    folder: Path, trap: Trap, reader: Callable[[Path], object]
) -> None:
    for path in hostile(folder):
        with pytest.raises(GramflowError) as caught:
            reader(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
        assert not trap.caught(), path.name


def test_ffmpeg_itself_refuses_a_film_that_was_replaced(
    folder: Path, trap: Trap, tmp_path: Path
) -> None:
    """After the probe, which would have refused it: when frames and sound are read."""
    store = FrameStore(tmp_path / "store")
    source, facts, manifest = extracted(film(tmp_path / "a.mp4"), store)
    frames = deep_frames(store, manifest.frames, tmp_path / "painted")
    output = tmp_path / "b.mp4"
    for name in ("ffconcat.mp4", "hls-network.mp4"):
        shutil.copy(folder / name, source.path)
        shutil.copy(folder / "canary.ts", tmp_path)
        with pytest.raises(GramflowError):
            extract(source, facts, store, quiet)
        with pytest.raises(GramflowError):
            encode(manifest, facts, source, frames, manifest.frames, output, SETTINGS, quiet)
        assert not trap.caught() and not output.exists()


def test_a_quicktime_film_whose_samples_are_elsewhere(tmp_path: Path) -> None:
    raw = tmp_path / "a.mov"
    make(*moving(0.1), "-c:v", "rawvideo", "-pix_fmt", "rgb24", "-bitexact", str(raw))
    canary = tmp_path / "canary"
    canary.write_bytes(raw.read_bytes())
    secret = decoded(raw)[0]
    raw.write_bytes(referring(raw.read_bytes(), canary))
    assert str(canary).encode() in raw.read_bytes()
    with pytest.raises(GramflowError):
        probe(source_of(raw))
    with pytest.raises(GramflowError):
        for frame in Film(raw, loop=False).frames():
            assert not np.array_equal(frame.scaled(64), secret)


def test_attached_files_stay_in_the_film(tmp_path: Path) -> None:
    """Fonts and other attachments, and subtitles that name them, are neither written nor opened."""
    (tmp_path / "style.ttf").write_bytes(b"a font")
    (tmp_path / "a.ass").write_text(
        "[Script Info]\nScriptType: v4.00+\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:00.00,0:00:00.40,Default,,0,0,0,,{\\fn/etc/passwd}Hello\n"
    )
    path = tmp_path / "in" / "a.mkv"
    path.parent.mkdir()
    make(
        *moving(), "-i", str(tmp_path / "a.ass"), "-attach", str(tmp_path / "style.ttf"),
        "-metadata:s:t", "mimetype=application/x-truetype-font",
        "-metadata:s:t", "filename=../../pwned", "-map", "0", "-map", "1", str(path),
    )  # fmt: skip
    before = sorted(tmp_path.parent.rglob("*"))
    assert len(extracted(path, FrameStore(tmp_path / "store"))[2].frames) == 15
    after = [each for each in sorted(tmp_path.parent.rglob("*")) if each not in before]
    assert all(each.is_relative_to(tmp_path / "store") for each in after)


# -- what would take more memory than there is --------------------------------------------------


def peak() -> int:
    """Most memory that this process has taken so far, in MiB."""
    unit = 1 << 20 if os.uname().sysname == "Darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


@pytest.mark.parametrize("kind", bombs(1, 1))
def test_a_picture_is_refused_by_the_size_in_its_header(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"bomb.{kind}"
    path.write_bytes(bombs(30000, 30000)[kind])
    before = peak()
    with pytest.raises(GramflowError) as caught:
        read_pixels(path)
    assert "has more than 134217728 pixels; give a smaller picture" in str(caught.value)
    assert peak() - before < 100


def test_a_picture_of_more_bytes_than_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(bombs(64, 48)["png"])
    os.truncate(path, 1 << 40)  # a hole, which takes no space on the disk
    with pytest.raises(GramflowError, match="has 1099511627776 bytes, more than"):
        read_pixels(path)


def test_a_film_is_refused_by_the_size_in_its_header(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    make(*moving(0.1), "-c:v", "rawvideo", "-pix_fmt", "yuv420p", str(path))
    small = path.read_bytes()
    size = (64).to_bytes(4, "little") + (48).to_bytes(4, "little")
    large = (30000).to_bytes(4, "little") * 2
    path.write_bytes(small.replace(size, large))
    before = peak()
    with pytest.raises(GramflowError, match="or of more than 134217728 pixels; make it smaller"):
        probe(source_of(path))
    with pytest.raises(GramflowError):
        list(Film(path, loop=False).frames())
    assert peak() - before < 100


def test_a_film_that_grows_is_not_decoded(tmp_path: Path) -> None:
    """Its header tells a small size, a frame in the middle a huge one."""
    path, frames = tmp_path / "a.mkv", tmp_path / "frames"
    pictures(frames, 3)
    make("-framerate", "5", "-i", str(frames / "%d.png"), "-c", "copy", str(path))
    middle = (frames / "2.png").read_bytes()
    huge = bombs(30000, 30000)["png"]
    whole = path.read_bytes()
    assert middle in whole and len(huge) < len(middle)
    path.write_bytes(whole.replace(middle, huge.ljust(len(middle), b"\0")))
    before = peak()
    with pytest.raises(GramflowError, match=r"damaged|decoded"):
        extracted(path, FrameStore(tmp_path / "store"))
    with pytest.raises(GramflowError):
        list(Film(path, loop=False).frames())
    assert peak() - before < 100
