"""Previews: single frames painted at the cost of a draft, before a whole film is paid for."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

from gramflow.base.arrays import Pixels, evenly
from gramflow.engine.areas import Area
from gramflow.engine.flows import Map
from gramflow.film.colours import colour_samples
from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.scenes import Scene, scenes
from gramflow.painting.picture import PaintedPicture, PicturePainter
from gramflow.painting.scenes import Scenes
from gramflow.painting.targets import sampled_frames
from gramflow.settings.config import Config
from gramflow.settings.looks import Look, merged
from gramflow.settings.reading import presets
from gramflow.settings.renders import Render
from gramflow.view.grid import Row

Values = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One picture of a preview. settings: those of a sweep, by their dotted names."""

    render: Render
    frame: int
    settings: Mapping[str, Any]
    look: Look


def shot_frames(manifest: Manifest, most: int) -> list[int]:
    """The middle frame of every shot, or of `most` shots spread evenly over the film."""
    ends = [*manifest.shots[1:], len(manifest.frames)]
    middles = [(first + end - 1) // 2 for first, end in zip(manifest.shots, ends, strict=True)]
    return [middles[place] for place in evenly(len(middles), most)]


def painter_of(render: Render, manifest: Manifest, frame: int) -> Render:
    """What paints a frame of a film: the render itself, or that of the frame's shot (`shots`)."""
    shot = manifest.shot_of(frame)
    return next((other for other in render.others if other.paints(shot)), render)


def drafted(look: Look, width: int, kept: Collection[str] = ()) -> Look:
    """A look at the cost of a draft: narrower, with fewer evaluations, else the same.

    In place of a network, which is trained on the whole film, what it learns from is painted.
    kept: settings that stay as they are, since they are what is compared.
    """
    narrow = look.width if {"width", "preset"} & set(kept) else min(look.width, width)
    height = None if look.height is None else max(round(look.height * narrow / look.width), 16)
    evaluations = look.evaluations
    if not {"evaluations", "preset"} & set(kept):
        evaluations = min(evaluations, presets()["draft"]["evaluations"])
    stylizer = {"name": "optimize"} if look.stylizer["name"] == "network" else look.stylizer
    return replace(look, width=narrow, height=height, evaluations=evaluations, stylizer=stylizer)


def swept(entry: Values, sweeps: Mapping[str, Sequence[Any]]) -> list[tuple[Values, Values]]:
    """All combinations of a sweep's values: settings by dotted name, and the look's entry.

    entry: the look's entry of the config. sweeps: values by dotted name, such as
    losses.content.weight.
    """
    found = []
    for values in product(*sweeps.values()):
        settings = dict(zip(sweeps, values, strict=True))
        changed = entry
        for name, value in settings.items():
            changed = merged(changed, nested(name, value))
        found.append((settings, dict(changed)))
    return found


def nested(name: str, value: Any) -> Values:
    """A setting by its dotted name as nested mappings: a.b=1 is {"a": {"b": 1}}."""
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


def paintings(
    config: Config,
    weights: Weights,
    trials: Sequence[Trial],
    manifests: Mapping[str, Manifest],
    read: Callable[[str, int], Pixels],
    masks: Callable[[str, str, int], Map],
) -> Iterator[tuple[Trial, PaintedPicture]]:
    """Paint the trials, one after the other; those of one style and look share their targets.

    manifests: by video. read: returns the pixels of a video's frame. masks: returns a video's mask
    of this name for a frame.
    """
    made: tuple[tuple[str, Look, tuple[str, ...]], PicturePainter] | None = None
    for trial in trials:
        video, number, look = trial.render.video, trial.frame, trial.look
        manifest, frames = manifests[video], partial(read, video)
        samples = colour_samples(config, look, manifest)(number)
        wanted = trial.render.style, look, tuple(manifest.frames[sample] for sample in samples)
        if made is None or made[0] != wanted:
            style = config.styles[trial.render.style]
            shot = sampled_frames(config, look, manifest, number, frames)
            made = wanted, PicturePainter(config, style, look, weights, shot)
        scene = scenes(look, trial.render.style, manifest)
        areas = partial(_areas, scene, partial(masks, video), number)
        place = f"frame {number} of {video}"
        yield trial, made[1].paint(frames(number), place, areas=areas)


def _areas(
    scene: Callable[[int], Scene],
    mask: Callable[[str, int], Map],
    number: int,
    size: tuple[int, int],
) -> Sequence[Area]:
    """A frame's areas. size: width and height in pixels that are painted."""
    return Scenes(scene, mask, size).areas(number)


def told(trial: Trial, made: PaintedPicture) -> Values:
    """A row of the table beside a preview: the setting, and what painting took and reached."""
    painted = made.painted
    return {
        "video": trial.render.video,
        "frame": trial.frame,
        "style": trial.render.style,
        "look": trial.render.look,
        **trial.settings,
        "evaluations made": painted.evaluations,
        "seconds": round(made.seconds, 2),
        "loss": painted.losses[-1][1] if painted.losses else "",
        **painted.terms,
    }


def rows(
    sources: Mapping[tuple[str, int], Pixels],
    made: Sequence[tuple[Trial, PaintedPicture]],
    sweep: Sequence[str] = (),
) -> tuple[list[Row], list[str]]:
    """Arrange a preview: rows, and titles of the columns.

    Each video's source frames are on top of its paintings, a row for each film. A sweep's last
    setting goes along the columns, the others down the rows.
    sources: by video and frame. sweep: dotted names of its settings.
    """
    videos = dict.fromkeys(video for video, _ in sources)
    found: list[Row] = []
    columns: dict[str, None] = {}
    for video in videos:
        found.append(Row(video, [pixels for (name, _), pixels in sources.items() if name == video]))
        by_caption: dict[str, dict[str, Pixels]] = {}
        for trial, picture in made:
            if trial.render.video == video:
                row, column = _place(trial, sweep)
                by_caption.setdefault(row, {})[column] = picture.pixels
                if sweep:
                    columns[column] = None
        for caption, pictures in by_caption.items():
            places = columns if sweep else pictures
            found.append(Row(caption, [pictures.get(column) for column in places]))
    return found, list(columns)


def _place(trial: Trial, sweep: Sequence[str]) -> tuple[str, str]:
    """Caption of a trial's row, and title of its column."""
    _, *words = (trial.render.film or trial.render.name).split(".")
    words += [f"{name}={trial.settings[name]}" for name in sweep[:-1]]
    last = f"{sweep[-1]}={trial.settings[sweep[-1]]}" if sweep else f"frame {trial.frame}"
    return ", ".join(words), last
