"""Lists the frames of a mask: which part of each frame of a video belongs to a region."""

from dataclasses import dataclass, field

from gramflow.base.files import Document


@dataclass(frozen=True)
class Mask(Document):
    """A mask of a video.

    frames: key in the store of masks of each frame's mask, one for every frame of the manifest.
    sizes: bytes of each frame's file in the store.
    """

    frames: list[str]
    sizes: list[int] = field(default_factory=list)
