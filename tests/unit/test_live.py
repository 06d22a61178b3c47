"""Live video in parts: the painter, its steadiness, the sources, the reader, the outputs."""

import os
import resource
import socket
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from onnx import TensorProto

from gramflow.base.errors import GramflowError
from gramflow.engine.learned import session
from gramflow.live.calm import Calm
from gramflow.live.loop import Controls, Loop
from gramflow.live.networks import find, painters
from gramflow.live.painter import Painter
from gramflow.live.reader import Reader
from gramflow.live.server import Page, listen
from gramflow.live.sinks import Closed, Device, Painted, Recording, Takes, Window, fitted
from gramflow.live.sources import Camera, Film, Frame, Source, source_of
from tests.support import nets
from tests.support.media import (
    decoded,
    film,
    make,
    pictures,
    quiet,
    rotated,
    textured,
    times,
    uneven_film,
)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def flat(value: int, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


# -- the painter ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(48, 64), (37, 51), (18, 17)])
def test_any_size_is_painted(size: tuple[int, int]) -> None:
    """The network here takes multiples of four alone."""
    frame = noise(*size)
    np.testing.assert_array_equal(Painter(nets.network(), 1).paint(frame, 1), frame)
    np.testing.assert_array_equal(Painter(nets.inverting(), 1).paint(frame, 1), 255 - frame)


def test_intensity_blends() -> None:
    painter, frame = Painter(nets.inverting(), 1), noise(20, 20)
    np.testing.assert_array_equal(painter.paint(frame, 0), frame)
    wanted = 0.75 * frame + 0.25 * (255.0 - frame)
    assert np.abs(painter.paint(frame, 0.25) - wanted).max() <= 0.51


def test_what_exceeds_the_range_is_clipped() -> None:
    painter, frame = Painter(nets.network(3, -1), 1), noise(20, 20)
    wanted = np.clip(3.0 * frame - 255, 0, 255)
    np.testing.assert_allclose(painter.paint(frame, 1), wanted, atol=0.51)
    np.testing.assert_allclose(painter.paint(frame, 0.5), (wanted + frame) / 2, atol=0.51)


def test_the_card_is_read() -> None:
    assert Painter(nets.network(), 1).card == nets.CARD


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (b"", "damaged"),
        (b"no network at all", "damaged"),
        (nets.network()[:-400], "damaged"),
        (nets.network(ends=("input", "painted")), "its ends are input, painted"),
        (nets.network(ends=("frame", "flow")), "its ends are frame, flow"),
        (nets.network(kind=TensorProto.DOUBLE), "no network that paints"),
        (nets.network(size=(32, 48)), "the network failed on a frame of 32x48"),
        (nets.network(stride=2), "it makes (16, 24, 3) of a frame of (32, 48, 3)"),
        (nets.network(3e38, 3e38), "its output is not finite on a frame of 48x32"),
    ],
)
def test_what_is_no_painting_network_is_refused(tmp_path: Path, model: bytes, told: str) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(model)
    with pytest.raises(GramflowError) as caught:
        painters([str(path)], 1, 0)
    message = str(caught.value)
    assert message.startswith(f"--network {path}: ") and told in message
    assert "gramflow export-network" in message and "\n" not in message


