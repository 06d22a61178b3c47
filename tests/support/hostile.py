"""Files as an attacker would make them: playlists, references to other files, huge pictures."""

import struct
import zlib
from pathlib import Path


def playlists(canary: Path, url: str) -> dict[str, str]:
    """Texts that lead ffmpeg to a film on this machine or to a server, by a name for each.

    canary: the film, an MPEG transport stream. url: the server's address.
    """
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
    key = f'#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"\n'
    return {
        "hls": f"{head}file://{canary}\n#EXT-X-ENDLIST\n",
        "hls-relative": f"{head}{canary.name}\n#EXT-X-ENDLIST\n",
        "hls-network": f"{head}{url}/a.ts\n#EXT-X-ENDLIST\n",
        "hls-key": head.replace("#EXTINF", f"{key}#EXTINF") + f"{canary.name}\n#EXT-X-ENDLIST\n",
        "hls-concat": f"{head}concat:{canary}|{canary}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile {canary.name}\n",
        "ffconcat-network": f"ffconcat version 1.0\nfile {url}/a.ts\n",
        "dash": _DASH.format(source=canary),
        "dash-network": _DASH.format(source=f"{url}/a.mp4"),
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "pls": f"[playlist]\nFile1={url}/a.ts\nNumberOfEntries=1\n",
        "xspf": '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/">'
        f"<trackList><track><location>{url}/a.ts</location></track></trackList></playlist>",
        "svg": '<svg xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="48">'
        f'<image xlink:href="{url}/a.png"/><image xlink:href="file://{canary}"/></svg>',
    }


_DASH = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="v" bandwidth="1000" codecs="avc1.42E01E" width="64" height="48">
<BaseURL>{source}</BaseURL><SegmentList><SegmentURL media="{source}"/></SegmentList>
</Representation></AdaptationSet></Period></MPD>"""


def referring(film: bytes, target: Path) -> bytes:
    """A QuickTime film whose samples are in another file, by an alias in its data reference.

    film: a film with one track whose index follows its samples, so that the index may grow.
    """
    path = str(target).encode()
    alias = bytes(10) + b"\x01v".ljust(28, b"\0") + bytes(12) + b"\x01f".ljust(64, b"\0")
    alias += bytes(16) + struct.pack(">HH", 0, 0) + bytes(16)
    alias += struct.pack(">HH", 2, len(path)) + path + bytes(len(path) % 2)
    alias += struct.pack(">H", 0xFFFF)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    at = film.index(b"url \0\0\0\x01") - 4
    grown = bytearray(film[:at] + entry + film[at + 12 :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        place = film.rindex(name, 0, at) - 4
        (size,) = struct.unpack_from(">I", film, place)
        struct.pack_into(">I", grown, place, size + len(entry) - 12)
    return bytes(grown)


def bombs(width: int, height: int) -> dict[str, bytes]:
    """Small files that say they are pictures of this size, by their kind."""
    tags = [(256, width), (257, height), (258, 8), (259, 8), (262, 2), (273, 200), (277, 3)]
    tags += [(278, height), (279, 50)]
    tiff = b"II*\0" + struct.pack("<IH", 8, len(tags))
    tiff += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes((1, 17, 0, 2, 17, 0, 3, 17, 0))
    return {
        "png": _png(width, height),
        "jpg": b"\xff\xd8\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xd9",
        "tif": tiff.ljust(200, b"\0") + zlib.compress(bytes(100)).ljust(50, b"\0"),
        "bmp": b"BM" + struct.pack("<IIIIIIHH", 154, 0, 54, 40, width, height, 1, 24) + bytes(128),
        "ppm": b"P6\n%d %d\n255\n" % (width, height) + bytes(100),
    }


def _png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
