"""The user's config: checked, defaults filled in, looks and renders resolved."""

import glob
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from itertools import chain, product
from math import log2
from pathlib import Path
from typing import Any, Literal

import yaml

from gramflow import bundled
from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical, natural_sorted
from gramflow.settings.plugins import Plugin, Registry
from gramflow.settings.schema import Entry, checked, refused, remedy, shown

Values = dict[str, Any]

STREAMS = ("http", "https", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp")
"""Protocols a video's path may name."""

STORAGE = "s3://"
"""How the address of a film in an object store begins; Snakemake fetches it."""


@dataclass(frozen=True)
class Style:
    """Pictures to paint like; the weights sum to 1."""

    name: str
    images: tuple[str, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Look:
    """How to paint; the fields are documented in the config's schema.

    losses: settings by plugin name, those of weight 0 left out.
    flow, optimizer, stylizer, colours: settings, with the plugin's `name` among them.
    """

    name: str
    width: int
    height: int | None
    coarsest: int | None
    start: str
    passes: int
    seed: int
    style_scale: float
    pooling: Literal["average", "max"]
    padding: Literal["mirror", "zeros"]
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
    evaluations: int
    first: float
    epoch: int
    stop: float
    bounds: bool
    losses: dict[str, Values]
    flow: Values
    optimizer: Values
    stylizer: Values
    colours: Values

    @property
    def widths(self) -> list[int]:
        """Those that it is painted at, rising; each about twice the one before."""
        least = min(self.coarsest or self.width, self.width)
        whole = self.width / least
        steps = round(log2(whole))
        return [*(round(least * whole ** (step / steps)) for step in range(steps)), self.width]

    def evaluations_of(self, frames: int, anew: int) -> float:
        """Most evaluations of so many frames, in those of the whole size.

        anew: how many of them have nothing to go on from; they are painted at every width.
        """
        first = self.first if self.start == "previous" else 1
        shares = sum((width / self.width) ** 2 for width in self.widths)
        return self.evaluations * (frames - anew + first * shares * anew)

    @property
    def settings(self) -> Values:
        """Everything but the name: what looks of equal effect have in common."""
        settings = asdict(self)
        del settings["name"]
        return settings


@dataclass(frozen=True)
class Render:
    """One video in one style with one look."""

    video: str
    style: str
    look: str

    @property
    def name(self) -> str:
        """Its place in file names; names hold no dot, so this is unique."""
        look = "" if self.look == "default" else f".{self.look}"
        return f"{self.video}.{self.style}{look}"


@dataclass(frozen=True)
class Config:
    """A config in which every entry has its value; dictionaries are by name."""

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


def load(config: Mapping[str, Any], folder: Path = Path()) -> Config:
    """The config that Snakemake read, ready to use.

    Paths in it are relative to `folder` and stay as they are written. Raises GramflowError for
    the first thing that is wrong: one line that starts with the entry.
    """
    values = checked(config, schema())
    registry = Registry([folder / file for file in values["plugins"]])
    network = registry.find("networks", values["network"], ("network",))
    _check_packages(network, ("network",))
    layers = _check_weights(values["weights"], network, folder)
    videos = {name: _video(name, video, folder) for name, video in values["videos"].items()}
    styles = {name: _style(name, style, folder) for name, style in values["styles"].items()}
    looks = {
        name: _look(name, look, registry, layers)
        for name, look in {"default": {}, **values["looks"]}.items()
    }
    for entry, path in chain.from_iterable(_files(look, registry) for look in looks.values()):
        _check_readable(folder / path, entry)
    renders = _renders(values["renders"], videos, styles, looks)
    for name in {render.look for render in renders.values()}:
        _check_even(looks[name], values["encode"]["pixel_format"])
    return Config(
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


@cache
def schema() -> Values:
    """The schema of the config, without the plugins' settings."""
    return _read_yaml("schemas/config.schema.yaml")


@cache
def presets() -> Values:
    """Looks by the name of their preset."""
    return _read_yaml("presets.yaml")


def _read_yaml(name: str) -> Values:
    # libyaml, where PyYAML was built with it, is ten times faster
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return yaml.load(text, loader)


# -- inputs ------------------------------------------------------------------------------------


def check_apart(config: Config) -> None:
    """Raise GramflowError for what machines that share nothing but a volume could not use."""
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
    """The files and folders that a config names, with their entries."""
    yield ("store",), config.store
    if config.weights not in ("bundled", "random"):
        yield ("weights",), config.weights
    for style in config.styles.values():
        for number, image in enumerate(style.images):
            yield ("styles", style.name, "images", number), image
    for name, video in config.videos.items():
        if not is_live(video["path"]) and not is_stored(video["path"]):
            yield ("videos", name, "path"), video["path"]
    for look in config.looks.values():
        yield from _files(look, config.registry)


def is_stored(path: str) -> bool:
    """Whether a video's path is an object in a store, which Snakemake's plugin fetches."""
    return path.startswith(STORAGE)


def is_live(path: str) -> bool:
    """Whether a video's path is a camera or a stream, which is recorded first."""
    if is_stored(path):
        return False
    return path.startswith("/dev/video") or re.match(r"[a-z][a-z0-9+.-]*://", path) is not None


def is_glob(path: str, folder: Path = Path()) -> bool:
    """Whether a video's path stands for a sequence of pictures.

    A film may have brackets in its name: what exists is no pattern.
    """
    if is_live(path) or is_stored(path):
        return False
    return glob.has_magic(path) and not _mode(folder / path)


def video_files(video: Mapping[str, Any], folder: Path = Path()) -> list[str]:
    """The files that a video of the config is read from, in order; none for a stream."""
    path = video["path"]
    if is_live(path):
        return []
    if is_glob(path, folder):
        # Path.glob refuses absolute patterns
        found = glob.glob(path, root_dir=folder, recursive=True)  # noqa: PTH207
        return natural_sorted(name for name in found if stat.S_ISREG(_mode(folder / name)))
    return [path]


def _mode(path: Path) -> int:
    """What a path is, as the system tells; 0 when it is nothing that can be reached."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # also a name that is too long, or a closed folder above
        return 0


@dataclass(frozen=True)
class _Layers:
    """The layers a look may use. whose: what has them, for errors."""

    names: Sequence[str]
    whose: str
    advice: str = ""


def _check_weights(weights: str, network: Plugin, folder: Path) -> _Layers:
    """Raise GramflowError for weights that are not there; returns the layers that have some."""
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
    """Raise GramflowError when what the plugin's code imports as it runs is not installed."""
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
    start, end = _seconds(video["start"]), _seconds(video["end"])
    if end is not None and end <= (start or 0):
        raise refused((*entry, "end"), f"{end:g} s is not after the start; give a later time")
    cuts = _cuts(video["cuts"], (*entry, "cuts"))
    return video | {"start": start, "end": end, "cuts": cuts, "fps": _ratio(video["fps"])}


def _cuts(cuts: bool | str | list[float], entry: Entry) -> str | list[float]:
    """auto, off (which YAML reads as false), or seconds."""
    if isinstance(cuts, list):
        return sorted(cuts)
    if cuts in ("off", False):
        return "off"
    if cuts == "auto":
        return "auto"
    raise refused(entry, f"{shown(cuts)} is neither auto nor off; give one, or a list of seconds")


def _check_path(video: Values, folder: Path, entry: Entry) -> None:
    """Raise GramflowError unless the path leads somewhere and has what its kind needs."""
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


def _seconds(time: float | str | None) -> float | None:
    """A time of the schema, mm:ss and hh:mm:ss too, in seconds."""
    if not isinstance(time, str):
        return time
    seconds = 0.0
    for part in time.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def _ratio(fps: float | str | None) -> str | None:
    """25, 25.0 and "50/2" are one rate: as an exact ratio, such as 30000/1001."""
    return None if fps is None else str(Fraction(str(fps)))


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
    return Style(name, tuple(images), tuple(weight / total for weight in weights))


# -- looks -------------------------------------------------------------------------------------


CHOSEN = {
    "flow": "flows",
    "optimizer": "optimizers",
    "stylizer": "stylizers",
    "colours": "colours",
}
"""The settings of a look that name a plugin, and its kind."""


def _look(name: str, changes: Values, registry: Registry, layers: _Layers) -> Look:
    """A look in which every setting has its value, however it was spelled."""
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
        losses = _without_neighbours(losses, changes, registry, (*entry, "losses"))
    values["losses"] = losses
    for key, kind in CHOSEN.items():
        values[key] = _with_settings(values[key], kind, registry, layers, (*entry, key))
    # sorted, so that the order of the user's lines cannot change the order of a sum
    return Look(name=name, **json.loads(canonical(values)))


def _changed(
    preset: Mapping[str, Any], changes: Mapping[str, Any], registry: Registry, entry: Entry
) -> Values:
    """The preset with the user's changes.

    Another plugin than the preset's inherits the settings that it has, too.
    """
    values = _merged(preset, changes)
    for key, kind in CHOSEN.items():
        change, inherited = _chosen_settings(changes, key), preset[key]
        name = change.get("name", inherited["name"]) if isinstance(change, Mapping) else None
        if isinstance(name, str) and name != inherited["name"]:
            inherited = _fitting(inherited, registry.find(kind, name, (*entry, key)))
        values[key] = _merged(inherited, change) if isinstance(name, str) else change
    return values


def _chosen_settings(changes: Mapping[str, Any], key: str) -> Any:
    """What the user wrote of an entry that names a plugin; a name alone is short for it."""
    change = changes.get(key, {})
    return {"name": change} if isinstance(change, str) else change


def _fitting(settings: Mapping[str, Any], plugin: Plugin) -> Values:
    """Of another plugin's settings those that this one has, too, and takes as they are."""
    known = plugin.schema["properties"]
    fitting: Values = {}
    for name in settings.keys() & known.keys():
        with suppress(GramflowError):
            alone = {"type": "object", "properties": {name: known[name]}}
            fitting |= checked({name: settings[name]}, alone)
    return fitting


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Values:
    """Changes win, mappings are merged, except that `layers` are replaced."""
    merged = dict(base)
    for key, change in changes.items():
        below = base.get(key)
        if key != "layers" and isinstance(below, Mapping) and isinstance(change, Mapping):
            change = _merged(below, change)
        merged[key] = change
    return merged


def _losses(losses: Values, registry: Registry, layers: _Layers, entry: Entry) -> Values:
    """Every term's settings; without those of weight 0."""
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
    """Raise GramflowError for layers that the network lacks, and for weights without a meaning.

    A layer's weight may be 0, but not negative, and not all of them may be 0.
    """
    for layer in layers:
        _check_layer(layer, known, (*entry, layer))
    # a plugin's `layers` may be a list, and what it says of a layer no number
    weights = layers if isinstance(layers, Mapping) else {}
    numbers = {layer: value for layer, value in weights.items() if isinstance(value, float)}
    for layer, weight in numbers.items():
        if weight < 0:
            raise refused((*entry, layer), f"{weight:g} does not fit; give a number of at least 0")
    if numbers and not any(numbers.values()):
        advice = "give one of them a greater one, or drop the term with weight: 0"
        raise refused(entry, f"every layer has weight 0; {advice}")


def _check_layer(layer: str, known: _Layers, entry: Entry) -> None:
    if layer not in known.names:
        text = f"{known.whose} has no layer {shown(layer)}; {remedy(layer, known.names)}"
        raise refused(entry, text + known.advice)


def _without_neighbours(
    losses: Values, changes: Values, registry: Registry, entry: Entry
) -> Values:
    """The terms without those that hold a frame to the ones before it.

    Where a frame does not start from the one before, every frame stands alone. Raises
    GramflowError when the user asks for such a term all the same.
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
    """The settings of a plugin that stands in a look, its name among them."""
    name = given["name"]
    settings = {key: value for key, value in given.items() if key != "name"}
    plugin = registry.find(kind, name, entry)
    _check_packages(plugin, entry)
    settings = checked(settings, plugin.schema, entry)
    for setting, named in plugin.marked("layer", settings).items():
        for layer in named:
            _check_layer(layer, layers, (*entry, setting))
    return {"name": plugin.name, **settings}


def _files(look: Look, registry: Registry) -> Iterator[tuple[Entry, str]]:
    """The files that the settings of a look's plugins name, with their entries."""
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
        for name, paths in plugin.marked("file", settings).items():
            for path in paths:
                yield (*entry, name), path


# -- renders -----------------------------------------------------------------------------------


def _renders(
    choices: list[Values] | None,
    videos: Iterable[str],
    styles: Iterable[str],
    looks: Iterable[str],
) -> dict[str, Render]:
    """Every combination that is chosen, once, by its name."""
    known = {"video": list(videos), "style": list(styles), "look": list(looks)}
    everything = {"video": None, "style": None, "look": "default"}
    renders = [
        Render(*combination)
        for number, choice in enumerate([everything] if choices is None else choices)
        for combination in product(
            *(_chosen(choice[key], known[key], ("renders", number, key)) for key in known)
        )
    ]
    return {render.name: render for render in renders}


def _chosen(choice: str | list[str] | None, known: list[str], entry: Entry) -> list[str]:
    names = [choice] if isinstance(choice, str) else choice or known
    for name in names:
        if name not in known:
            raise refused(entry, f"there is no {entry[-1]} {name!r}; {remedy(name, known)}")
    return names


_HALVED = re.compile(r"420|^nv\d\d|^p01\d")


def _check_even(look: Look, pixel_format: str) -> None:
    """Raise GramflowError when a look gives an odd size that the film's pixels cannot have."""
    if not _HALVED.search(pixel_format):
        return
    for key, size in (("width", look.width), ("height", look.height)):
        if size is not None and size % 2:
            raise refused(
                ("looks", look.name, key),
                f"{size} is odd, which {pixel_format} cannot have; give {size - 1} or {size + 1}, "
                "or set encode.pixel_format to yuv444p",
            )