@pytest.mark.parametrize("place", ["secret", "./secret", "../{folder}/secret", "{path}"])
def test_a_network_reads_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Neither beside it nor in the current folder. A flow's and a mask's network alike."""
    monkeypatch.chdir(tmp_path)
    Path("secret").write_bytes(bytes(64))
    told = place.format(folder=tmp_path.name, path=tmp_path / "secret")
    model = nets.stored_outside(nets.network(), told)
    with pytest.raises(GramflowError, match="damaged"):
        Painter(model, 1)
    Path("a.onnx").write_bytes(model)
    with pytest.raises(Exception, match="xternal data"):
        session("a.onnx")


def test_a_network_of_more_bytes_than_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.touch()
    os.truncate(path, 1 << 40)  # a hole, which takes no space on the disk
    with pytest.raises(GramflowError, match="has 1099511627776 bytes, more than"):
        find(str(path))
    with pytest.raises(GramflowError, match="has 1099511627776 bytes, more than"):
        session(str(path))


def test_what_is_not_finite_is_not_shown() -> None:
    """The network overflows for white alone."""
    painter = Painter(nets.network(1.70145e38, 1.70145e38), 1)
    assert painter.paint(flat(254), 1).shape == (48, 64, 3)
    with pytest.raises(GramflowError, match="its output is not finite on a frame of 64x48; give"):
        painter.paint(flat(255), 1)


@pytest.mark.parametrize("name", ["none", "none.onnx", "folder.onnx", "film.mp4"])
def test_a_network_that_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(GramflowError, match=r"the path of an \.onnx file"):
        find(str(tmp_path / name))


def test_two_networks_of_one_name_can_both_be_chosen(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ink.onnx").write_bytes(nets.network())
    given = [str(tmp_path / folder / "ink.onnx") for folder in "ab"]
    assert list(painters(given, 1, 0))[:2] == ["ink", given[1]]


# -- steadiness ----------------------------------------------------------------------------------


def noisy(picture: np.ndarray, count: int, sigma: float) -> Iterator[np.ndarray]:
    random = np.random.default_rng(1)
    for _ in range(count):
        shaken = picture + random.normal(0, sigma, picture.shape)
        yield np.clip(shaken, 0, 1).astype(np.float32)


def test_a_still_noisy_picture_flickers_less() -> None:
    still = 0.2 + 0.6 * textured()
    frames = list(noisy(still, 30, 3 / 255))
    calm = Calm(0.8)
    plain = np.stack([1 - frame for frame in frames])[10:].std(0).mean()
    calmed = np.stack([calm.mixed(frame, 1 - frame) for frame in frames])[10:].std(0).mean()
    # the deviation of a recursive mean: sqrt((1 - s) / (1 + s)), a third of the plain one's
    assert calmed < 0.45 * plain


def test_nothing_of_what_has_moved_away_stays() -> None:
    ground = textured(1)
    calm = Calm(0.9)
    for step in range(8):
        frame = ground.copy()
        frame[40:80, 10 * step : 10 * step + 40] = 1
        painted = calm.mixed(frame, 1 - frame)
        assert np.abs(painted - (1 - frame)).max() < 4.5 / 255


def test_a_fade_is_followed() -> None:
    calm = Calm(0.95)
    for step in range(100):
        frame = np.full((40, 40, 3), 0.2 + step / 255, np.float32)
        assert np.abs(calm.mixed(frame, 1 - frame) - (1 - frame)).max() < 4.5 / 255


def test_another_size_begins_anew() -> None:
    painter = Painter(nets.network(), 1, calm=0.9)
    for pixels in (flat(100), flat(101, 32), flat(101)):
        np.testing.assert_array_equal(painter.paint(pixels, 1), pixels)
    np.testing.assert_array_equal(painter.paint(flat(102), 1), flat(101))


# -- sources -------------------------------------------------------------------------------------


def test_a_film_has_its_own_times(tmp_path: Path) -> None:
    path = uneven_film(tmp_path / "a.mp4")
    frames = list(source_of(str(path), 25, False, 320).frames())
    exact = [float(moment - times(path)[0]) for moment in times(path)]
    np.testing.assert_allclose([frame.time for frame in frames], exact, atol=1e-9)
    found = np.stack([frame.scaled(64) for frame in frames]).astype(float)
    assert np.abs(found - np.stack(decoded(path))).mean() < 1


def test_a_film_again_and_again(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", seconds=0.2, rate="20")
    frames = source_of(str(path), 25, True, 320).frames()
    found = [next(frames).time for _ in range(10)]
    np.testing.assert_allclose(found, np.arange(10) / 20, atol=1e-6)


def test_frames_are_upright_and_no_wider_than_asked(tmp_path: Path) -> None:
    plain = film(tmp_path / "plain.mp4", seconds=0.1)
    frame = next(Film(rotated(plain, tmp_path / "turned.mp4", clockwise=90), False).frames())
    assert frame.scaled(320).shape == (64, 48, 3)
    upright = np.rot90(decoded(plain)[0], -1).astype(float)
    assert np.abs(frame.scaled(320) - upright).mean() < 2
    wide = film(tmp_path / "wide.mp4", "-vf", "setsar=2", seconds=0.1)
    assert next(Film(wide, False).frames()).scaled(320).shape == (48, 128, 3)
    assert next(Film(wide, False).frames()).scaled(33).shape == (16, 32, 3)


def test_a_picture_sequence(tmp_path: Path) -> None:
    pictures(tmp_path, 11)
    source = source_of(str(tmp_path / "*.png"), 10, False, 320)
    frames = list(source.frames())
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(11) / 10)
    assert [int(frame.scaled(64)[0, 0, 0]) for frame in frames] == [9 * n for n in range(11)]


@pytest.mark.parametrize(
    ("text", "told"), [("none.mp4", "no such file"), ("none*.png", "no such pictures")]
)
def test_a_source_that_is_not_there(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(GramflowError, match=told):
        source_of(str(tmp_path / text), 25, False, 320)


def test_what_is_no_film(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no film")
    make("-f", "lavfi", "-i", "sine=duration=0.1", str(tmp_path / "sound.wav"))
    for name, told in (("a.mp4", "not a film"), ("sound.wav", "has no pictures")):
        with pytest.raises(GramflowError, match=told):
            next(source_of(str(tmp_path / name), 25, False, 320).frames())


def test_no_camera() -> None:
    with pytest.raises(GramflowError, match="camera 9: not there, in use"):
        next(source_of("9", 25, False, 320).frames())


def test_no_password_is_shown() -> None:
    source = source_of("http://me:se@cret@127.0.0.1:9/a.ts?x=1", 25, False, 320)
    assert source.name == "http://127.0.0.1:9/a.ts?x=1"
    with pytest.raises(GramflowError) as caught:
        next(source.frames())
    assert "cret" not in str(caught.value)


# -- the reader ----------------------------------------------------------------------------------


def taken(reader: Reader, pause: float = 0.0) -> list[float]:
    """The times of the frames that a reader gives until it has finished."""
    found = []
    while True:
        finished = reader.finished
        frame = reader.take()
        if frame:
            found.append(frame.time)
        elif finished:
            return found
        time.sleep(pause)


def test_a_slow_taker_gets_the_newest(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", seconds=1, rate="50")
    reader, begun = Reader(Film(path, False), False, quiet), time.monotonic()
    found = taken(reader, pause=0.2)
    assert 0.9 < time.monotonic() - begun < 5
    assert len(found) + reader.dropped == 50 and len(found) < 12
    assert found[-1] == pytest.approx(0.98)


def test_every_frame_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", seconds=2, rate="50")
    reader, begun = Reader(Film(path, False), True, quiet), time.monotonic()
    np.testing.assert_allclose(taken(reader), np.arange(100) / 50, atol=1e-6)
    assert time.monotonic() - begun < 1.9 and reader.dropped == 0


class Given(Source):
    """Black frames with given times, as fast as they are taken, and at last an error."""

    def __init__(self, moments: Sequence[float], live: bool) -> None:
        super().__init__("given")
        self.moments = moments
        self.live = live

    def frames(self) -> Generator[Frame, None, None]:
        for moment in self.moments:
            yield Frame(moment, lambda width: flat(0, width))
        raise ZeroDivisionError("by\nzero")


def test_an_error_of_any_library_is_a_fault_of_the_source() -> None:
    reader = Reader(Given([0, 0.02], False), False, quiet)
    assert len(taken(reader)) == 2
    assert isinstance(reader.fault, GramflowError)
    assert str(reader.fault) == "given: cannot be read (by zero); give another SOURCE"


def test_times_of_a_stream_that_jump() -> None:
    """Forward and back; the first frame after a jump is shown at once."""
    steps = np.arange(10) / 25
    moments, lines = np.concatenate([steps, 500 + steps, 3 + steps, steps - 40]), []
    reader, begun = Reader(Given(list(moments), True), False, lines.append), time.monotonic()
    found = []
    while not reader.fault and time.monotonic() < begun + 5:
        frame = reader.take()
        found += [frame.time] if frame else []
    reader.close()
    wanted = np.concatenate([0.36 * part + steps for part in range(4)])
    np.testing.assert_allclose(found, wanted[: len(found)], atol=0.3)
    assert len(found) + reader.dropped == 40 and 1.4 < time.monotonic() - begun < 3
    assert lines == ["given: cannot be read (by zero); give another SOURCE; opening it again"]


def test_a_camera_that_is_unplugged_is_opened_again(tmp_path: Path) -> None:
    """OpenCV reads a film as it reads a camera; its end is the unplugging."""
    path, lines = film(tmp_path / "a.avi", seconds=0.2), []
    reader = Reader(Camera(str(path), 1280), False, lines.append)
    until = time.monotonic() + 10
    while len(lines) < 3 and time.monotonic() < until:
        reader.take()
    path.unlink()
    while "not there" not in str(reader.fault) and time.monotonic() < until:
        reader.take()
    reader.close()
    assert lines[0] == f"camera {path}: sends no more frames; opening it again"
    assert lines[1] == f"camera {path}: is back"
    assert lines[2] == lines[0]
    assert "not there" in str(reader.fault)
    assert reader.finished


# -- outputs -------------------------------------------------------------------------------------


def shown(value: int, moment: float, width: int = 64, height: int = 48) -> Painted:
    return Painted(flat(0, width, height), flat(value, width, height), moment)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_recording_keeps_times_and_its_first_size(tmp_path: Path, name: str) -> None:
    recording = Recording(tmp_path / name)
    moments = [5.0, 5.033, 5.25, 5.25, 6.0]
    for value, moment in zip((50, 100, 150, 200, 250), moments, strict=True):
        recording.show(shown(value, moment, height=24 if value == 200 else 48))
    recording.close()
    found = [float(each) for each in times(tmp_path / name)]
    np.testing.assert_allclose(found, [0, 0.033, 0.25, 0.25, 1.0], atol=0.0011)
    frames = decoded(tmp_path / name)
    assert [int(frame[24, 32, 0]) for frame in frames] == pytest.approx(
        [50, 100, 150, 200, 250], abs=3
    )
    assert frames[3][4, 32].max() < 6


def test_bars_are_where_the_shape_is_another_one() -> None:
    found = fitted(flat(200, 30, 60), 64, 48)
    assert found.shape == (48, 64, 3)
    assert (found[:, 20:44] == 200).all()
    assert not found[:, :20].any() and not found[:, 44:].any()


def test_recordings_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"kept")
    for path in (tmp_path / "a.mp4", tmp_path / "none" / "a.mp4"):
        recording = Recording(path)
        with pytest.raises(GramflowError, match=r"a\.mp4: cannot be written"):
            recording.show(shown(1, 0))
        recording.close()
    assert (tmp_path / "a.mp4").read_bytes() == b"kept"


def test_a_recording_that_the_encoder_refuses(tmp_path: Path) -> None:
    """It takes no odd sizes."""
    recording = Recording(tmp_path / "a.mp4")
    for step in (lambda: recording.show(shown(1, 0, 63)), recording.close):
        with pytest.raises(GramflowError, match=r"a\.mp4: cannot be written \(.+\)"):
            step()


def test_a_recording_that_fails_is_closed(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mkv")
    with small_files(), pytest.raises(GramflowError, match=r"a\.mkv: cannot be written"):
        for number in range(500):
            recording.show(shown(number % 2, number / 25))
    with small_files(), pytest.raises(GramflowError, match=r"a\.mkv: cannot be written"):
        recording.close()
    assert not are_open(tmp_path)


@contextmanager
def small_files() -> Iterator[None]:
    """No file can grow beyond 3000 bytes, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def are_open(folder: Path) -> list[str]:
    """The files of a folder that this process has open."""
    links = Path("/proc/self/fd").iterdir()
    return [name for link in links if (name := os.path.realpath(link)).startswith(str(folder))]


