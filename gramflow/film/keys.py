"""Computes keys: digests of everything that a painted frame or a style's target depends on."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION
from gramflow.base.arrays import SMALLEST, evenly
from gramflow.base.errors import GramflowError
from gramflow.base.files import canonical, file_digest
from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.order import Part, Step, parts_alone, parts_chained
from gramflow.film.scenes import Paint, scenes
from gramflow.settings.config import Config
from gramflow.settings.looks import CHOSEN, SCENE, Look
from gramflow.settings.renders import Render
from gramflow.settings.styles import Style


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, hexadecimal; independent of the order of its keys."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def short_digest(value: Any) -> str:
    """The start of a JSON value's digest, as it stands in file names."""
    return digest(value)[:DIGITS]


DIGITS = 16
"""Hexadecimal digits of a digest in a file name."""


def working_size(look: Look, manifest: Manifest) -> tuple[int, int]:
    """Width and height in pixels at which a look paints a video.

    A height that the look does not give follows from the video's aspect ratio, rounded to an even
    number. Raises GramflowError if it is too small for the network's poolings.
    """
    if look.height is not None:
        return look.width, look.height
    height = 2 * round(look.width * manifest.height / manifest.width / 2)
    if height < SMALLEST:
        raise GramflowError(
            f"looks.{look.name}.width: {look.width} gives {look.width}x{height} pixels; give a "
            f"greater one, so that the height is {SMALLEST} at least"
        )
    return look.width, height


def film_sizes(config: Config) -> list[tuple[int, int]]:
    """Distinct width and height of all renders, sorted, before any video is probed.

    A height that follows from the video's aspect ratio is not known yet: that of 16:9 stands for
    it, rounded to an even number like the real one.
    """
    looks = [config.looks[render.look] for render in config.renders.values()]
    return sorted(
        {(look.width, look.height or 2 * round(look.width * 9 / 16 / 2)) for look in looks}
    )


def target_name(config: Config, style: Style, look: Look, weights: Weights | None) -> str:
    """Name of the file with a style's targets: a digest of everything they depend on.

    weights: None while they are unknown. Renders with equal targets share the file. Reads the
    style's pictures to hash them.
    """
    return short_digest(_target_recipe(config, style, look, weights))


def target_of(config: Config, name: str, weights: Weights) -> tuple[Style, Look]:
    """Find a style and a look whose targets have this name.

    Raises GramflowError when there is none, because a style's picture was replaced meanwhile.
    """
    for render in config.painted.values():
        look = config.looks[render.look]
        for style in map(config.styles.__getitem__, config.styles_of(render)):
            if target_name(config, style, look, weights) == name:
                return style, look
    raise replaced("styles")


def replaced(entry: str) -> GramflowError:
    """The error for an input file of `entry` that has changed since the run began."""
    return GramflowError(f"{entry}: a file was replaced during the run; run again")


def recipe(
    config: Config, render: Render, size: tuple[int, int | None], weights: Weights | None
) -> dict[str, Any]:
    """Everything that determines a painted frame, except the source frame and its neighbours.

    size: width and height in pixels. weights: None while they are unknown; the config's entries
    then stand in for them, and a digest of the result is not usable as a key of the store.
    """
    look = config.looks[render.look]

    def target(style: str) -> dict[str, Any]:
        return _target_recipe(config, config.styles[style], look, weights)

    def example(name: str) -> list[Any]:
        return _unsized_recipe(config, replace(render, look=name), weights)

    contents: Contents = {"file": content_digest, "style": target, "look": example}
    return {
        "size": size,
        "look": _effective(config, look, contents),
        "target": target(render.style),
        "plugins": _origins(config, _painters(config, look)),
    }


def plan_recipe(config: Config, render: Render) -> list[Any]:
    """Everything that determines a render's plan, except the video's manifest and the weights."""
    look = config.looks[render.look]
    others = [[other.only, _unsized_recipe(config, other, None)] for other in render.others]
    shots = [chosen for chosen in (render.only, others) if chosen]
    made_of = [*_unsized_recipe(config, render, None), config.segment_frames, *shots]
    if look.is_plain:
        return made_of
    targets = [
        _target_recipe(config, config.styles[style], look, None)
        for style in config.styles_of(render)
    ]
    return [*made_of, look.intensity, look.regions, look.timeline, targets]


