"""Validates the user's config, fills in defaults, and resolves looks and renders."""

import glob
import json
import os
import re
import stat
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from functools import cache, cached_property
from importlib.util import find_spec
from itertools import product
from math import log2
from pathlib import Path
from typing import Any, Literal

import yaml

from gramflow import bundled
from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical, natural_sorted
from gramflow.settings import scenes
from gramflow.settings.plugins import Plugin, Registry
from gramflow.settings.schema import Entry, checked, refused, remedy, seconds, shown

Values = dict[str, Any]

STREAMS = ("http", "https", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp")
"""Protocols of streams that a video's path may name."""

STORAGE = "s3://"
"""Prefix of the address of a video in an object store, which Snakemake downloads."""


@dataclass(frozen=True)
class Style:
    """A style: paths of its pictures, and their weights in the mean target, which sum to 1.

    masks: paths of masks of the pictures, one for each, or none.
    crop, crops, rotations: what is seen of each picture, as in the config's schema.
    """

    name: str
    images: tuple[str, ...]
    weights: tuple[float, ...]
    crop: tuple[float, ...] | None = None
    crops: int = 1
    rotations: tuple[float, ...] = (0.0,)
    masks: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of its pictures and their masks."""
        return self.images + self.masks

    @property
    def views(self) -> Values:
        """What is seen of each picture, as far as it is not the picture itself."""
        chosen = {"crop": self.crop, "crops": self.crops, "rotations": self.rotations}
        whole = {"crop": None, "crops": 1, "rotations": (0.0,)}
        return {key: value for key, value in chosen.items() if value != whole[key]}


SCENE = ("intensity", "regions", "timeline")
"""Settings of a look that say what is painted where and when."""


@dataclass(frozen=True)
class Look:
    """Parameters of painting; the config's schema documents the fields.

    regions: by the mask's name, "style": shares of styles by name, or None, and "intensity".
    timeline: entries in the order of time, of which only what they set is kept; "at" in seconds.
    losses: settings of each loss term by plugin name; terms of weight 0 are left out.
    flow, optimizer, stylizer, colours: settings of the chosen plugin, including its `name`.
    """

    name: str
    width: int
    height: int | None
    coarsest: int | None
    start: str
    opening: str
    passes: int
    hold: int
    grain: float
    seed: int
    style_scale: float
    pooling: Literal["average", "max", "l2"]
    padding: Literal["mirror", "zeros"]
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
    evaluations: int
    first: float
    epoch: int
    stop: float
    bounds: bool
    intensity: float | None
    regions: dict[str, Values]
    timeline: list[Values]
    losses: dict[str, Values]
    flow: Values
    optimizer: Values
    stylizer: Values
    colours: Values

    @property
    def is_plain(self) -> bool:
        """Whether whole frames are painted in the render's style, by the loss terms' weights."""
        return not any(getattr(self, name) not in (None, {}, []) for name in SCENE)

    @property
    def asks_intensity(self) -> bool:
        """Whether any part of any frame has an intensity above 0."""
        return scenes.asks_intensity(self.intensity, self.regions, self.timeline)

    @property
    def widths(self) -> list[int]:
        """Widths in pixels of the coarse-to-fine pyramid, rising, each about twice the last.

        The last is `width`. The first is `coarsest`, unless that is None or nearly `width`.
        """
        least = min(self.coarsest or self.width, self.width)
        whole = self.width / least
        steps = round(log2(whole))
        return [*(round(least * whole ** (step / steps)) for step in range(steps)), self.width]

    def evaluations_of(self, frames: int, anew: int) -> float:
        """Maximum cost of painting, in evaluations of the loss at the full working size.

        frames: number of frames. anew: how many of them start without a painted neighbour; these
        are painted at every width, with `first` times the evaluations if start is previous. An
        evaluation at a smaller width costs in proportion to its pixels.
        """
        first = self.first if self.start == "previous" else 1
        shares = sum((width / self.width) ** 2 for width in self.widths)
        return self.evaluations * (frames - anew + first * shares * anew)

    @property
    def opens_with(self) -> str:
        """What a frame starts from that has nothing before it."""
        return self.opening if self.start == "previous" else self.start

    @property
    def settings(self) -> Values:
        """All fields except the name, so that looks of equal effect have equal settings.

        Those at their value in `_WITHOUT_EFFECT` are left out, too: keys and certificates of looks
        that do without them stay those of the versions that did not have them.
        """
        settings = asdict(self)
        del settings["name"]
        neutral = _WITHOUT_EFFECT.items()
        return {name: value for name, value in settings.items() if (name, value) not in neutral}


_WITHOUT_EFFECT: Values = {
    "hold": 1,
    "grain": 0.0,
    "opening": "content",
    "intensity": None,
    "regions": {},
    "timeline": [],
}


@dataclass(frozen=True)
class Render:
    """One video in one style with one look.

    shots: the film's shots that have another style or look: number, from 1, style, look; sorted.
    film, only: of a render that paints only such shots of a film, that film's name and the numbers
        of the shots; "" and () for all others.
    """

    video: str
    style: str
    look: str
    shots: tuple[tuple[int, str, str], ...] = ()
    film: str = ""
    only: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The render's part of file names. It is unique, since names contain no dot and no plus."""
        look = "" if self.look == "default" else f".{self.look}"
        if not self.film:
            return f"{self.video}.{self.style}{look}"
        style = "" if self.style == self.film.split(".")[1] else f"{self.style}."
        return f"{self.film}+{style}{self.look}"

    @property
    def labels(self) -> dict[str, str]:
        """Names of the video, the style and the look."""
        return {"video": self.video, "style": self.style, "look": self.look}

    @property
    def others(self) -> list["Render"]:
        """The renders that paint the film's shots of another style or look."""
        numbers: dict[tuple[str, str], list[int]] = {}
        for number, style, look in self.shots:
            numbers.setdefault((style, look), []).append(number)
        return [
            Render(self.video, style, look, film=self.name, only=tuple(found))
            for (style, look), found in numbers.items()
        ]

    def paints(self, shot: int) -> bool:
        """Whether the render itself paints a shot, given its number from 1."""
        if self.film:
            return shot in self.only
        return shot not in {number for number, _, _ in self.shots}

    def look_of(self, shot: int) -> str:
        """The look of one of the film's shots, given its number from 1."""
        return next((look for number, _, look in self.shots if number == shot), self.look)


@dataclass(frozen=True)
class Config:
    """A validated config with all defaults filled in. Dictionaries are keyed by name."""

    weights: str
    network: str
    videos: dict[str, Values]
    styles: dict[str, Style]
    looks: dict[str, Look]
    renders: dict[str, Render]
    segment_frames: int
    memory: str | None
    store: str
    publish: str | None
    encode: Values
    registry: Registry = field(compare=False, repr=False)

    def styles_of(self, render: Render) -> list[str]:
        """Names of the styles that a render is painted in: its own, then those its look names."""
        return list(dict.fromkeys([render.style, *self.styles_of_look(self.looks[render.look])]))

    def styles_of_look(self, look: Look) -> list[str]:
        """Names of the styles that a look names."""
        named = (name for _, name in marked(look, self.registry, "style"))
        shown = (name for _, name in scenes.styles_named(look.regions, look.timeline))
        return [*named, *(name for name in shown if name != scenes.OWN)]

    def masks_of(self, render: Render) -> list[str]:
        """Names of the video's masks that a render, and those that it needs, are painted by."""
        needed = (mask for each in self.needed_by(render) for mask in self.masks_of(each))
        return list(dict.fromkeys([*self.looks[render.look].regions, *needed]))

    def examples_of(self, render: Render) -> list[Render]:
        """The renders, of its video and style, whose painted frames a render learns from."""
        named = (name for _, name in marked(self.looks[render.look], self.registry, "look"))
        return [Render(render.video, render.style, name) for name in dict.fromkeys(named)]

    def needed_by(self, render: Render) -> list[Render]:
        """The renders that are painted for another one: its examples, and its other shots."""
        return [*self.examples_of(render), *render.others]

    @cached_property
    def painted(self) -> dict[str, Render]:
        """All renders to paint, by name: `renders`, each after those that it needs."""
        found: dict[str, Render] = {}

        def add(render: Render) -> None:
            for needed in self.needed_by(render):
                add(needed)
            found[render.name] = render

        for render in self.renders.values():
            add(render)
        return found


def load(config: Mapping[str, Any], folder: Path = Path()) -> Config:
    """Validate a config as Snakemake read it, and fill in all defaults.

    Paths in it are relative to `folder` and are not changed. Raises GramflowError for the first
    error found; its message is one line that starts with the entry's name.
    """
    values = checked(config, schema())
    registry = Registry([folder / file for file in values["plugins"]])
    network = registry.find("networks", values["network"], ("network",))
    _check_packages(network, ("network",))
    layers = _check_weights(values["weights"], network, folder)
    videos = {
        name: _video(name, video, folder)
        | {"masks": _masks(video["masks"], registry, layers, folder, ("videos", name, "masks"))}
        for name, video in values["videos"].items()
    }
    styles = {name: _style(name, style, folder) for name, style in values["styles"].items()}
    looks = {
        name: _look(name, look, registry, layers)
        for name, look in {"default": {}, **values["looks"]}.items()
    }
    for look in looks.values():
        for entry, path in marked(look, registry, "file"):
            _check_readable(folder / path, entry)
        for entry, style in marked(look, registry, "style"):
            _check_known("style", style, styles, entry)
        for entry, style in scenes.styles_named(look.regions, look.timeline, ("looks", look.name)):
            _check_known("style", style, {*styles, scenes.OWN}, entry)
        _check_examples([look.name], looks, registry)
    renders = _renders(values["renders"], videos, styles, looks)
    for name in {render.look for render in renders.values()}:
        _check_even(looks[name], values["encode"]["pixel_format"])
    resolved = Config(
        weights=values["weights"],
        network=network.name,
        videos=videos,
        styles=styles,
        looks=looks,
        renders=renders,
        segment_frames=values["segment_frames"],
        memory=values["memory"],
        store=values["store"],
        publish=values["publish"],
        encode=values["encode"],
        registry=registry,
    )
    _check_whole(resolved)
    for render in resolved.painted.values():
        for mask in looks[render.look].regions:
            known = videos[render.video]["masks"]
            _check_known(f"mask of {render.video}", mask, known, ("looks", render.look, "regions"))
    return resolved


@cache
def schema() -> Values:
    """The JSON schema of the config, without the settings of plugins."""
    return _read_yaml("schemas/config.schema.yaml")


@cache
def presets() -> Values:
    """The looks of presets.yaml, by preset name."""
    return _read_yaml("presets.yaml")


def _read_yaml(name: str) -> Values:
    # the loader on libyaml is ten times faster, but PyYAML may be built without it
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return yaml.load(text, loader)


# -- inputs ------------------------------------------------------------------------------------


def check_apart(config: Config) -> None:
    """Check that machines which share only a mounted volume can use the config.

    Raises GramflowError for weights that are downloaded to one machine, and for relative paths.
    """
    volume = "on a volume that all machines have, such as /data"
    if config.weights in ("auto", "imagenet"):
        raise refused(
            ("weights",),
            f"{config.weights} is downloaded to one machine's home; give the path of a file "
            f"{volume}/weights.h5, or bundled",
        )
    for entry, path in _paths(config):
        if not Path(path).is_absolute():
            raise refused(entry, f"{path} is on this machine alone; give a path {volume}/{path}")


def _paths(config: Config) -> Iterator[tuple[Entry, str]]:
    """Yield the config entry and path of every file and folder that the config names."""
    yield ("store",), config.store
    if config.weights not in ("bundled", "random"):
        yield ("weights",), config.weights
    for style in config.styles.values():
        for entry in ("images", "masks"):
            for number, image in enumerate(getattr(style, entry)):
                yield ("styles", style.name, entry, number), image
    for name, video in config.videos.items():
        if not is_live(video["path"]) and not is_stored(video["path"]):
            yield ("videos", name, "path"), video["path"]
        for mask in video["masks"]:
            for mark in ("file", "frames"):
                yield from marked_of_mask(config, name, mask, mark)
    for look in config.looks.values():
        yield from marked(look, config.registry, "file")


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
    return glob.has_magic(path) and not _mode(folder / path)


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
        return natural_sorted(name for name in found if stat.S_ISREG(_mode(folder / name)))
    return [path]


def _mode(path: Path) -> int:
    """The `st_mode` of a path; 0 if it does not exist or cannot be reached."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # or the name is too long, or a parent folder may not be read
        return 0


@dataclass(frozen=True)
class _Layers:
    """The layers that a look may use; None if only the built network tells.

    whose: name of the network, for errors. advice: text to append to these errors.
    """

    names: Sequence[str] | None
    whose: str
    advice: str = ""


def _check_weights(weights: str, network: Plugin, folder: Path) -> _Layers:
    """Check that the weights exist and fit the network; return the layers that have weights.

    Raises GramflowError if the file is missing or the network has no bundled weights.
    """
    known = ("auto", "imagenet", "bundled", "random")
    _check_braces(weights, ("weights",))
    if weights not in known and not stat.S_ISREG(_mode(folder / weights)):
        advice = remedy(weights, known)
        raise refused(("weights",), f"{weights}: no such file; {advice}, or the path of an .h5")
    if weights != "bundled":
        return _Layers(network.cls.layers, network.name)
    if network.name != bundled.NETWORK:
        text = f"{network.name} has no bundled weights; give {bundled.NETWORK}, or weights: auto"
        raise refused(("network",), text)
    return _Layers(bundled.LAYERS, "bundled VGG-19", ", or set weights to auto or a file")


def _check_packages(plugin: Plugin, entry: Entry) -> None:
    """Raise GramflowError when a package in the plugin's `packages` is not installed."""
    for package, requirement in getattr(plugin.cls, "packages", {}).items():
        if find_spec(package) is None:
            advice = f"{sys.executable} -m pip install '{requirement}'"
            raise refused(entry, f"{plugin.name} needs {package}, which is not installed; {advice}")


def _check_braces(path: str, entry: Entry) -> None:
    if re.search(r"{.*}", path):
        raise refused(entry, f"{path}: Snakemake takes braces for a wildcard; rename it")


def _check_readable(path: Path, entry: Entry) -> None:
    _check_braces(str(path), entry)
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        raise refused(entry, f"{path} is a folder; for a picture sequence give '{path}/*.png'")
    if not stat.S_ISREG(mode):
        raise refused(entry, f"{path}: no such file; correct the path")
    if not os.access(path, os.R_OK):
        raise refused(entry, f"{path} may not be read; allow it with chmod")


def _video(name: str, video: Values, folder: Path) -> Values:
    entry = ("videos", name)
    _check_path(video, folder, entry)
    if video["scale"] is not None and (video["width"] or video["height"]):
        raise refused((*entry, "scale"), "set beside width or height; keep one of them")
    start, end = seconds(video["start"]), seconds(video["end"])
    if end is not None and end <= (start or 0):
        raise refused((*entry, "end"), f"{end:g} s is not after the start; give a later time")
    cuts = _cuts(video["cuts"], (*entry, "cuts"))
    return video | {"start": start, "end": end, "cuts": cuts, "fps": _ratio(video["fps"])}


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
            _check_braces(file, at)
        if video["fps"] is None:
            raise refused((*entry, "fps"), "missing; give the frame rate of the pictures")
    elif is_stored(path):
        _check_braces(path, at)
    else:
        _check_readable(folder / path, at)
    if video["fps"] is not None and not is_glob(path, folder):
        raise refused((*entry, "fps"), "only for a glob such as frames/*.png; leave it out")
    if video["seconds"] is not None and not is_live(path):
        raise refused((*entry, "seconds"), "only for a camera or a stream; give start and end")


def _ratio(fps: float | str | None) -> str | None:
    """A frame rate as an exact ratio such as "30000/1001"; 25, 25.0 and "50/2" all give "25"."""
    return None if fps is None else str(Fraction(str(fps)))


def _masks(
    masks: Values, registry: Registry, layers: _Layers, folder: Path, entry: Entry
) -> Values:
    """Resolve a video's masks: name of the plugin and all of its settings, by the mask's name.

    A text is the path of the plugin `files`. Raises GramflowError for settings that do not fit the
    plugin, and for files that are not there.
    """
    found = {}
    for name, given in masks.items():
        at = (*entry, name)
        wanted = {"name": "files", "path": given} if isinstance(given, str) else given
        settings = _with_settings(wanted, "masks", registry, layers, at)
        plugin = registry.find("masks", settings["name"])
        for path_entry, path in _marked(plugin, settings, "file", at):
            _check_readable(folder / path, path_entry)
        for path_entry, path in _marked(plugin, settings, "frames", at):
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
        _check_readable(folder / file, entry)


def _style(name: str, style: Values, folder: Path) -> Style:
    entry = ("styles", name)
    images = style["images"]
    for number, image in enumerate(images):
        _check_readable(folder / image, (*entry, "images", number))
    weights = [1.0] * len(images) if style["weights"] is None else style["weights"]
    if len(weights) != len(images):
        counts = f"{len(weights)} weights for {len(images)} images"
        raise refused((*entry, "weights"), f"{counts}; give one for each")
    total = sum(weights)
    if total > sys.float_info.max:
        raise refused((*entry, "weights"), "their sum is too great; give smaller ones")
    crop = style["crop"]
    if crop is not None and (crop[0] + crop[2] > 1 or crop[1] + crop[3] > 1 or 0 in crop[2:]):
        text = (
            f"{shown(crop)} is not within the picture; left + width and top + height are at most 1"
        )
        raise refused((*entry, "crop"), text)
    found = Style(
        name,
        tuple(images),
        tuple(weight / total for weight in weights),
        None if crop is None else tuple(crop),
        style["crops"],
        tuple(style["rotations"]),
        tuple(style["masks"]),
    )
    _check_masks(found, folder, (*entry, "masks"))
    return found


def _check_masks(style: Style, folder: Path, entry: Entry) -> None:
    """Raise GramflowError unless a style has a mask for each whole picture, or none."""
    for number, mask in enumerate(style.masks):
        _check_readable(folder / mask, (*entry, number))
    if style.masks and len(style.masks) != len(style.images):
        counts = f"{len(style.masks)} masks for {len(style.images)} images"
        raise refused(entry, f"{counts}; give one for each")
    if style.masks and style.views:
        raise refused(entry, f"not beside {', '.join(style.views)}; cut the pictures, or the masks")


# -- looks -------------------------------------------------------------------------------------


CHOSEN = {
    "flow": "flows",
    "optimizer": "optimizers",
    "stylizer": "stylizers",
    "colours": "colours",
}
"""Settings of a look that choose one plugin each, and the kind of that plugin."""


def _look(name: str, changes: Values, registry: Registry, layers: _Layers) -> Look:
    """Resolve a look: preset, user's changes and defaults, in a canonical form.

    changes: the look's entry of the config. Raises GramflowError for settings that do not fit
    their schema or each other.
    """
    entry = ("looks", name)
    look_schema = schema()["properties"]["looks"]["additionalProperties"]
    preset = presets()[changes.get("preset", look_schema["properties"]["preset"]["default"])]
    values = checked(_changed(preset, changes, registry, entry), look_schema, entry)
    del values["preset"]
    if values["bounds"] and values["optimizer"].get("frequency_exponent"):
        if "frequency_exponent" in _chosen_settings(changes, "optimizer"):
            text = "pixels have bounds, frequencies have none; set it to 0, or bounds to false"
            raise refused((*entry, "optimizer", "frequency_exponent"), text)
        values["optimizer"] = values["optimizer"] | {"frequency_exponent": 0.0}
    losses = _losses(values["losses"], registry, layers, (*entry, "losses"))
    if values["start"] != "previous":
        if values["passes"] > 1:
            text = f"start: {values['start']} has one; set start to previous, or passes to 1"
            raise refused((*entry, "passes"), text)
        if values["opening"] != "content":
            text = f"start: {values['start']} is what frames start from; set start to previous"
            raise refused((*entry, "opening"), text)
        losses = _without_neighbours(losses, changes, registry, (*entry, "losses"))
    values["losses"] = losses
    for key, kind in CHOSEN.items():
        values[key] = _with_settings(values[key], kind, registry, layers, (*entry, key))
    values["regions"] = scenes.resolved_regions(values["regions"], (*entry, "regions"))
    values["timeline"] = scenes.resolved_timeline(
        values["timeline"], values["regions"], (*entry, "timeline")
    )
    _check_areal(values, registry.find("stylizers", values["stylizer"]["name"]), entry)
    # Sort the keys: the order of loss terms is the order of summation, which changes rounding.
    return Look(name=name, **json.loads(canonical(values)))


def _check_areal(values: Values, stylizer: Plugin, entry: Entry) -> None:
    """Raise GramflowError for styles and intensities that a look's stylizer cannot follow."""
    if not stylizer.cls.areal and scenes.asks_for_areas(
        values["intensity"], values["regions"], values["timeline"]
    ):
        text = "paints whole frames in one style; regions can only be left out, by intensity: 0"
        raise refused((*entry, "stylizer"), f"{stylizer.name} {text}")


def _changed(
    preset: Mapping[str, Any], changes: Mapping[str, Any], registry: Registry, entry: Entry
) -> Values:
    """Apply the user's changes to a preset.

    A plugin that replaces the preset's takes over those of its settings that it also has.
    """
    values = merged(preset, changes)
    for key, kind in CHOSEN.items():
        change, inherited = _chosen_settings(changes, key), preset[key]
        name = change.get("name", inherited["name"]) if isinstance(change, Mapping) else None
        if isinstance(name, str) and name != inherited["name"]:
            inherited = _fitting(inherited, registry.find(kind, name, (*entry, key)))
        values[key] = merged(inherited, change) if isinstance(name, str) else change
    return values


def _chosen_settings(changes: Mapping[str, Any], key: str) -> Any:
    """The user's settings of a plugin that the look chooses; a bare name becomes a mapping."""
    change = changes.get(key, {})
    return {"name": change} if isinstance(change, str) else change


def _fitting(settings: Mapping[str, Any], plugin: Plugin) -> Values:
    """Those of another plugin's settings that `plugin` also has and whose values it allows."""
    known = plugin.schema["properties"]
    fitting: Values = {}
    for name in settings.keys() & known.keys():
        with suppress(GramflowError):
            alone = {"type": "object", "properties": {name: known[name]}}
            fitting |= checked({name: settings[name]}, alone)
    return fitting


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Values:
    """Merge mappings recursively; `changes` override `base`, and `layers` are replaced whole."""
    values = dict(base)
    for key, change in changes.items():
        below = base.get(key)
        if key != "layers" and isinstance(below, Mapping) and isinstance(change, Mapping):
            change = merged(below, change)
        values[key] = change
    return values


def _losses(losses: Values, registry: Registry, layers: _Layers, entry: Entry) -> Values:
    """Validate the settings of all loss terms, and leave out terms of weight 0."""
    resolved = {}
    for name, given in losses.items():
        at = (*entry, name)
        plugin = registry.find("losses", name, at)
        _check_packages(plugin, at)
        settings = checked(given, plugin.schema, at)
        _check_layers(settings.get("layers", {}), layers, (*at, "layers"))
        if settings["weight"] != 0:
            resolved[name] = settings
    if not resolved:
        raise refused(entry, "every loss has weight 0; give one of them a weight")
    return resolved


def _check_layers(layers: Any, known: _Layers, entry: Entry) -> None:
    """Check the layers of a loss term, and their weights if `layers` maps to numbers.

    Raises GramflowError for layers that the network lacks, for a negative weight, and if all
    weights are 0.
    """
    for layer in layers:
        _check_layer(layer, known, (*entry, layer))
    # a plugin may declare `layers` as a list, or with other values than weights
    weights = layers if isinstance(layers, Mapping) else {}
    numbers = {layer: value for layer, value in weights.items() if isinstance(value, float)}
    for layer, weight in numbers.items():
        if weight < 0:
            raise refused((*entry, layer), f"{weight:g} does not fit; give a number of at least 0")
    if numbers and not any(numbers.values()):
        advice = "give one of them a greater one, or drop the term with weight: 0"
        raise refused(entry, f"every layer has weight 0; {advice}")


def _check_layer(layer: str, known: _Layers, entry: Entry) -> None:
    if known.names is not None and layer not in known.names:
        text = f"{known.whose} has no layer {shown(layer)}; {remedy(layer, known.names)}"
        raise refused(entry, text + known.advice)


def _without_neighbours(
    losses: Values, changes: Values, registry: Registry, entry: Entry
) -> Values:
    """Leave out the loss terms that compare a frame with painted neighbours.

    For looks whose frames are painted independently. Raises GramflowError if the user's changes
    name such a term.
    """
    kept = {}
    for name, settings in losses.items():
        if registry.find("losses", name).cls.source != "neighbours":
            kept[name] = settings
        elif name in changes.get("losses", {}):
            raise refused((*entry, name), "needs the frames before; set start to previous as well")
    return kept


def _with_settings(
    given: Values, kind: str, registry: Registry, layers: _Layers, entry: Entry
) -> Values:
    """Validate the settings of a plugin that a look chooses; the result includes its name."""
    name = given["name"]
    settings = {key: value for key, value in given.items() if key != "name"}
    plugin = registry.find(kind, name, entry)
    _check_packages(plugin, entry)
    settings = checked(settings, plugin.schema, entry)
    for setting, named in plugin.marked("layer", settings).items():
        for layer in named:
            _check_layer(layer, layers, (*entry, setting))
    return {"name": plugin.name, **settings}


def marked(look: Look, registry: Registry, mark: str) -> Iterator[tuple[Entry, str]]:
    """Yield the config entry and value of every setting of a look's plugins that has a mark.

    mark: see `Plugin.marked`. A setting with a list of values is yielded once for each.
    """
    at: Entry = ("looks", look.name)
    named = [((*at, key), kind, look.settings[key]) for key, kind in CHOSEN.items()]
    plugins = [
        (entry, registry.find(kind, values["name"]), values) for entry, kind, values in named
    ]
    plugins += [
        ((*at, "losses", name), registry.find("losses", name), values)
        for name, values in look.losses.items()
    ]
    for entry, plugin, settings in plugins:
        yield from _marked(plugin, settings, mark, entry)


def marked_of_mask(config: Config, video: str, mask: str, mark: str) -> Iterator[tuple[Entry, str]]:
    """As `marked`, for the settings of a video's mask."""
    settings = config.videos[video]["masks"][mask]
    plugin = config.registry.find("masks", settings["name"])
    yield from _marked(plugin, settings, mark, ("videos", video, "masks", mask))


def _marked(plugin: Plugin, settings: Values, mark: str, at: Entry) -> Iterator[tuple[Entry, str]]:
    """The marked settings of one plugin, whose entry is `at`."""
    for name, values in plugin.marked(mark, settings).items():
        for value in values:
            yield (*at, name), value


def _check_examples(path: list[str], looks: Mapping[str, Look], registry: Registry) -> None:
    """Check the looks that the last look of a path names, and those that they name in turn.

    Raises GramflowError for an unknown one, and for one that is on the path already.
    """
    for entry, name in marked(looks[path[-1]], registry, "look"):
        _check_known("look", name, looks, entry)
        if name in path:
            circle = " needs ".join([*path, name])
            raise refused(entry, f"{circle}, which is a circle; name another look")
        _check_examples([*path, name], looks, registry)


# -- renders -----------------------------------------------------------------------------------


def _renders(
    choices: list[Values] | None,
    videos: Iterable[str],
    styles: Collection[str],
    looks: Mapping[str, Look],
) -> dict[str, Render]:
    """All chosen combinations of video, style and look, by the render's name.

    choices: the `renders` entry; None for all videos and styles with the default look. Raises
    GramflowError for an unknown name, for shots that cannot be parts of a film, and for two films
    of one name with different shots.
    """
    known = {"video": list(videos), "style": list(styles), "look": list(looks)}
    everything: Values = {"video": None, "style": None, "look": "default", "shots": {}}
    renders: dict[str, Render] = {}
    for number, choice in enumerate([everything] if choices is None else choices):
        entry = ("renders", number)
        for video, style, look in product(
            *(_chosen(choice[key], known[key], (*entry, key)) for key in known)
        ):
            render = Render(video, style, look)
            shots = _shots(choice["shots"], render, styles, looks, (*entry, "shots"))
            render = replace(render, shots=tuple(sorted(shots)))
            if renders.setdefault(render.name, render) != render:
                text = f"{render.name} has other shots above; give a look of another name to one"
                raise refused((*entry, "shots"), text)
    return renders


def _shots(
    given: Values, render: Render, styles: Collection[str], looks: Mapping[str, Look], entry: Entry
) -> Iterator[tuple[int, str, str]]:
    """Yield number, style and look of the shots that are not painted as the rest of a film."""
    for key, choice in given.items():
        at = (*entry, key)
        if not re.fullmatch(r"[1-9]\d{0,8}", str(key)):
            raise refused(at, "is no shot; give its number, of which the first is 1")
        named = {"look": choice} if isinstance(choice, str) else choice
        style, look = (named.get(kind) or render.labels[kind] for kind in ("style", "look"))
        _check_known("style", style, styles, at)
        _check_known("look", look, looks, at)
        sizes = [(looks[name].width, looks[name].height) for name in (render.look, look)]
        if sizes[0] != sizes[1]:
            text = f"{look} paints another size than {render.look}; give both one width and height"
            raise refused(at, text)
        if (style, look) != (render.style, render.look):
            yield int(key), style, look


def _check_whole(config: Config) -> None:
    """Raise GramflowError for a film with other shots that a look learns from as a whole."""
    learnt = {
        example.name for render in config.painted.values() for example in config.examples_of(render)
    }
    for name, render in config.renders.items():
        if render.shots and name in learnt:
            text = f"{name} is learnt from, so all its shots have one look; name the film's "
            raise refused(("renders",), text + "own look otherwise")


def _chosen(choice: str | list[str] | None, known: list[str], entry: Entry) -> list[str]:
    names = [choice] if isinstance(choice, str) else choice or known
    for name in names:
        _check_known(str(entry[-1]), name, known, entry)
    return names


def _check_known(kind: str, name: str, known: Collection[str], entry: Entry) -> None:
    if name not in known:
        raise refused(entry, f"there is no {kind} {name!r}; {remedy(name, known)}")


_HALVED = re.compile(r"420|^nv\d\d|^p01\d")


def _check_even(look: Look, pixel_format: str) -> None:
    """Raise GramflowError for an odd width or height if the pixel format has 4:2:0 chroma."""
    if not _HALVED.search(pixel_format):
        return
    for key, size in (("width", look.width), ("height", look.height)):
        if size is not None and size % 2:
            raise refused(
                ("looks", look.name, key),
                f"{size} is odd, which {pixel_format} cannot have; give {size - 1} or {size + 1}, "
                "or set encode.pixel_format to yuv444p",
            )
