"""Problems for the benchmarks: stylizers, frames of the test material, functions to minimise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.material import SHARED
from gramflow.base.arrays import Picture
from gramflow.engine.flows import FlowMethod, warp
from gramflow.engine.optimizers import Bounds, Curve, Function, Optimizer, Phase
from gramflow.engine.steadiness import Neighbour
from gramflow.engine.stylizers import Painted, Stylizer
from gramflow.engine.trust import match
from gramflow.film.identity import Weights, bundled_weights, random_weights
from gramflow.media.pictures import from_pixels, read_picture, resize, to_pixels
from gramflow.painting.setup import make_flow, make_stylizer
from gramflow.painting.targets import compute_targets
from gramflow.settings.config import Config, load

STYLES = {
    "night": SHARED / "data/seed/starry_night.jpg",
    "nude": SHARED / "data/marple8/seated-nude.jpg",
}


def config_of(style: str, look: dict[str, Any], network: str = "vgg19") -> Config:
    """Config of one video (never read), one style of `STYLES`, and one look."""
    return load(
        {
            "network": network,
            "videos": {"room": {"path": str(SHARED / "data/seed/room.avi")}},
            "styles": {style: {"images": [str(STYLES[style])]}},
            "looks": {"default": look},
        }
    )


def weights_of(network: str) -> Weights:
    """Bundled ImageNet weights for VGG-19, random weights for other networks."""
    return bundled_weights() if network == "vgg19" else random_weights(network)


def stylizer_of(config: Config, weights: Weights | None = None) -> Stylizer:
    """Make the default look's stylizer, with the style's targets computed.

    The config must have one style. weights: those of `weights_of` if None.
    """
    look, weights = config.looks["default"], weights or weights_of(config.network)
    (style,) = config.styles.values()
    targets = compute_targets(config, style, look, weights)
    return make_stylizer(config, look, weights, {style.name: targets})


def room(count: int) -> list[Picture]:
    """The first `count` frames of room.avi, at full size."""
    import av

    with av.open(str(SHARED / "data/seed/room.avi")) as film:
        frames = film.decode(video=0)
        arrays = [next(frames).to_ndarray(format="rgb24") for _ in range(count)]
    return [array.astype(np.float32) / 255 for array in arrays]


def alley(count: int) -> list[Picture]:
    """The first `count` frames of Sintel's alley, at full size."""
    folder = SHARED / "data/sintel_easy"
    return [read_picture(folder / f"frame_000{number}.png") for number in range(1, count + 1)]


def neighbour(flow: FlowMethod, frame: Picture, other: Picture, painted: Painted) -> Neighbour:
    """Warp another frame and its painted picture to this frame.

    The painted picture is quantised first, as in the store.
    """
    found = match(flow, frame, other)
    stored = from_pixels(to_pixels(painted.picture))
    warped = warp(stored, found.flow), warp(other, found.flow)
    return Neighbour(*warped, found.trust, found.kept)


@dataclass(frozen=True)
class Problem:
    """A minimisation problem as the stylizer passes it to an optimizer: function and start."""

    name: str
    function: Function
    start: NDArray[np.float32]


class Capture(Optimizer):
    """An optimizer that only stores its function and start."""

    def minimize(
        self,
        phases: Sequence[Phase],
        start: NDArray[np.float32],
        bounds: Bounds | None,
        curve: Curve,
    ) -> NDArray[np.float32]:
        """Store the last, most exact function; evaluate it once and return the start."""
        self.function, self.start = phases[-1].function, start
        curve.add(float(self.function(start)[0]))
        return start


def problem(
    name: str,
    film: Callable[[int], list[Picture]],
    style: str,
    look: dict[str, Any],
    height: int,
    after: int = 0,
) -> Problem:
    """The problem of painting a video's first frame or, if `after` is not 0, its second frame.

    film: returns the first frames of a video. after: evaluations with which the first frame is
    painted, as the second one's neighbour.
    """
    frames = [resize(frame, look["width"], height) for frame in film(2)]
    config = config_of(style, look | {"height": height})
    stylizer = stylizer_of(config)
    neighbours = {}
    if after:
        before = config_of(style, look | {"height": height, "evaluations": after, "stop": 0})
        painted = _paint(stylizer_of(before), frames[0], {})
        flow = make_flow(config, config.looks["default"])
        neighbours[1] = neighbour(flow, frames[1], frames[0], painted)
    capture = Capture(None)
    stylizer.palette = replace(stylizer.palette, optimizer=capture)
    _paint(stylizer, frames[1 if after else 0], neighbours)
    return Problem(name, capture.function, capture.start)


def _paint(stylizer: Stylizer, frame: Picture, neighbours: dict[int, Neighbour]) -> Painted:
    return stylizer.paint(frame, neighbours, 0, lambda _: None)