def test_recordings_while_it_runs(tmp_path: Path) -> None:
    warnings: list[GramflowError] = []
    takes = Takes(tmp_path, warnings.append)
    takes.show(shown(1, 0))
    takes.wanted = True
    for moment in (1.0, 1.1):
        takes.show(shown(1, moment))
    assert takes.film and len(times(tmp_path / takes.film)) <= 2
    takes.wanted = False
    takes.show(shown(1, 1.2))
    assert takes.film is None
    assert [len(times(path)) for path in tmp_path.iterdir()] == [2]
    takes.wanted = True
    with small_files():
        moments = iter(np.arange(2, 20, 0.04))
        while takes.wanted:
            takes.show(shown(1, next(moments)))
    assert "cannot be written" in takes.trouble and takes.film is None
    assert [str(each) for each in warnings] == [takes.trouble]
    assert not are_open(tmp_path)


def test_recordings_of_the_same_second_have_names_of_their_own(tmp_path: Path) -> None:
    warnings: list[GramflowError] = []
    takes = Takes(tmp_path, warnings.append)
    for moment in (0, 1, 2):
        takes.wanted = True
        takes.show(shown(1, moment))
        takes.wanted = False
        takes.show(shown(1, moment + 0.1))
    assert [len(times(path)) for path in tmp_path.glob("live-*.mp4")] == [1, 1, 1]
    assert not warnings


