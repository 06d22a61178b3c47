"""Computes keys: digests of everything that a painted frame depends on."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

from gramflow.base.files import canonical
from gramflow.film.colours import colour_settings
from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.order import Part, Step, parts_alone, parts_chained
from gramflow.film.recipes import neighbours, target_name
from gramflow.film.scenes import Paint, Scene, led
from gramflow.settings.config import Config
from gramflow.settings.looks import Look
from gramflow.settings.renders import Render


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
    found: Sequence[Part],
    backs: Sequence[int],
    frames: Sequence[str],
    base: str,
    scene: Callable[[int], Scene],
) -> Keys:
    """Compute the keys of all painted frames of a render.

    If the look needs neighbours, a key depends on their keys. A frame identical to the one before
    usually shares its key (see `_key`), so that still parts of a video do not flicker. One that is
    not painted, since the look holds the frame before, always does.

    found: the render's parts. backs: see `neighbours`. frames: what is painted of every frame, see
    `pictures`. base: digest of all that determines a painted frame, but that and its neighbours.
    scene: gives a frame's scene by its number.
    """
    stages = 1 + max((links.stage for part in found for links in part.chains), default=0)
    keys: Keys = [{} for _ in range(stages)]
    for links in chain.from_iterable(part.chains for part in found):
        # passes do not repaint keyframes, so stage 0 sets the keys of all stages
        reached = keys if links.stage == 0 else [keys[links.stage]]
        before = keys[links.stage - 1] if links.stage > 1 else {}
        for step in links.steps(list(backs)):
            key = _key(base, frames, led(step, scene), reached[0], before)
            for stage in reached:
                stage[step.number] = key
    for part in found:
        shown = keys[part.stage]
        for number in part.frames:
            if number not in shown:
                shown[number] = shown[number - 1]
    return keys


def frame_settings(
    config: Config, look: Look, manifest: Manifest
) -> Callable[[int], dict[str, Any]]:
    """Return a function that gives, by a frame's number, the settings that change with the frame.

    They come from the look's stylizer, and are {} for most.
    """
    plugin = config.registry.find("stylizers", look.stylizer["name"])
    settings = plugin.settings(look.stylizer)

    def of(number: int) -> dict[str, Any]:
        own: dict[str, Any] = plugin.cls.frame_settings(settings, manifest.shown(number))
        return own

    return of


Masks = Mapping[str, Sequence[str]]
"""Keys of the masks of every frame, by the mask's name; none of one that is not made yet."""


def pictures(
    config: Config,
    render: Render,
    manifest: Manifest,
    weights: Weights | None,
    masks: Masks,
    scene: Callable[[int], Scene],
) -> list[str]:
    """What is painted of every frame, as a text: its key, and all that belongs to it alone.

    That is the stylizer's settings that change with the frame, what its colours depend on, and its
    scene, which `scene` gives by its number.
    """
    look = config.looks[render.look]
    own = frame_settings(config, look, manifest)
    colours = colour_settings(config, look, manifest)
    told = _scene_texts(config, render, weights, masks, scene)

    def text(number: int, frame: str) -> str:
        values = own(number) | colours(number)
        return " ".join([frame, *([canonical(values)] if values else []), *told(number)])

    return [text(number, frame) for number, frame in enumerate(manifest.frames)]


def _scene_texts(
    config: Config,
    render: Render,
    weights: Weights | None,
    masks: Masks,
    scene: Callable[[int], Scene],
) -> Callable[[int], list[str]]:
    """Return a function that gives a frame's scene by its number, as a text; [] without one.

    Styles are named by their targets. A part that is painted in nothing but the film itself has
    none.
    """
    look = config.looks[render.look]

    @cache
    def target(style: str) -> str:
        return target_name(config, config.styles[style], look, weights)

    def told(paint: Paint) -> dict[str, Any]:
        shares = {target(style): share for style, share in paint.styles.items()}
        return {"intensity": paint.intensity, "styles": shares if paint.intensity != 0 else {}}

    def of(number: int) -> list[str]:
        found = scene(number)
        if found.plain:
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
        blended = step.lead is not None and painted[step.lead] != painted[last]
        if not blended and before.get(number) == before.get(last):
            return painted[last]
    sources = [painted[other] for other in step.neighbours.values()]
    lead = "" if step.lead is None else f"{painted[step.lead]} {step.left}"
    text = f"{base} {frames[number]} {' '.join(sources)}|{lead}|{before.get(number, '')}"
    return hashlib.sha256(text.encode()).hexdigest()
