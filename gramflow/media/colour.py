"""Conversion between a film's colours and RGB, as options of ffmpeg's filters."""

from dataclasses import replace
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


def as_painted(probe: Probe, colours: str | None) -> Probe:
    """The probe with the colour tags of what is painted, and of the film that is made of it.

    Linear light is painted, and with `colours` high dynamic range and wide gamut are, as sRGB.
    colours: the config's entry of the video.
    """
    if not is_viewed(probe, colours):
        return probe
    matrix = None if probe.is_rgb else "bt709"
    return replace(probe, transfer="iec61966-2-1", primaries="bt709", matrix=matrix)


def is_viewed(probe: Probe, colours: str | None) -> bool:
    """Whether what is painted has other colours than the source.

    So it is for linear light, and, with `colours`, for PQ, HLG and BT.2020's primaries.
    """
    is_wide = probe.transfer in ("smpte2084", "arib-std-b67") or probe.primaries == "bt2020"
    return probe.transfer == "linear" or (colours is not None and is_wide)


def scale_from_rgb(probe: Probe, width: int, height: int, is_rgb: bool = False) -> dict[str, Any]:
    """Options of the scale filter that convert full-range RGB to the film's matrix and range.

    width, height: of the frames to convert, in pixels. is_rgb: whether they stay RGB.
    """
    if is_rgb:
        return {"out_range": "pc", "flags": _FLAGS}
    return {
        "out_color_matrix": _matrix(probe, width, height),
        "out_range": _range(probe),
        "flags": _FLAGS,
    }


def tags(probe: Probe, width: int, height: int, is_rgb: bool = False) -> dict[str, str]:
    """Options of the setparams filter: the film's own colour tags; what was untagged stays so.

    is_rgb: whether the frames are encoded as RGB, which has its own matrix and is full range.
    A film in RGB, and one whose matrix the scale filter does not support, is tagged with the matrix
    that is used instead.
    """
    if is_rgb:
        named = {"color_primaries": probe.primaries, "color_trc": probe.transfer}
        found = {key: value or "unknown" for key, value in named.items()}
        return {"range": "pc", **found, "colorspace": "gbr"}
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
