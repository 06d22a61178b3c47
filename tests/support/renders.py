"""A config of one render, and manifests, without any film."""

from collections.abc import Iterable

from gramflow.film.identity import Weights
from gramflow.film.keys import Keys
from gramflow.film.manifest import Manifest
from gramflow.film.plan import make_plan
from gramflow.settings.config import Config, load
from gramflow.settings.renders import Render


def config_with(start: str = "content", segment_frames: int = 3, **look: object) -> Config:
    """One render; this file stands for the pictures."""
    return load(
        {
            "videos": {"clip": {"path": __file__}},
            "styles": {"red": {"images": [__file__]}},
            "looks": {"default": {"width": 64, "start": start, **look}},
            "segment_frames": segment_frames,
        }
    )


def manifest_of(frames: Iterable[object], shots: Iterable[int] = (0,)) -> Manifest:
    """A manifest whose frames have these names, with shots that begin at these numbers."""
    names = [str(frame) for frame in frames]
    return Manifest(64, 48, "1/25", 0, names, list(range(len(names))), 1, list(shots))


def painted_keys(config: Config, render: Render, manifest: Manifest, weights: Weights) -> Keys:
    """Keys of all painted frames of a render, by stage and frame number, as its plan has them."""
    keys: dict[int, dict[int, str]] = {0: {}}
    for job in make_plan(config, render, manifest, weights).jobs.values():
        for stage, found in job.keys.items():
            keys.setdefault(stage, {}).update(found)
    return [keys[stage] for stage in sorted(keys)]
