"""Areas: parts of a frame, with soft edges, that have styles and an intensity of their own.

Each style term is evaluated once for each area, on statistics in which a place counts as much as it
belongs to the area (Gatys et al. 2017, arXiv:1611.07865, section 4). In difference to that paper an
area's distance counts as much as the area is large, so that a small one is not painted more
strongly than a large one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gramflow.base.arrays import Picture
from gramflow.base.errors import GramflowError
from gramflow.engine.flows import Map
from gramflow.engine.losses import Layered, Loss, Tensors
from gramflow.engine.objective import maps


@dataclass(frozen=True)
class Area:
    """A part of a frame.

    share: how much each place belongs to it, (height, width), 0..1; those of a frame's areas sum
        to 1. styles: shares of styles, by name, with sum 1. intensity: 0..1, see
        `gramflow.engine.intensity`; None for the content term's weight as it is. At 0 the area
        shows the film itself, and has no part in the style terms.
    """

    share: Map
    styles: Mapping[str, float]
    intensity: float | None = None

    @property
    def painted(self) -> bool:
        """Whether it shows anything but the film itself."""
        return self.intensity is None or self.intensity > 0


def covered(painted: Picture, film: Picture, areas: Sequence[Area]) -> Picture:
    """Show the film itself in the areas of intensity 0. Both pictures have the shares' size."""
    unpainted = [area.share for area in areas if not area.painted]
    if not unpainted:
        return painted
    share = np.stack(unpainted).sum(0, dtype=np.float32)[..., None]
    return np.asarray(painted + share * (film - painted), np.float32)


class Regional(Layered):
    """A style term, evaluated for each area by itself.

    A layer's target is a list with an entry per area: "share", a map of the layer's size, (1, h, w,
    1); "fraction", the area's part of the picture; "target", the style's, prepared by the term.
    """

    def __init__(self, loss: Layered) -> None:
        super().__init__(loss.settings)
        self.loss = loss

    def part(self, target: Any, own: Any) -> Any:
        """Cut the shares to a part of the picture."""
        return [area | {"share": own(area["share"])} for area in target]

    def statistic(self, features: Any, target: Any) -> Any:
        """The term's statistic for each area."""
        statistic: Any = self.loss.statistic  # with `share`, see `regional`
        return [statistic(features, area["target"], area["share"]) for area in target]

    def distance(self, statistic: Any, target: Any) -> Any:
        """The mean of the areas' distances, weighted by their fractions of the picture."""
        return sum(
            area["fraction"] * self.loss.distance(found, area["target"])
            for found, area in zip(statistic, target, strict=True)
        )


class Weighed(Layered):
    """A content term whose weight differs from place to place.

    A layer's target has "features", those of the frame, and "factor", (1, h, w, 1).
    """

    def __init__(self, loss: Layered) -> None:
        super().__init__(loss.settings)
        self.loss = loss

    def part(self, target: Any, own: Any) -> Any:
        """Cut features and factors to a part of the picture."""
        return {name: own(values) for name, values in target.items()}

    def statistic(self, features: Any, target: Any) -> Any:
        """The term's statistic, in which each place counts by its factor."""
        statistic: Any = self.loss.statistic  # with `share`, see `regional`
        return statistic(features, target["features"], target["factor"])

    def distance(self, statistic: Any, target: Any) -> Any:
        """The term's distance."""
        return self.loss.distance(statistic, target["features"])


def by_areas(losses: Mapping[str, Loss], where: str) -> dict[str, Loss]:
    """Wrap the terms that depend on areas, style and content.

    where: the look's name, for errors. Raises GramflowError for a term that has no `share`.
    """
    wrappers = {"style": Regional, "frame": Weighed}
    found: dict[str, Loss] = {}
    for name, loss in losses.items():
        if loss.source not in wrappers:
            found[name] = loss
        elif isinstance(loss, Layered) and loss.regional:
            found[name] = wrappers[loss.source](loss)
        else:
            raise GramflowError(
                f"{where}.losses.{name}: has no regions, intensity or timeline; drop the term, or "
                "these settings, or give its method statistic a share (docs/plugins.md)"
            )
    return found


def area_targets(
    losses: Mapping[str, Loss],
    frame: Mapping[str, Tensors],
    styles: Sequence[Mapping[str, Tensors]],
    areas: Sequence[Area],
    factors: Sequence[float],
    sizes: Mapping[str, tuple[int, int]],
) -> dict[str, Any]:
    """Targets of the style and content terms of a frame with areas, for `by_areas` of the losses.

    losses: the terms themselves. frame: targets of the content terms. styles: for each area those
    of the style terms, prepared. factors: for each area that of the content term's weight, above 0.
    sizes: height and width of each layer's features.
    """
    shown = [place for place, area in enumerate(areas) if area.painted]
    shares = [np.asarray(area.share, np.float32) for area in areas]
    logs = np.log(np.asarray(factors, np.float32))
    factor = np.exp(sum(share * log for share, log in zip(shares, logs, strict=True)))

    def of(map_: Map, layer: str) -> Any:
        return maps(map_, sizes[layer])

    found: dict[str, Any] = {}
    for name, loss in losses.items():
        if loss.source == "style":
            found[name] = {
                layer: [
                    {
                        "share": of(shares[place], layer),
                        "fraction": np.float32(shares[place].mean()),
                        "target": styles[place][name][layer],
                    }
                    for place in shown
                ]
                for layer in loss.layers
            }
        elif loss.source == "frame":
            found[name] = {
                layer: {"features": frame[name][layer], "factor": of(factor, layer)}
                for layer in loss.layers
            }
    return found
