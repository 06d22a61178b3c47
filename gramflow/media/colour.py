"""Between a film's colours and RGB: options of ffmpeg's filters."""

from typing import Any

from gramflow.media.probe import Probe

# The scale filter's names for the matrices that it can compute with.
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
    """Options of the scale filter that decode the film's colours to full-range RGB."""
    if probe.is_rgb:
        return {"flags": _FLAGS}
    return {
        "in_color_matrix": _matrix(probe, probe.width, probe.height),
        "in_range": probe.range or "tv",
        "flags": _FLAGS,
    }


def scale_from_rgb(probe: Probe, width: int, height: int) -> dict[str, Any]:
    """Options of the scale filter that turn RGB of this size into the film's own kind of YUV."""
    return {
        "out_color_matrix": _matrix(probe, width, height),
        "out_range": _range(probe),
        "flags": _FLAGS,
    }


def tags(probe: Probe, width: int, height: int) -> dict[str, str]:
    """Options of the setparams filter: the film's own tags; what was untagged stays untagged.

    A film whose matrix no filter can compute, and one of RGB, gets the matrix that is used.
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
    """RGB is always full range; as YUV it becomes what every player expects."""
    return "tv" if probe.is_rgb else probe.range or "tv"


def _matrix(probe: Probe, width: int, height: int) -> str:
    """The scale filter's name of the film's matrix; untagged, what players take for its size."""
    high_definition = max(width, height) >= 1280 or min(width, height) > 576
    guess = "bt709" if high_definition or probe.is_rgb else "bt601"
    return _COMPUTABLE.get(probe.matrix or "", guess)
