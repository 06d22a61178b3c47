"""Stylizers: from a frame to a painted frame."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gramflow import ops
from gramflow.arrays import Picture
from gramflow.engine.losses import Loss
from gramflow.engine.networks import Network
from gramflow.engine.optimizers import Bounds, Curve, Optimizer


@dataclass(frozen=True)
class Painted:
    """A painted frame and how it came about.

    losses: evaluations made and the lowest total loss so far, epoch by epoch.
    terms: the loss terms, unweighted, of the last evaluation.
    """

    picture: Picture
    evaluations: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    terms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Palette:
    """All a stylizer may need, made once per process.

    settings: the look's, resolved. targets: the style's, by loss term and name.
    extractor: builds the Keras model of the look's layers; called only by who needs a network.
    """

    settings: Mapping[str, Any]
    network: Network
    extractor: Callable[[], Any]
    losses: Mapping[str, Loss]
    optimizer: Optimizer
    targets: Mapping[str, Mapping[str, NDArray[np.float32]]]


class Stylizer:
    """The base of every stylizer."""

    kind: ClassVar[str] = "stylizers"

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def __init__(self, settings: Any, palette: Palette) -> None:
        self.settings = settings
        self.palette = palette

    def paint(
        self,
        frame: Picture,
        previous: Picture | None,
        seed: int,
        on_epoch: Callable[[Curve], None],
    ) -> Painted:
        """Paint one frame of the working size.

        previous: the painted frame before it in the segment, if the look starts from it.
        seed: the same for the same frame, whatever else changes.
        """
        raise NotImplementedError


class Optimize(Stylizer):
    """Gatys et al. 2016: change the picture itself until its features fit content and style."""

    def __init__(self, settings: Any, palette: Palette) -> None:
        super().__init__(settings, palette)
        from gramflow.engine.objective import Objective

        self.objective = Objective(palette.extractor(), palette.losses)
        self.style = {
            name: {key: ops.convert_to_tensor(value) for key, value in target.items()}
            for name, target in palette.targets.items()
        }

    def paint(
        self,
        frame: Picture,
        previous: Picture | None,
        seed: int,
        on_epoch: Callable[[Curve], None],
    ) -> Painted:
        """As the base says."""
        look, network = self.palette.settings, self.palette.network
        content = network.preprocess(frame)
        targets = self.style | self.objective.targets(content, "frame")
        terms: Mapping[str, Any] = {}

        def function(picture: NDArray[np.float32]) -> tuple[Any, Any]:
            nonlocal terms
            loss, gradient, terms = self.objective(picture, targets)
            return loss, gradient

        curve = Curve(look["epoch"], look["stop"], on_epoch)
        picture = self.palette.optimizer.minimize(
            function,
            self._start(content, previous, seed),
            _displayable(network) if look["bounds"] else None,
            look["evaluations"],
            curve,
        )
        curve.close()
        return Painted(
            network.deprocess(picture),
            curve.evaluations,
            curve.points,
            {name: float(value) for name, value in terms.items()},
        )

    def _start(
        self, content: NDArray[np.float32], previous: Picture | None, seed: int
    ) -> NDArray[np.float32]:
        """Where the look wants the optimisation to begin."""
        start = self.palette.settings["start"]
        if start == "noise":
            random = np.random.default_rng(seed)
            return random.standard_normal(content.shape, np.float32)
        if start == "previous" and previous is not None:
            return self.palette.network.preprocess(previous)
        return content


def _displayable(network: Network) -> Bounds:
    """The network's values of black and white."""
    return (
        network.preprocess(np.zeros((1, 1, 3), np.float32)),
        network.preprocess(np.ones((1, 1, 3), np.float32)),
    )
