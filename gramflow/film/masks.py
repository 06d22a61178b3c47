"""Lists the frames of a mask: which part of each frame of a video belongs to a region."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gramflow.base.files import Document

T = TypeVar("T")


@dataclass(frozen=True)
class Mask(Document):
    """A mask of a video.

    frames: key in the store of masks of each frame's mask, one for every frame of the manifest.
    sizes: bytes of each frame's file in the store.
    """

    frames: list[str]
    sizes: list[int] = field(default_factory=list)


def mask_frames(names: Iterable[T], files: Iterable[str | Path]) -> dict[T, list[str]]:
    """Keys of the frames of masks, by their names. files: a document for each.

    Raises FileNotFoundError for one that is not there, and ValueError for one that is damaged.
    """
    return {name: Mask.load(Path(file)).frames for name, file in zip(names, files, strict=True)}
