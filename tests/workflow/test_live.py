"""`gramflow live` as people use it: sources that fail, outputs, the page, and what ends it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

from gramflow.bundled.networks import names
from gramflow.commands.main import main
from tests.support.browser import Browser, chromium, needs_chromium
from tests.support.media import decoded, film, make, moving, pictures, times, uneven_film
from tests.support.nets import write_networks
from tests.support.project import ROOT


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two seconds, 64x48 at 25 frames a second."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return film(path, seconds=2, rate="25")


@pytest.fixture
def networks(tmp_path: Path) -> list[str]:
    return write_networks(tmp_path)


class Live:
    """A running `gramflow live`; everything it prints is in `lines`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gramflow", "live", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        self.lines += []
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def line(self, start: str) -> str:
        """The rest of the line that starts so, once it is there."""
        until(lambda: [line for line in self.lines if line.startswith(start)], self)
        return next(line for line in self.lines if line.startswith(start)).removeprefix(start)

    def ended(self) -> int:
        """Its exit status, once it has ended."""
        status = self.process.wait(20)
        self._listener.join()
        return status

    def request(self, path: str, **options: Any) -> HTTPResponse:
        """The answer of its page to a request; options as of `HTTPConnection.request`."""
        address = urlsplit(self.line("the page: "))
        connection = HTTPConnection("127.0.0.1", address.port, timeout=10)
        connection.request(
            options.pop("method", "GET"),
            f"{path}{'?' * bool(address.query)}{address.query}",
            **options,
        )
        return connection.getresponse()

    def state(self) -> dict[str, Any]:
        return json.loads(self.request("/state").read())

    def change(self, **values: Any) -> int:
        """Change controls as the page does; returns the answer's status."""
        address = self.line("the page: ").split("?")[0].rstrip("/")
        headers = {"Origin": address, "Host": urlsplit(address).netloc}
        options = {"method": "POST", "body": json.dumps(values), "headers": headers}
        return self.request("/controls", **options).status

    def pictures(self, kind: str) -> Iterator[np.ndarray]:
        """The pictures of a stream of the page, (height, width, 3) RGB."""
        answer = self.request(f"/{kind}")
        assert answer.status == 200
        while line := answer.readline():
            if length := re.match(rb"Content-Length: (\d+)", line):
                answer.readline()
                data = np.frombuffer(answer.read(int(length[1])), np.uint8)
                yield cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def until(condition: Callable[[], Any], live: Live) -> None:
    """Wait until a condition holds, for 20 seconds at most."""
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit, "\n".join(live.lines)
        time.sleep(0.02)


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Live]:
    """Run `gramflow live`, and kill it in the end if it still runs."""
    live = Live(folder, *arguments)
    try:
        yield live
    finally:
        if live.process.poll() is None:
            live.process.kill()
        live.ended()


def run(*arguments: str) -> int:
    """Run `gramflow live` within this process."""
    return main(["live", *arguments])


# -- films, and what is recorded -----------------------------------------------------------------


