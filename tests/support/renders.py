"""A config of one render, and manifests, without any film."""

from collections.abc import Iterable

from gramflow.film.manifest import Manifest
from gramflow.settings.config import Config, load


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
