"""Recording a real stream from a real server on this machine."""

import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gramflow.base.errors import GramflowError
from gramflow.media import capture as module
from gramflow.media.capture import capture
from gramflow.media.probe import probe
from gramflow.media.source import Source
from gramflow.settings.videos import is_live
from gramflow.store.frames import FrameStore
from tests.support.media import extracted, film, quiet, times

ENTRY = "videos.door.path"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of tmp_path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def test_a_stream_is_copied(tmp_path: Path, server: str) -> None:
    film(tmp_path / "a.ts", seconds=2, rate="20")
    output = tmp_path / "recorded" / "door.mkv"
    capture(ENTRY, f"{server}/a.ts", 1.0, output, quiet)
    facts = probe(Source(ENTRY, output))
    sent = probe(Source(ENTRY, tmp_path / "a.ts"))
    assert 19 <= facts.frames <= 21
    assert (facts.codec, facts.audio[0].codec) == (sent.codec, "aac")
    assert [path.name for path in output.parent.iterdir()] == ["door.mkv"]
    assert len(extracted(output, FrameStore(tmp_path / "store"))[2].frames) == len(times(output))


def test_a_stream_that_ends_early_is_said(tmp_path: Path, server: str) -> None:
    film(tmp_path / "a.ts")
    lines: list[str] = []
    capture(ENTRY, f"{server}/a.ts", 5, tmp_path / "door.mkv", lines.append)
    assert lines[-1].startswith(f"WARNING: {ENTRY}: {server}/a.ts: ended after 0.5")


def refused(url: str, output: Path) -> str:
    with pytest.raises(GramflowError) as caught:
        capture(ENTRY, url, 1, output, quiet)
    assert str(caught.value).startswith(f"{ENTRY}: {url}: ")
    assert list(output.parent.glob("*.mkv")) == list(output.parent.glob(".*.mkv")) == []
    return str(caught.value)


def test_no_such_address(tmp_path: Path, server: str) -> None:
    assert "404" in refused(f"{server}/none.ts", tmp_path / "door.mkv")


def test_nobody_there(tmp_path: Path) -> None:
    assert "refused" in refused("http://127.0.0.1:9/a.ts", tmp_path / "door.mkv")


def test_no_such_camera(tmp_path: Path) -> None:
    assert "No such file" in refused("/dev/video99", tmp_path / "door.mkv")


def test_a_device_that_is_no_camera_is_opened(tmp_path: Path) -> None:
    assert "Inappropriate ioctl" in refused("/dev/null", tmp_path / "door.mkv")


def test_a_silent_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.ts"
        assert "nothing received for 2 s" in refused(url, tmp_path / "door.mkv")


def test_a_playlist_cannot_read_this_machines_files(tmp_path: Path, server: str) -> None:
    secret = film(tmp_path / "secret.ts")
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    (tmp_path / "list.m3u8").write_text(playlist)
    refused(f"{server}/list.m3u8", tmp_path / "door.mkv")


def test_what_is_live() -> None:
    assert is_live("/dev/video0")
    assert is_live("rtsp://door.local/film")
    assert not is_live("input/room.avi")
    assert not is_live("C:/films/room.avi")