def test_a_film_is_painted_at_its_own_rate(
    clip: Path, networks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, begun = tmp_path / "painted.mp4", time.monotonic()
    assert run(str(clip), *networks, "-o", str(output)) == 0
    assert 1.9 < time.monotonic() - begun < 8
    shown = capsys.readouterr()
    assert shown.out.strip() == str(output)
    told = re.search(r"(\d+) painted, (\d+) dropped", shown.err)
    assert told
    painted = len(times(output))
    assert [int(told[1]), int(told[1]) + int(told[2])] == [painted, 50]
    assert float(times(output)[-1]) <= 49 / 25 + 0.001
    source = np.stack(decoded(clip))[0].astype(float)
    assert np.abs(decoded(output)[0] - (255 - source)).mean() < 4


def test_every_frame_keeps_its_time(networks: list[str], tmp_path: Path) -> None:
    path, output = uneven_film(tmp_path / "a.mp4"), tmp_path / "painted.mkv"
    assert run(str(path), *networks, "-o", str(output), "--every-frame", "--intensity", "0") == 0
    wanted = [float(moment - times(path)[0]) for moment in times(path)]
    np.testing.assert_allclose([float(each) for each in times(output)], wanted, atol=0.0006)
    difference = np.stack(decoded(output)).astype(float) - np.stack(decoded(path))
    assert np.abs(difference).mean() < 3


def test_another_size_in_the_middle(networks: list[str], tmp_path: Path) -> None:
    pictures(tmp_path / "frames", 3, (64, 48))
    for number, (width, height) in enumerate([(30, 60), (128, 96), (64, 48)], 4):
        pixels = np.full((height, width, 3), 255, np.uint8)
        cv2.imwrite(str(tmp_path / "frames" / f"{number}.png"), pixels)
    output = tmp_path / "painted.mp4"
    pattern = str(tmp_path / "frames" / "*.png")
    arguments = ("--every-frame", "--fps", "5", "--width", "64", "--intensity", "0", "--calm", "0")
    assert run(pattern, *networks, "-o", str(output), *arguments) == 0
    frames = decoded(output)
    assert {frame.shape for frame in frames} == {(48, 64, 3)}
    assert frames[3][24, 32].min() > 240 and frames[3][24, 4].max() < 16
    assert frames[4].min() > 240
    np.testing.assert_allclose([float(each) for each in times(output)], np.arange(6) / 5)


def test_patience_is_not_for_what_is_slow_by_itself(networks: list[str], tmp_path: Path) -> None:
    pictures(tmp_path / "frames", 3)
    output, pattern = tmp_path / "painted.mp4", str(tmp_path / "frames" / "*.png")
    slow = ("--fps", "2", "--patience", "0.2")
    assert run(pattern, *networks, *slow, "-o", str(output)) == 0
    assert len(times(output)) == 3


def test_ctrl_c_and_sigterm_finish_the_recording(
    clip: Path, networks: list[str], tmp_path: Path
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        output = tmp_path / f"{number}.mp4"
        with running(tmp_path, str(clip), *networks, "--loop", "-o", str(output)) as live:
            until(lambda output=output: output.exists() and output.stat().st_size > 4000, live)
            live.process.send_signal(number)
            assert live.ended() == 130
        assert "stopped" in live.lines[-2:]  # the other line comes by another stream
        assert len(decoded(output)) > 10


def test_a_killed_recording_plays(clip: Path, networks: list[str], tmp_path: Path) -> None:
    outputs = [tmp_path / "a.mp4", tmp_path / "a.mkv"]
    for output in outputs:
        with running(tmp_path, str(clip), *networks, "--loop", "-o", str(output)) as live:
            until(output.exists, live)
            time.sleep(2)
            live.process.kill()
            assert live.ended() == -signal.SIGKILL
        frames = decoded(output)
        assert len(frames) == len(times(output))
        assert times(output)[-1] > 1.2


def test_an_output_that_fails_is_left_out(
    clip: Path, networks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alone, it ends the command; beside others, these go on."""
    wrong = ("--device", "/dev/null")
    assert run(str(clip), *networks, *wrong, "--loop") == 1
    assert run(str(clip), *networks, *wrong, "-o", str(tmp_path / "a.mp4")) == 1
    warnings = [line for line in capsys.readouterr().err.splitlines() if "WARNING" in line]
    assert len(warnings) == 2
    assert all(line.startswith("WARNING: --device /dev/null: ") for line in warnings)
    assert times(tmp_path / "a.mp4")[-1] > 1.5


STARTED = """
import sys
from gramflow.commands.main import main
status = main(sys.argv[1:])
assert not {"keras", "tensorflow", "snakemake"} & set(sys.modules)
sys.exit(status)
"""


def test_it_starts_without_tensorflow(clip: Path, networks: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTED, "live", str(clip), *networks, "--frames", "1"]
    done = subprocess.run(
        [*command, "--page", "-o", "a.mp4"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(times(tmp_path / "a.mp4")) == 1


# -- streams that stall and end ------------------------------------------------------------------


class Sending(BaseHTTPRequestHandler):
    """Sends each of `parts` to one request after another; after each it waits, or ends."""

    parts: list[bytes]
    stalls: bool

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        if self.parts:
            self.wfile.write(self.parts.pop(0))
            if self.stalls:
                time.sleep(8)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def sending(*parts: Path, stalls: bool = False) -> Iterator[str]:
    """The address of a stream of films, one for each connection, and then of nothing."""
    handler = type(
        "Handler", (Sending,), {"parts": [p.read_bytes() for p in parts], "stalls": stalls}
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/live.ts"
        finally:
            http.shutdown()
            thread.join()


def stream(path: Path, size: str, seconds: float = 1.4) -> Path:
    make(*moving(seconds, "25", size), "-pix_fmt", "yuv420p", str(path))
    return path


def test_a_stream_that_ends_is_opened_again_and_at_last_given_up(
    networks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes back in another size."""
    parts = [stream(tmp_path / "a.ts", "64x48"), stream(tmp_path / "b.ts", "48x64")]
    output = tmp_path / "painted.mp4"
    with sending(*parts) as url:
        status = run(url, *networks, "-o", str(output), "--patience", "2", "--width", "64")
    lines = [line for line in capsys.readouterr().err.splitlines() if "painted" not in line]
    assert status == 1, lines
    assert lines[:3] == [
        f"{url}: has ended; opening it again",
        f"{url}: is back",
        f"{url}: has ended; opening it again",
    ]
    assert lines[3].startswith(f"ERROR: {url}: ") and "given up after 2 s (--patience)" in lines[3]
    assert len(lines) == 4
    frames = decoded(output)
    assert {frame.shape for frame in frames} == {(48, 64, 3)}
    assert frames[-1][:, :10].max() < 16  # the bars beside an upright picture
    assert 1.6 < times(output)[-1] < 6


def test_a_stream_whose_times_jump(networks: list[str], tmp_path: Path) -> None:
    """A server that starts again, twice: its times go 500 s ahead, and back."""
    path, late = stream(tmp_path / "a.ts", "64x48", 0.8), tmp_path / "late.ts"
    make("-i", str(path), "-c", "copy", "-output_ts_offset", "500", str(late))
    whole, output = tmp_path / "whole.ts", tmp_path / "painted.mp4"
    whole.write_bytes(path.read_bytes() + late.read_bytes() + path.read_bytes())
    with sending(whole) as url:
        assert run(url, *networks, "-o", str(output), "--seconds", "2") == 0
    moments = [float(each) for each in times(output)]
    assert 1.4 < moments[-1] < 2.2
    assert len([each for each in moments if each > 1.2]) > 3


def test_a_stream_that_stalls(
    networks: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gramflow.live.sources.STALLED", 1.0)
    output = tmp_path / "painted.mp4"
    with sending(stream(tmp_path / "a.ts", "64x48"), stalls=True) as url:
        assert run(url, *networks, "-o", str(output), "--patience", "2") == 1
    told = capsys.readouterr().err
    assert f"{url}: nothing received for 1 s; opening it again" in told
    assert len(times(output)) > 5


# -- what cannot be used: one line ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("9",), "camera 9: not there"),
        (("/dev/video77",), "camera /dev/video77: not there"),
        (("none.mp4",), "none.mp4: no such file"),
        (("http://127.0.0.1:9/a.ts",), "http://127.0.0.1:9/a.ts: Connection refused"),
        (("clip", "--network", "damaged.onnx"), "--network damaged.onnx: no network, or damaged"),
        (("clip", "--network", "none"), "--network none: no such network"),
        (("clip", "--device", "/dev/video77"), "--device /dev/video77: no such device"),
        (("99999999999",), "camera 99999999999: cannot be read ("),
        (("clip", "--output", "clip.mp4"), "--output clip.mp4: is there already"),
        (("clip", "--output", "a.gif"), "--output a.gif: give a name that ends in .mp4 or .mkv"),
        (("clip", "--output", "none/a.mp4"), "--output none/a.mp4: its folder is not there"),
        (("none.mp4", "--output", "a.gif", "--network", "none"), "--output a.gif: "),
        (("9", "--every-frame"), "--every-frame: is for films"),
        (("clip", "--host", "192.0.2.1"), "--host 192.0.2.1: no address of this machine"),
    ],
)
def test_what_cannot_be_used(
    arguments: tuple[str, ...],
    told: str,
    clip: Path,
    networks: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").write_bytes(clip.read_bytes())
    Path("damaged.onnx").write_bytes(Path("plain.onnx").read_bytes()[:200])
    source = "clip.mp4" if arguments[0] == "clip" else arguments[0]
    before = sorted(tmp_path.iterdir())
    assert run(source, *arguments[1:], *networks) == 2
    assert sorted(tmp_path.iterdir()) == before
    lines = capsys.readouterr().err.splitlines()
    lines = [line for line in lines if not re.match(r"port \d+ is taken, so", line)]
    assert len(lines) == 1
    assert lines[0].startswith(f"ERROR: {told}")


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_no_port(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("clip.mp4", "--port", port)
    assert capsys.readouterr().err.endswith("argument --port: from 1 to 65535\n")


def test_the_help_tells_what_network_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert "trained for one style" in shown and "gramflow train" in shown
    assert f"({', '.join(names())})" in shown


def test_a_port_that_is_taken(
    clip: Path, networks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(str(clip), *networks, "--port", str(port)) == 2
    assert capsys.readouterr().err == f"ERROR: --port {port}: is taken; give another one\n"


def test_the_next_free_port_is_taken_where_none_is_asked_for(
    clip: Path, networks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path, str(clip), *networks, "--loop") as live:
        first = urlsplit(live.line("the page: ")).port
        assert run(str(clip), *networks, "--frames", "2") == 0
        assert live.process.poll() is None
    shown = capsys.readouterr()
    second = int(re.search(r"http://127\.0\.0\.1:(\d+)/\n", shown.out)[1])
    assert second > first >= 8765
    assert f"port 8765 is taken, so the page is at {second}" in shown.err


# -- the page ------------------------------------------------------------------------------------


def test_the_page_shows_and_controls(clip: Path, networks: list[str], tmp_path: Path) -> None:
    with running(tmp_path, str(clip), *networks, "--loop", "--calm", "0") as live:
        page = live.request("/")
        assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        source, painted = live.pictures("source"), live.pictures("painted")
        next(source), next(painted)
        assert next(source).shape == (48, 64, 3)
        mean = np.mean([next(source).mean() for _ in range(5)])
        assert np.mean([next(painted).mean() for _ in range(5)]) == pytest.approx(255 - mean, abs=9)
        state = live.state()
        assert [each["name"] for each in state["networks"]][:2] == ["inverse", "plain"]
        assert state["network"] == "inverse" and state["recording"] is None
        assert 5 < state["rate"] < 30 and 0 < state["latency"] < 1

        assert live.change(network="plain", recording=True) == 204
        until(lambda: live.state()["recording"], live)
        assert live.state()["network"] == "plain"
        time.sleep(0.6)
        assert live.change(recording=False, intensity=0.5) == 204
        until(lambda: live.state()["recording"] is None, live)
        assert live.state()["intensity"] == 0.5
        (recorded,) = tmp_path.glob("live-*.mp4")
        assert np.mean(decoded(recorded)[-1]) == pytest.approx(mean, abs=9)

        for wrong in ({"network": "x"}, {"intensity": 2}, {"recording": "/etc/x"}, {"path": "x"}):
            assert live.change(**wrong) == 400
        assert live.state()["network"] == "plain"
        live.process.send_signal(signal.SIGINT)
        assert live.ended() == 130


def test_a_recording_of_the_page_that_fails_is_told(
    clip: Path, networks: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    with running(folder, str(clip), *networks, "--loop", "--seconds", "1.5") as live:
        live.line("the page: ")
        folder.rmdir()
        assert live.change(recording=True) == 204
        assert live.ended() == 1
    (warning,) = [line for line in live.lines if line.startswith("WARNING: ")]
    assert re.fullmatch(r"WARNING: live-[0-9-]+\.mp4: cannot be written \(.+\)", warning)


def test_other_sites_are_refused(clip: Path, networks: list[str], tmp_path: Path) -> None:
    with running(tmp_path, str(clip), *networks, "--loop") as live:
        port = urlsplit(live.line("the page: ")).port
        for path in ("/", "/state", "/painted", "/none"):
            assert live.request(path, headers={"Host": f"evil.example:{port}"}).status == 403
        assert live.request("/state", headers={"Host": f"localhost:{port}"}).status == 200
        body = json.dumps({"intensity": 0})
        for origin in ({}, {"Origin": "null"}, {"Origin": f"http://evil.example:{port}"}):
            answer = live.request("/controls", method="POST", body=body, headers=origin)
            assert answer.status == 403
        assert live.state()["intensity"] == 1
        page = live.request("/state")
        assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_other_machines_need_the_token(clip: Path, networks: list[str], tmp_path: Path) -> None:
    with running(tmp_path, str(clip), *networks, "--loop", "--host", "0.0.0.0") as live:
        address = urlsplit(live.line("the page: "))
        token = address.query.removeprefix("token=")
        assert len(token) > 40 and address.hostname != "0.0.0.0"
        for path in ("/", "/state", "/painted", "/none", "/controls"):
            for query in ("", "?token=", f"?token={token[:-1]}", "?token=%C3%A9"):
                connection = HTTPConnection("127.0.0.1", address.port, timeout=10)
                connection.request("GET", path + query)
                assert connection.getresponse().status == 403
        assert live.request("/").status == 200
        assert live.state()["painted"] >= 0
        assert next(live.pictures("painted")).shape == (48, 64, 3)
        assert live.change(intensity=0.3) == 204


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


MEAN = """(() => {
  const image = document.getElementById("painted"), canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return data[0];
})()"""
"""Red of the painted picture's first pixel."""


@needs_chromium
def test_the_page_in_a_browser(browser: Browser, networks: list[str], tmp_path: Path) -> None:
    """A dark grey source, whose negative is bright."""
    dark = tmp_path / "dark.mp4"
    make("-f", "lavfi", "-i", "color=c=0x202020:s=64x48:r=25:d=1", str(dark))
    with running(tmp_path, str(dark), *networks, "--loop", "--host", "127.0.0.1") as live:
        driver = browser.driver
        driver.get(live.line("the page: "))
        metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.wait(lambda: browser.one("#rate").text not in ("–", "0.0"))
        browser.wait(lambda: browser.run("document.getElementById('painted').naturalWidth") == 64)
        browser.wait(lambda: browser.run(MEAN) > 200)
        assert browser.run("document.documentElement.scrollWidth") <= 390
        assert browser.one("#latency").text.endswith(" ms")
        assert browser.one("#source-name").text == str(dark)

        browser.one("#network option[value=plain]").click()
        browser.wait(lambda: browser.run(MEAN) < 60)
        browser.one("#beside").click()
        browser.wait(lambda: browser.run("document.getElementById('source').naturalWidth") == 64)
        browser.one("#intensity").send_keys("\ue011")  # Home: 0
        browser.wait(lambda: live.state()["intensity"] == 0)
        browser.one("#record").click()
        browser.wait(lambda: browser.one("#record").text.startswith("Stop live-"))
        time.sleep(0.5)
        browser.one("#record").click()
        browser.wait(lambda: browser.one("#record").text == "Record")
        (recorded,) = tmp_path.glob("live-*.mp4")
        assert decoded(recorded)
        assert not browser.errors

        live.process.send_signal(signal.SIGTERM)
        assert live.ended() == 130
        browser.wait(lambda: browser.one("#trouble").text.startswith("Stopped"))
        browser.errors.clear()
