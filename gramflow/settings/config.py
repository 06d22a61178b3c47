"""The whole config: validates it, fills in defaults, and checks its parts against each other."""

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gramflow import bundled
from gramflow.settings import scenes
from gramflow.settings.chosen import Layers, check_packages, marked_settings
from gramflow.settings.encoding import FRAMES, container_of, resolved_encoding
from gramflow.settings.looks import Look, check_examples, marked, resolved_look
from gramflow.settings.paths import check_braces, check_readable, check_trusted, mode_of
from gramflow.settings.plugins import Plugin, Registry
from gramflow.settings.reading import schema
from gramflow.settings.renders import Render, resolved_renders
from gramflow.settings.schema import Entry, Values, check_known, checked, refused, remedy
from gramflow.settings.styles import Style, resolved_style
from gramflow.settings.videos import is_live, is_stored, resolved_video


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
    for number, file in enumerate(values["plugins"]):
        check_trusted(folder / file, folder, ("plugins", number))
    registry = Registry([folder / file for file in values["plugins"]])
    network = registry.find("networks", values["network"], ("network",))
    check_packages(network, ("network",))
    layers = _check_weights(values["weights"], network, folder)
    videos = {
        name: resolved_video(name, video, registry, layers, folder)
        for name, video in values["videos"].items()
    }
    styles = {name: resolved_style(name, style, folder) for name, style in values["styles"].items()}
    looks = {
        name: resolved_look(name, look, registry, layers)
        for name, look in {"default": {}, **values["looks"]}.items()
    }
    for look in looks.values():
        for entry, path in marked(look, registry, "file"):
            check_readable(folder / path, entry)
        for entry, style in marked(look, registry, "style"):
            check_known("style", style, styles, entry)
        for entry, style in scenes.styles_named(look.regions, look.timeline, ("looks", look.name)):
            check_known("style", style, {*styles, scenes.OWN}, entry)
        check_examples([look.name], looks, registry)
    renders = resolved_renders(values["renders"], videos, styles, looks)
    encode = resolved_encoding(values["encode"], values["publish"])
    for name in {render.look for render in renders.values()}:
        _check_even(looks[name], encode["pixel_format"])
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
        encode=encode,
        registry=registry,
    )
    _check_whole(resolved)
    for render in resolved.painted.values():
        check_masks(resolved, render)
    return resolved


def check_masks(config: Config, render: Render) -> None:
    """Raise GramflowError if a look has regions whose masks the render's video lacks."""
    known = config.videos[render.video]["masks"]
    for mask in config.looks[render.look].regions:
        check_known(f"mask of {render.video}", mask, known, ("looks", render.look, "regions"))


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
    if container_of(config.encode) == FRAMES:
        text = f"{config.encode['codec']} writes a folder, which the machines cannot pass on"
        raise refused(("encode", "codec"), f"{text}; give one that writes a film")
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


def _check_weights(weights: str, network: Plugin, folder: Path) -> Layers:
    """Check that the weights exist and fit the network; return the layers that have weights.

    Raises GramflowError if the file is missing or the network has no bundled weights.
    """
    known = ("auto", "imagenet", "bundled", "random")
    check_braces(weights, ("weights",))
    if weights not in known and not stat.S_ISREG(mode_of(folder / weights)):
        advice = remedy(weights, known)
        raise refused(("weights",), f"{weights}: no such file; {advice}, or the path of an .h5")
    if weights != "bundled":
        return Layers(network.cls.layers, network.name)
    if network.name != bundled.NETWORK:
        text = f"{network.name} has no bundled weights; give {bundled.NETWORK}, or weights: auto"
        raise refused(("network",), text)
    return Layers(bundled.LAYERS, "bundled VGG-19", ", or set weights to auto or a file")


def marked_of_mask(config: Config, video: str, mask: str, mark: str) -> Iterator[tuple[Entry, str]]:
    """As `marked`, for the settings of a video's mask."""
    settings = config.videos[video]["masks"][mask]
    plugin = config.registry.find("masks", settings["name"])
    yield from marked_settings(plugin, settings, mark, ("videos", video, "masks", mask))


def _check_whole(config: Config) -> None:
    """Raise GramflowError for a film with other shots that a look learns from as a whole."""
    learnt = {
        example.name for render in config.painted.values() for example in config.examples_of(render)
    }
    for name, render in config.renders.items():
        if render.shots and name in learnt:
            text = f"{name} is learnt from, so all its shots have one look; name the film's "
            raise refused(("renders",), text + "own look otherwise")


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
