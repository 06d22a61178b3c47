"""Videos of the config: kinds of paths, their files, and the settings of a video and its masks."""

import glob
import re
import stat
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from gramflow.base.files import natural_sorted
from gramflow.settings.chosen import Layers, marked_settings, with_settings
from gramflow.settings.paths import check_name, check_readable, mode_of
from gramflow.settings.plugins import Registry
from gramflow.settings.schema import Entry, Values, refused, remedy, seconds, shown

STREAMS = ("http", "https", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp")
"""Protocols of streams that a video's path may name."""

STORAGE = "s3://"
"""Prefix of the address of a video in an object store, which Snakemake downloads."""


def is_stored(path: str) -> bool:
    """Whether a video's path is in an object store, from which a Snakemake plugin fetches it."""
    return path.startswith(STORAGE)


def is_live(path: str) -> bool:
    """Whether a video's path is a camera or a stream, which must be recorded first."""
    if is_stored(path):
        return False
    return path.startswith("/dev/video") or re.match(r"[a-z][a-z0-9+.-]*://", path) is not None


def is_glob(path: str, folder: Path = Path()) -> bool:
    """Whether a video's path is a glob pattern for an image sequence.

    A path that exists is not taken for a pattern, since file names may contain brackets.
    """
    if is_live(path) or is_stored(path):
        return False
    return glob.has_magic(path) and not mode_of(folder / path)


def video_files(video: Mapping[str, Any], folder: Path = Path()) -> list[str]:
    """Paths of the files that a video is read from, in frame order; [] for a stream.

    video: a video's entry of the config.
    """
    path = video["path"]
    if is_live(path):
        return []
    if is_glob(path, folder):
        # Path.glob refuses absolute patterns
        found = glob.glob(path, root_dir=folder, recursive=True)  # noqa: PTH207
        return natural_sorted(name for name in found if stat.S_ISREG(mode_of(folder / name)))
    return [path]


def resolved_video(
    name: str, video: Values, registry: Registry, layers: Layers, folder: Path
) -> Values:
    """Resolve a video's entry of the config, in a canonical form.

    Raises GramflowError for settings that do not fit each other, and for files that are not there.
    """
    entry = ("videos", name)
    _check_path(video, folder, entry)
    if video["scale"] is not None and (video["width"] or video["height"]):
        raise refused((*entry, "scale"), "set beside width or height; keep one of them")
    start, end = seconds(video["start"]), seconds(video["end"])
    if end is not None and end <= (start or 0):
        raise refused((*entry, "end"), f"{end:g} s is not after the start; give a later time")
    cuts = _cuts(video["cuts"], (*entry, "cuts"))
    masks = _masks(video["masks"], registry, layers, folder, (*entry, "masks"))
    fps = _ratio(video["fps"], (*entry, "fps"))
    times = {"start": start, "end": end, "cuts": cuts, "fps": fps}
    return video | times | {"masks": masks}


def _cuts(cuts: bool | str | list[float], entry: Entry) -> str | list[float]:
    """Normalise a video's cuts to "auto", "off" (which YAML reads as false), or sorted seconds."""
    if isinstance(cuts, list):
        return sorted(cuts)
    if cuts in ("off", False):
        return "off"
    if cuts == "auto":
        return "auto"
    raise refused(entry, f"{shown(cuts)} is neither auto nor off; give one, or a list of seconds")


def _check_path(video: Values, folder: Path, entry: Entry) -> None:
    """Raise GramflowError unless the video's files exist and `fps` and `seconds` fit its kind."""
    path, at = video["path"], (*entry, "path")
    if is_live(path):
        protocol, colon, _ = path.partition("://")
        if colon and protocol not in STREAMS:
            raise refused(at, f"{path}: not a kind of stream; {remedy(protocol, STREAMS)}")
        if video["seconds"] is None:
            raise refused((*entry, "seconds"), "missing; give how many are to be recorded")
    elif is_glob(path, folder):
        files = video_files(video, folder)
        if not files:
            raise refused(at, f"{path}: no picture matches; correct the pattern")
        for file in files:
            check_name(file, at)
        if video["fps"] is None:
            raise refused((*entry, "fps"), "missing; give the frame rate of the pictures")
    elif is_stored(path):
        check_name(path, at)
    else:
        check_readable(folder / path, at)
    if video["fps"] is not None and not is_glob(path, folder):
        raise refused((*entry, "fps"), "only for a glob such as frames/*.png; leave it out")
    if video["seconds"] is not None and not is_live(path):
        raise refused((*entry, "seconds"), "only for a camera or a stream; give start and end")


def _ratio(fps: float | str | None, entry: Entry) -> str | None:
    """A frame rate as an exact ratio such as "30000/1001"; 25, 25.0 and "50/2" all give "25".

    One of very large numbers, which no film's header holds, is rounded to what one does: 30000/1001
    from its digits. Raises GramflowError for a rate that is far from any film's.
    """
    if fps is None:
        return None
    ratio = Fraction(str(fps)).limit_denominator(_FINEST)
    if not _SLOWEST <= ratio <= _FASTEST:
        text = f"{fps} does not fit; give a rate from {_SLOWEST} to {_FASTEST}, such as 25"
        raise refused(entry, text)
    return str(ratio)


_FINEST = 100_000  # greatest denominator of a frame rate
_SLOWEST, _FASTEST = Fraction(1, 1000), Fraction(1000)


def _masks(masks: Values, registry: Registry, layers: Layers, folder: Path, entry: Entry) -> Values:
    """Resolve a video's masks: name of the plugin and all of its settings, by the mask's name.

    A text is the path of the plugin `files`. Raises GramflowError for settings that do not fit the
    plugin, and for files that are not there.
    """
    found = {}
    for name, given in masks.items():
        at = (*entry, name)
        wanted = {"name": "files", "path": given} if isinstance(given, str) else given
        settings = with_settings(wanted, "masks", registry, layers, at)
        plugin = registry.find("masks", settings["name"])
        for path_entry, path in marked_settings(plugin, settings, "file", at):
            check_readable(folder / path, path_entry)
        for path_entry, path in marked_settings(plugin, settings, "frames", at):
            _check_frames(path, folder, path_entry)
        found[name] = settings
    return found


def _check_frames(path: str, folder: Path, entry: Entry) -> None:
    """Raise GramflowError unless a path is a file's, or a pattern that pictures match."""
    if is_live(path) or is_stored(path):
        raise refused(entry, f"{path}: is not a file; give a film, a picture or a pattern")
    files = video_files({"path": path}, folder)
    if not files:
        raise refused(entry, f"{path}: no picture matches; correct the pattern")
    for file in files:
        check_readable(folder / file, entry)