FFPLAY = """#!/bin/sh
echo "$@" > {folder}/arguments
head -c {size} > {folder}/pixels
exit {status}
"""


@pytest.mark.parametrize(("status", "told"), [(0, "closed"), (1, "gave no reason")])
def test_a_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, told: str) -> None:
    """By a stand-in for ffplay, which needs a screen; it ends after two frames."""
    size = 2 * 64 * 48 * 3
    script = tmp_path / "ffplay"
    script.write_text(FFPLAY.format(folder=tmp_path, size=size, status=status))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    window = Window("gramflow live 0")
    with pytest.raises(GramflowError, match=f"--window: .*{told}") as caught:
        for number in range(500):
            window.show(shown(7, number / 50, height=48 if number % 2 else 36))
            time.sleep(0.01)
    window.close()
    assert isinstance(caught.value, Closed) == (status == 0)
    assert len((tmp_path / "pixels").read_bytes()) == size
    arguments = (tmp_path / "arguments").read_text()
    assert "-video_size 64x36" in arguments and "-autoexit" in arguments


def test_no_window_without_ffplay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GramflowError, match="--window: needs ffplay, which is not installed"):
        Window("x")


def test_no_virtual_camera(tmp_path: Path) -> None:
    with pytest.raises(GramflowError, match=r"--device .*modprobe v4l2loopback"):
        Device(tmp_path / "video9")


