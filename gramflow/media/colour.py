"""Conversion between a film's colours and RGB, as options of ffmpeg's filters."""

from typing import Any

from gramflow.media.probe import Probe

# Colour matrices that the scale filter supports: the tag's name, and the filter's name.
_COMPUTABLE = {
    "bt709": "bt709",
    "bt470bg": "bt601",
    "smpte170m": "bt601",
    "smpte240m": "smpte240m",
    "bt2020nc": "bt2020",
    "bt2020c": "bt2020",
}
_FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"


def scale_to_rgb(probe: Probe) -> dict[str, Any]:
    """Options of the scale filter that convert the film's frames to full-range RGB."""
    if probe.is_rgb:
        return {"flags": _FLAGS}
    return {
        "in_color_matrix": _matrix(probe, probe.width, probe.height),
        "in_range": probe.range or "tv",
        "flags": _FLAGS,
    }


def scale_from_rgb(probe: Probe, width: int, height: int) -> dict[str, Any]:
    """Options of the scale filter that convert full-range RGB to the film's matrix and range.

    width, height: of the frames to convert, in pixels.
    """
    return {
        "out_color_matrix": _matrix(probe, width, height),
        "out_range": _range(probe),
        "flags": _FLAGS,
    }


def tags(probe: Probe, width: int, height: int) -> dict[str, str]:
    """Options of the setparams filter: the film's own colour tags; what was untagged stays so.

    A film in RGB, and one whose matrix the scale filter does not support, is tagged with the matrix
    that is used instead.
    """
    keeps = probe.matrix in _COMPUTABLE or (probe.matrix is None and not probe.is_rgb)
    used = _matrix(probe, width, height).replace("bt601", "smpte170m")
    return {
        "range": _range(probe) if probe.range or probe.is_rgb else "unknown",
        "color_primaries": probe.primaries or "unknown",
        "color_trc": probe.transfer or "unknown",
        "colorspace": (probe.matrix or "unknown") if keeps else used,
    }


def _range(probe: Probe) -> str:
    """Range of the encoded film: "tv" (limited) or "pc" (full); the source's own, "tv" if untagged.

    RGB is always full range, but is encoded as YUV in limited range, which every player expects.
    """
    return "tv" if probe.is_rgb else probe.range or "tv"


def _matrix(probe: Probe, width: int, height: int) -> str:
    """The scale filter's name for the film's colour matrix.

    If untagged or unsupported, BT.709 for RGB and for high definition, else BT.601, as players
    assume.
    """
    high_definition = max(width, height) >= 1280 or min(width, height) > 576
    guess = "bt709" if high_definition or probe.is_rgb else "bt601"
    return _COMPUTABLE.get(probe.matrix or "", guess)
