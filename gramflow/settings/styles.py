"""Styles of the config: pictures, their weights, and what is seen of them."""

import sys
from dataclasses import dataclass
from pathlib import Path

from gramflow.settings.paths import check_readable
from gramflow.settings.schema import Entry, Values, refused, shown


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


def resolved_style(name: str, style: Values, folder: Path) -> Style:
    """Resolve a style: its entry of the config, with weights that sum to 1.

    Raises GramflowError for settings that do not fit each other, and for files that are not there.
    """
    entry = ("styles", name)
    images = style["images"]
    for number, image in enumerate(images):
        check_readable(folder / image, (*entry, "images", number))
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
        check_readable(folder / mask, (*entry, number))
    if style.masks and len(style.masks) != len(style.images):
        counts = f"{len(style.masks)} masks for {len(style.images)} images"
        raise refused(entry, f"{counts}; give one for each")
    if style.masks and style.views:
        raise refused(entry, f"not beside {', '.join(style.views)}; cut the pictures, or the masks")