def test_a_device_that_is_no_virtual_camera() -> None:
    device = Device(Path("/dev/null"))
    with pytest.raises(GramflowError, match=r"--device /dev/null: .+") as caught:
        for number in range(500):
            device.show(shown(7, number / 50))
            time.sleep(0.01)
    device.close()
    assert "\n" not in str(caught.value)


# -- the page's server ---------------------------------------------------------------------------


@contextmanager
def serving(host: str) -> Iterator[Page]:
    """The page of a loop that has no frames, at a host's address."""
    reader = Reader(Given([], False), False, quiet)
    loop = Loop(reader, {}, Controls("none"), [], 64, quiet)
    page = Page(loop, Takes(Path(), loop.warn), "given", listen(host, None))
    try:
        yield page
    finally:
        page.close()
        reader.close()


def status(page: Page, host: str, headers: dict[str, str], body: str = "") -> int:
    """Status of the page's answer to a request at a host; with a body it changes controls."""
    address = urlsplit(page.address)
    connection = HTTPConnection(host, address.port, timeout=10)
    query = f"?{address.query}" if address.query else ""
    target = ("POST", f"/controls{query}") if body else ("GET", f"/state{query}")
    connection.putrequest(*target, skip_host=True)
    for name, value in (
        {"Host": address.netloc, "Content-Length": str(len(body))} | headers
    ).items():
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse().status
    connection.close()
    return answer


def test_another_loopback_address_is_served() -> None:
    with serving("127.0.0.2") as page:
        assert urlsplit(page.address).hostname == "127.0.0.2" and "token" not in page.address
        assert status(page, "127.0.0.2", {}) == 200
        assert status(page, "127.0.0.2", {"Host": "evil.example"}) == 403


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_all_addresses_of_both_kinds_are_served() -> None:
    with serving("::") as page:
        assert "?token=" in page.address
        assert [status(page, host, {}) for host in ("127.0.0.1", "::1")] == [200, 200]


def test_malformed_requests_are_refused() -> None:
    with serving("127.0.0.1") as page:
        own = {"Origin": page.address.rstrip("/")}
        assert status(page, "127.0.0.1", own, "{}") == 204
        address = urlsplit(page.address)
        for path in ("/../../etc/passwd", "/%2e%2e/page.html", "/painted/../x", "//etc/passwd"):
            connection = HTTPConnection("127.0.0.1", address.port, timeout=10)
            connection.request("GET", path)
            assert connection.getresponse().status == 404
        for wrong in ({"Host": "["}, {"Host": "[::1"}):
            assert status(page, "127.0.0.1", wrong) == 403
        assert status(page, "127.0.0.1", {"Origin": "http://["}, "{}") == 403
        deep, large, lone = "[" * 3000, '{"intensity": 1%s}' % ("0" * 400), '{"\\ud800": 1}'
        for body in (deep, large, lone, "{", "3", '{"network": []}'):
            assert status(page, "127.0.0.1", own, body) == 400
        encoded = own | {"Content-Type": "application/json; charset=none"}
        assert status(page, "127.0.0.1", encoded, "{}") == 400
