"""How films are encoded: container and pixel format of each encoder, and what fits together."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gramflow.settings.schema import Values, refused


class _Usual(NamedTuple):
    """What an encoder gets where the config does not say."""

    container: str
    pixel_format: str


_USUAL = {
    "prores_ks": _Usual("mov", "yuv422p10le"),
    "dnxhd": _Usual("mov", "yuv422p10le"),
    "ffv1": _Usual("mkv", "gbrp16le"),
    "gif": _Usual("gif", "rgb24"),
    "libwebp_anim": _Usual("webp", "bgra"),
    "exr": _Usual("frames", "gbrpf32le"),
    "png": _Usual("frames", "rgb48le"),
}
_OTHERS = _Usual("mp4", "yuv420p")
_FITTING = {"gif": ("gif",), "webp": ("libwebp_anim",), "frames": ("exr", "png")}
"""The encoders of the containers that are no usual films."""

FRAMES = "frames"
"""The container that is a folder: a picture for each frame, and a file with the sound."""


def resolved_encoding(encode: Values, publish: str | None) -> Values:
    """Fill in what follows from the encoder; leave out `container` where it is the encoder's own.

    So the settings of a film are the same whether the usual container is named or not.
    Raises GramflowError for a container that the encoder does not go into.
    """
    codec, container = encode["codec"], encode["container"]
    usual = _USUAL.get(codec, _OTHERS)
    named = container if container != usual.container else None
    wanted = container or usual.container
    fitting = _FITTING.get(wanted)
    if (fitting and codec not in fitting) or (usual.container in _FITTING and named):
        known = " or ".join(fitting) if fitting else f"container: {usual.container}"
        raise refused(
            ("encode", "container"), f"{wanted} cannot hold what {codec} writes; give {known}"
        )
    if publish and wanted == FRAMES:
        raise refused(("publish",), f"{codec} writes a folder, which is not copied; leave it out")
    found = {key: value for key, value in encode.items() if key != "container"}
    found["pixel_format"] = encode["pixel_format"] or usual.pixel_format
    return found | ({"container": named} if named else {})


def container_of(encode: Mapping[str, Any]) -> str:
    """The container that films of resolved `encode` settings have; it is their files' suffix."""
    usual = _USUAL.get(encode["codec"], _OTHERS)
    return str(encode.get("container") or usual.container)


def holds_sound(encode: Mapping[str, Any]) -> bool:
    """Whether the film is one file that has sound, too; no loop, and no folder of pictures."""
    return container_of(encode) not in _FITTING


def has_alpha(pixel_format: str) -> bool:
    """Whether a pixel format has an alpha channel, by ffmpeg's way of naming them."""
    return re.match(r"yuva|gbrap|rgba|bgra|argb|abgr|ya\d|ayuv|vuya", pixel_format) is not None
