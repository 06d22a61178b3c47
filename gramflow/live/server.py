"""The page on which live video is watched and controlled, served to this machine's browser.

Another machine needs a token, which the printed address has. Other sites in the same browser can
read and control nothing: requests must name this server as their host and, where they change
something, come from its own page.
"""

import asyncio
import hmac
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from errno import EADDRINUSE
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from gramflow.base.errors import GramflowError
from gramflow.live.loop import Loop
from gramflow.live.reasons import one_line
from gramflow.live.sinks import Painted, Sink, Takes
from gramflow.media.pictures import jpeg_of

HOST, PORT = "127.0.0.1", 8765
"""Where the page is unless told otherwise."""

_TRIED = 20  # ports that are tried, from PORT on, where none was asked for
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_PAGE = Path(__file__).with_name("page.html")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_NEXT = b"--frame\r\n"  # between the pictures of a stream
_LARGEST = 4096  # bytes of a request that changes something
_LEAVE = 3.0  # seconds for the thread to end
_MALFORMED = (ValueError, TypeError, LookupError, OverflowError, RecursionError)
"""What reading JSON raises: of unknown encodings, large numbers, and deep nesting, too."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens on a host's port; without a port on PORT, or the next that is free.

    Raises GramflowError when the port is taken, or the host is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # else :: is not reached by IPv4
    both = family is socket.AF_INET6 and socket.has_dualstack_ipv6()
    for tried in range(PORT, PORT + _TRIED) if port is None else [port]:
        try:
            return socket.create_server((host, tried), family=family, dualstack_ipv6=both)
        except PermissionError as error:
            raise GramflowError(f"--port {tried}: may not be used; give one above 1023") from error
        except OSError as error:
            if error.errno != EADDRINUSE:
                raise GramflowError(
                    f"--host {host}: no address of this machine ({error.strerror}); leave it out, "
                    "or give 0.0.0.0"
                ) from error
    taken = f"--port {port}: is taken" if port else f"--port: {PORT} to {tried} are taken"
    raise GramflowError(f"{taken}; give another one")


class Page(Sink):
    """Serves the page, from a thread of its own, with the newest frame.

    address: where to open it, with the token if one is needed.
    """

    def __init__(self, loop: Loop, takes: Takes, source: str, listening: socket.socket) -> None:
        """Start serving.

        loop: what is shown and controlled. takes: its recordings. source: the source's name.
        listening: of `listen`. Where it can be reached from other machines, a token is needed.
        """
        self._loop = loop
        self._takes = takes
        self._source = source
        host, port = listening.getsockname()[:2]
        self._names = (*_LOCAL_NAMES, host)
        self._token = "" if ip_address(host).is_loopback else secrets.token_urlsafe()
        self.address = _address(host, port) + (f"?token={self._token}" if self._token else "")
        self._shown: Painted | None = None
        self._jpegs: dict[str, bytes] = {}  # of the newest frame, by kind
        self._ready = Event()
        self._thread = Thread(target=asyncio.run, args=(self._serve(listening),), daemon=True)
        self._thread.start()
        self._ready.wait()

    def show(self, painted: Painted) -> None:
        """Show a frame to everyone who watches."""
        with suppress(RuntimeError):  # the thread has ended
            self._events.call_soon_threadsafe(self._renew, painted)

    def close(self) -> None:
        """End the streams and the thread."""
        with suppress(RuntimeError):
            self._events.call_soon_threadsafe(self._renew, None)
        self._thread.join(_LEAVE)

    # -- from here on in the thread of the server --------------------------------------------------

    async def _serve(self, listening: socket.socket) -> None:
        self._events = asyncio.get_running_loop()
        self._news = asyncio.Event()  # replaced with every frame
        self._closing = asyncio.Event()
        app = web.Application(middlewares=[self._guard], client_max_size=_LARGEST)
        app.on_response_prepare.append(_add_headers)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/state", self._state),
                web.post("/controls", self._change),
                web.get("/{kind:painted|source}", self._stream),
            ]
        )
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        self._ready.set()
        await self._closing.wait()
        await runner.cleanup()

    def _renew(self, painted: Painted | None) -> None:
        """Take the newest frame, or end for None, and wake the streams."""
        if painted is None:
            self._closing.set()
        else:
            self._shown, self._jpegs = painted, {}
        self._news.set()
        self._news = asyncio.Event()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse requests without the token, under another name, and from other sites."""
        given = request.query.get("token", "").encode()
        if not hmac.compare_digest(given, self._token.encode()):
            raise web.HTTPForbidden(text="This needs the address, with its token, that was printed")
        # with a name that leads here by a forged DNS entry, any site would be of the same origin
        if not self._token and _hostname(request.host) not in self._names:
            raise web.HTTPForbidden(text=f"Open {self.address}")
        _, _, origin = request.headers.get("Origin", "").partition("://")
        if request.method == "POST" and origin != request.host:
            raise web.HTTPForbidden(text="Only its own page changes anything")
        return await handler(request)

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text=_PAGE.read_text("utf-8"), content_type="text/html")

    async def _state(self, _: web.Request) -> web.StreamResponse:
        """What the page shows beside the pictures, as JSON."""
        loop = self._loop
        rate, latency = loop.meter.measured()
        cards = {name: painter.card for name, painter in loop.painters.items()}
        state = {
            "source": self._source,
            "networks": [
                {"name": name, "style": card.get("style", "")} for name, card in cards.items()
            ],
            "network": loop.controls.network,
            "intensity": loop.controls.intensity,
            "rate": rate,
            "latency": latency,
            "painted": loop.meter.painted,
            "dropped": loop.reader.dropped,
            "recording": self._takes.film,
            "trouble": str(loop.reader.fault or self._takes.trouble),
        }
        return web.json_response(state)

    async def _change(self, request: web.Request) -> web.StreamResponse:
        """Change the network, the intensity, or whether it is recorded."""
        try:
            wanted = _wanted(await request.json(), self._loop.painters)
        except _MALFORMED as error:
            raise web.HTTPBadRequest(text=one_line(error)) from error
        for name, value in wanted.items():
            setattr(self._takes if name == "wanted" else self._loop.controls, name, value)
        return web.Response(status=204)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """The newest frame again and again, as motion JPEG; slow readers miss some."""
        kind = "multipart/x-mixed-replace; boundary=frame"
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        with suppress(ConnectionError):
            await response.write(_NEXT)
            while not self._closing.is_set():
                news = self._news
                if self._shown:
                    data = self._jpeg(request.match_info["kind"], self._shown)
                    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                    await response.write(head.encode() + data + b"\r\n" + _NEXT)
                await news.wait()
        return response

    def _jpeg(self, kind: str, shown: Painted) -> bytes:
        if kind not in self._jpegs:
            self._jpegs[kind] = jpeg_of(shown.source if kind == "source" else shown.pixels)
        return self._jpegs[kind]


def _wanted(values: Any, networks: Any) -> dict[str, Any]:
    """Check what the page asks for. Raises one of _MALFORMED."""
    found: dict[str, Any] = {}
    for name, value in dict(values).items():
        if name == "network" and value in networks:
            found["network"] = value
        elif name == "intensity" and 0 <= float(value) <= 1:
            found["intensity"] = float(value)
        elif name == "recording" and isinstance(value, bool):
            found["wanted"] = value
        else:
            raise ValueError(f"{json.dumps(name)}: cannot be {json.dumps(value)}")
    return found


def _hostname(authority: str) -> str | None:
    """The name in an authority, name:port; None if it is malformed."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def _address(host: str, port: int) -> str:
    """Where a browser finds the page; for all addresses of this machine, the one it is known by."""
    if ip_address(host).is_unspecified:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, suppress(OSError):
            asking.connect(("192.0.2.1", 9))  # sends nothing: it finds the way, and so the address
            host = asking.getsockname()[0]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