def _unsized_recipe(config: Config, render: Render, weights: Weights | None) -> list[Any]:
    """The recipe of a render whose size is only known from the manifest, and its passes."""
    look = config.looks[render.look]
    hold = [] if look.hold == 1 else [look.hold]
    return [recipe(config, render, (look.width, look.height), weights), look.passes, *hold]


def parts(config: Config, look: Look, manifest: Manifest) -> list[Part]:
    """All parts of a render, one per job, each after the parts that it needs."""
    # in whole holds, so that none is cut short but by a cut
    length = max(config.segment_frames // look.hold, 1) * look.hold
    if neighbours(config, look):
        return list(parts_chained(manifest, length, look.passes, look.hold))
    return list(parts_alone(manifest, length, look.hold))


Keys = list[dict[int, str]]
"""Keys of painted frames, by stage (0 for keyframes, else the pass) and frame number."""


def painted_keys(
    found: Sequence[Part], backs: Sequence[int], frames: Sequence[str], base: str
) -> Keys:
    """Compute the keys of all painted frames of a render.

    If the look needs neighbours, a key depends on their keys. A frame identical to the one before
    usually shares its key (see `_key`), so that still parts of a video do not flicker. One that is
    not painted, since the look holds the frame before, always does.

    found: the render's parts. backs: see `neighbours`. frames: what is painted of every frame, see
    `pictures`. base: digest of all that determines a painted frame, but that and its neighbours.
    """
    stages = 1 + max((links.stage for part in found for links in part.chains), default=0)
    keys: Keys = [{} for _ in range(stages)]
    for links in chain.from_iterable(part.chains for part in found):
        # passes do not repaint keyframes, so stage 0 sets the keys of all stages
        reached = keys if links.stage == 0 else [keys[links.stage]]
        before = keys[links.stage - 1] if links.stage > 1 else {}
        for step in links.steps(list(backs)):
            key = _key(base, frames, step, reached[0], before)
            for stage in reached:
                stage[step.number] = key
    for part in found:
        shown = keys[part.stage]
        for number in part.frames:
            if number not in shown:
                shown[number] = shown[number - 1]
    return keys


def learns(config: Config, look: Look) -> bool:
    """Whether a look's stylizer has a step of its own, `train`, before it paints."""
    return bool(config.registry.find("stylizers", look.stylizer["name"]).cls.train)


def frame_settings(
    config: Config, look: Look, manifest: Manifest
) -> Callable[[int], dict[str, Any]]:
    """Return a function that gives, by a frame's number, the settings that change with the frame.

    They come from the look's stylizer, and are {} for most.
    """
    plugin = config.registry.find("stylizers", look.stylizer["name"])
    settings = plugin.settings(look.stylizer)

    def of(number: int) -> dict[str, Any]:
        seconds = float(manifest.seconds(manifest.times[number] - manifest.origin))
        own: dict[str, Any] = plugin.cls.frame_settings(settings, seconds)
        return own

    return of


def sampled_colours(config: Config, look: Look) -> str:
    """Where a look's colour plugin gets frames to match the style to (see `Colours.sampled`)."""
    plugin = config.registry.find("colours", look.colours["name"])
    return str(plugin.cls.sampled(plugin.settings(look.colours)))


def colour_samples(
    config: Config, look: Look, manifest: Manifest
) -> Callable[[int], tuple[int, ...]]:
    """Return a function that gives, by a frame's number, the frames whose colours its style gets.

    They are spread evenly over its shot or over the film, as the look's colour plugin says; () for
    plugins that leave the style as it is.
    """
    sampled = sampled_colours(config, look)

    @cache
    def spread(frames: range) -> tuple[int, ...]:
        return tuple(frames[place] for place in evenly(len(frames), _SAMPLES[sampled]))

    def of(number: int) -> tuple[int, ...]:
        if sampled == "none":
            return ()
        return spread(manifest.shot(number) if sampled == "shot" else range(len(manifest.frames)))

    return of


def colour_settings(
    config: Config, look: Look, manifest: Manifest
) -> Callable[[int], dict[str, Any]]:
    """Return a function that gives, by a frame's number, what its colours depend on, as for a key.

    That is a digest of the keys of the frames of `colour_samples`; {} for most looks.
    """
    samples = colour_samples(config, look, manifest)

    @cache
    def content(sampled: tuple[int, ...]) -> dict[str, Any]:
        frames = [manifest.frames[number] for number in sampled]
        return {"colours": short_digest(frames)} if frames else {}

    return lambda number: content(samples(number))


Masks = Mapping[str, Sequence[str]]
"""Keys of the masks of every frame, by the mask's name; none of one that is not made yet."""


def pictures(
    config: Config, render: Render, manifest: Manifest, weights: Weights | None, masks: Masks
) -> list[str]:
    """What is painted of every frame, as a text: its key, and all that belongs to it alone.

    That is the stylizer's settings that change with the frame, what its colours depend on, and its
    scene.
    """
    look = config.looks[render.look]
    own = frame_settings(config, look, manifest)
    colours = colour_settings(config, look, manifest)
    scene = _scene_texts(config, render, manifest, weights, masks)

    def text(number: int, frame: str) -> str:
        values = own(number) | colours(number)
        return " ".join([frame, *([canonical(values)] if values else []), *scene(number)])

    return [text(number, frame) for number, frame in enumerate(manifest.frames)]


def _scene_texts(
    config: Config, render: Render, manifest: Manifest, weights: Weights | None, masks: Masks
) -> Callable[[int], list[str]]:
    """Return a function that gives a frame's scene by its number, as a text; [] without one.

    Styles are named by their targets. A part that is painted in nothing but the film itself has
    none.
    """
    look = config.looks[render.look]
    scene = scenes(look, render.style, manifest)

    @cache
    def target(style: str) -> str:
        return target_name(config, config.styles[style], look, weights)

    def told(paint: Paint) -> dict[str, Any]:
        shares = {target(style): share for style, share in paint.styles.items()}
        return {"intensity": paint.intensity, "styles": shares if paint.intensity != 0 else {}}

    def of(number: int) -> list[str]:
        found = scene(number)
        if found is None:
            return []
        regions = {
            name: told(paint) | {"mask": masks[name][number] if name in masks else ""}
            for name, paint in found.regions.items()
        }
        return [f"scene {canonical({'ground': told(found.ground), 'regions': regions})}"]

    return of


def _key(
    base: str, frames: Sequence[str], step: Step, painted: dict[int, str], before: dict[int, str]
) -> str:
    """Compute the key of one step.

    base: digest of the recipe. frames: what is painted, by number (see `pictures`). painted: keys
    of this pass, with those of keyframes. before: keys of the previous pass; empty in the first.

    If what is painted equals that of the frame before it in the chain, both share a key, unless
    their keys in the previous pass differ, or this step is blended into a lead with another key.
    """
    number, last = step.number, step.neighbours.get(1)
    if last is not None and frames[number] == frames[last]:
        led = step.lead is not None and painted[step.lead] != painted[last]
        if not led and before.get(number) == before.get(last):
            return painted[last]
    sources = [painted[other] for other in step.neighbours.values()]
    lead = "" if step.lead is None else f"{painted[step.lead]} {step.left}"
    text = f"{base} {frames[number]} {' '.join(sources)}|{lead}|{before.get(number, '')}"
    return hashlib.sha256(text.encode()).hexdigest()


def _target_recipe(
    config: Config, style: Style, look: Look, weights: Weights | None
) -> dict[str, Any]:
    losses = _style_losses(config, look)
    network = weights.network if weights else config.network
    return {
        "engine": ENGINE_VERSION,
        "images": [content_digest(image) for image in style.images],
        "mixture": style.weights,
        **({"views": style.views} if style.views else {}),
        **({"masks": [content_digest(mask) for mask in style.masks]} if style.masks else {}),
        "sides": style_sides(look),
        "network": network,
        "weights": weights.identity if weights else config.weights,
        "pooling": look.pooling,
        "padding": look.padding,
        **({"calibrated": _calibrated_by(config, look)} if look.asks_intensity else {}),
        **({"colours": True} if look.opens_with == "style" else {}),
        # a term's target does not depend on its weight
        "losses": {
            name: _with_contents(config, "losses", name, term, {"file": content_digest})
            | {"weight": None}
            for name, term in losses.items()
        },
        "plugins": _origins(
            config, [("networks", network), *(("losses", name) for name in losses)]
        ),
    }


def _calibrated_by(config: Config, look: Look) -> dict[str, Any]:
    """What a style's calibration for intensities depends on, beside its targets."""
    settings = with_contents(config, look, {"file": content_digest})
    return {name: settings[name] for name in ("losses", "optimizer", "precision", "bounds")}


def neighbours(config: Config, look: Look) -> list[int]:
    """Distances of the painted neighbours that a frame needs, in steps back, rising.

    Empty if the look's frames do not depend on each other.
    """
    stylizer = config.registry.find("stylizers", look.stylizer["name"])
    if look.start != "previous" or not stylizer.cls.follows(stylizer.settings(look.stylizer)):
        return []
    distances = [
        settings.get("distances", [])
        for name, settings in look.losses.items()
        if config.registry.find("losses", name).cls.source == "neighbours"
    ]
    return sorted({1, *chain.from_iterable(distances)})


Contents = Mapping[str, Callable[[str], Any]]
"""By the mark of a setting (see `Plugin.marked`), what stands in a key in place of its values."""


def _effective(config: Config, look: Look, contents: Contents) -> dict[str, Any]:
    """The settings of a look that enter a frame's key.

    Leaves out `flow` if frames do not depend on each other, `passes`, since a key contains the
    previous pass's key, `coarsest`, since the widths that follow from it are in the target's
    recipe, what a frame's scene comes from, which is in the frame's own part of its key, `hold`,
    which only says which frames are painted, and `grain`, which is added to the film. Names of
    files, styles and looks are replaced by what they stand for.
    """
    chained = {} if neighbours(config, look) else {"flow": None}
    found = with_contents(config, look, contents) | chained | {"passes": None, "coarsest": None}
    return {name: value for name, value in found.items() if name not in (*SCENE, "hold", "grain")}


def with_contents(config: Config, look: Look, contents: Contents) -> dict[str, Any]:
    """All settings of a look, with the values of marked ones replaced by their contents."""
    settings = look.settings
    settings["losses"] = {
        name: _with_contents(config, "losses", name, term, contents)
        for name, term in look.losses.items()
    }
    for key, kind in CHOSEN.items():
        settings[key] = _with_contents(config, kind, settings[key]["name"], settings[key], contents)
    return settings


def _with_contents(
    config: Config, kind: str, name: str, settings: dict[str, Any], contents: Contents
) -> dict[str, Any]:
    """A plugin's settings, with the values of marked ones replaced by their contents."""
    plugin, found = config.registry.find(kind, name), dict(settings)
    for mark, content in contents.items():
        for key, values in plugin.marked(mark, settings).items():
            known = [content(value) for value in values]
            given = settings.get(key)
            found[key] = dict(zip(given, known, strict=True)) if isinstance(given, dict) else known
    return found


def _style_losses(config: Config, look: Look) -> dict[str, dict[str, Any]]:
    """Settings of the loss terms whose target comes from the style, by name."""
    return {
        name: settings
        for name, settings in look.losses.items()
        if config.registry.find("losses", name).cls.source == "style"
    }


def content_digest(path: str) -> str:
    """The SHA-256 of a file, which is read once as long as its size and time stay the same."""
    file = Path(path).absolute()
    status = file.stat()
    return _digest_of(file, status.st_size, status.st_mtime_ns)


@cache
def _digest_of(file: Path, size: int, time: int) -> str:
    """The SHA-256 of a file that has this size and modification time."""
    return file_digest(file)


def style_sides(look: Look) -> dict[int, int]:
    """Longer side of a style's pictures in pixels, by painted width, rising."""
    return {width: max(round(width * look.style_scale), 1) for width in look.widths}


def _painters(config: Config, look: Look) -> list[tuple[str, str]]:
    """Kind and name of the plugins that a look paints with, without the network."""
    chosen = {
        "optimizers": look.optimizer,
        "stylizers": look.stylizer,
        "colours": look.colours,
    }
    if neighbours(config, look):
        chosen["flows"] = look.flow
    return [
        *((kind, settings["name"]) for kind, settings in chosen.items()),
        *(("losses", name) for name in look.losses),
    ]


def _origins(config: Config, plugins: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The `origin` of each plugin that is not built in, by kind and name."""
    found = [config.registry.find(kind, name) for kind, name in plugins]
    return {f"{plugin.kind}.{plugin.name}": plugin.origin for plugin in found if plugin.origin}


# How many frames colours are matched to: enough for a shot that pans, and for a film of many shots.
_SAMPLES = {"shot": 8, "film": 32}
