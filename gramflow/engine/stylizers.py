"""Stylizers: from a frame to a painted frame."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import SMALLEST, Picture, Tensor, blurred, resized
from gramflow.engine.flows import Map
from gramflow.engine.losses import Loss
from gramflow.engine.networks import Network
from gramflow.engine.optimizers import Bounds, Curve, Optimizer, Phase
from gramflow.engine.precision import Guarded, chosen, exact_evaluations, lowered
from gramflow.engine.recolouring import recoloured, with_strokes
from gramflow.engine.steadiness import OWN, Neighbour, held
from gramflow.engine.targets import StyleTargets
from gramflow.engine.tiling import Plan
from gramflow.engine.trust import long_term


@dataclass(frozen=True)
class Painted:
    """A painted frame and how it came about.

    losses: evaluations made and the lowest total loss so far, epoch by epoch, at the whole size;
        where the precision changes it begins anew.
    terms: the loss terms, unweighted, at the lowest loss.
    """

    picture: Picture
    evaluations: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    terms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Palette:
    """All a stylizer may need, made once per process.

    settings: the look's, resolved. targets: the style's, by the width that is painted at (rising,
        the look's own last), loss term and name.
    extractor: builds the Keras model of the look's layers; called only by who needs a network.
    memory: bytes that painting may take; None for any. name: the look's, for errors.
    """

    settings: Mapping[str, Any]
    network: Network
    extractor: Callable[[], Any]
    losses: Mapping[str, Loss]
    optimizer: Optimizer
    targets: Mapping[int, StyleTargets]
    memory: int | None = None
    name: str = "default"


class Stylizer:
    """The base of every stylizer."""

    kind: ClassVar[str] = "stylizers"

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def __init__(self, settings: Any, palette: Palette) -> None:
        self.settings = settings
        self.palette = palette

    def needs(self, height: int, width: int) -> str:
        """What frames of that size will take, in words; empty if that is not known.

        Raises GramflowError when they cannot be painted.
        """
        return ""

    def paint(
        self,
        frame: Picture,
        neighbours: Mapping[int, Neighbour],
        seed: int,
        on_epoch: Callable[[Curve], None],
    ) -> Painted:
        """Paint one frame of the working size.

        neighbours: by how many steps they are back; only those that the look asks for. 0 is this
            frame as the pass before painted it.
        seed: the same for the same frame, whatever else changes.
        """
        raise NotImplementedError


class Optimize(Stylizer):
    """Gatys et al. 2016: change the picture itself until its features fit content and style."""

    def __init__(self, settings: Any, palette: Palette) -> None:
        super().__init__(settings, palette)
        from gramflow.engine.objective import Objective

        extractor = palette.extractor()
        plan = Plan(
            extractor,
            palette.losses,
            palette.memory,
            palette.optimizer.held,
            f"looks.{palette.name}",
        )
        self.objective = Objective(extractor, palette.losses, plan)
        wanted = palette.settings["precision"]
        self.precision = chosen(wanted)
        low = lowered(extractor, wanted, f"looks.{palette.name}")
        self.low = None if low is None else Objective(low, palette.losses, plan)
        self.styles = {
            width: self.objective.prepared(targets) for width, targets in palette.targets.items()
        }

    def needs(self, height: int, width: int) -> str:
        """As the base says."""
        return self.objective.plan.words(height, width)

    def paint(
        self,
        frame: Picture,
        neighbours: Mapping[int, Neighbour],
        seed: int,
        on_epoch: Callable[[Curve], None],
    ) -> Painted:
        """As the base says.

        A frame with nothing to go on from is painted from coarse to fine, as by Gatys et al. 2017,
        arXiv:1611.07865, section 5, though only what changes at a smaller size is enlarged, so
        that nothing gets blurred. In one that goes on from another, what came into sight is filled
        with a coarse painting.
        """
        look, network = self.palette.settings, self.palette.network
        curve = Curve(look["epoch"], look["stop"], on_epoch)
        *smaller, whole = self.styles
        smaller = [width for width in smaller if min(_size(frame, width)) >= SMALLEST]
        unknown = _unknown(frame, neighbours)
        some = unknown.max() > 0 and unknown.min() < 1
        bare = recoloured(frame, neighbours[1]) if some else frame
        values, content = self._start(bare, neighbours, seed), frame
        if unknown.min() == 1:
            for width in smaller:
                values = values + self._change(width, frame, values, self._budget(1), curve)
        elif smaller and unknown.mean() >= _BARE:
            painted = neighbours[1].picture
            values, content = self._filled(smaller[-1], frame, bare, unknown, painted, curve)
        curve.close()
        told = len(curve.points)
        budget = self._budget(float(unknown.mean()))
        values, terms = self._descend(whole, content, neighbours, values, budget, curve)
        if content is not frame:  # terms tell how far from the film a picture is
            _, _, found = self.objective(values, self._targets(whole, frame, neighbours))
            terms = _numbers(found)
        curve.close()
        result = network.deprocess(values)
        if 1 in neighbours:
            result = held(result, frame, neighbours[1])
        return Painted(result, curve.evaluations, curve.points[told:], terms)

    def _change(
        self,
        width: int,
        frame: Picture,
        values: NDArray[np.float32],
        evaluations: int,
        curve: Curve,
        strokes: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """What painting a smaller copy of the values changes, enlarged to their shape.

        Strokes, of the smaller size, are added before it is painted.
        """
        height, whole = frame.shape[:2]
        size = _size(frame, width)
        before, small = resized(values[0], *size)[None], resized(frame, *size)
        start = before if strokes is None else before + strokes
        found, _ = self._descend(width, small, {}, start, evaluations, curve)
        return resized(found[0] - before[0], whole, height)[None]

    def _filled(
        self,
        width: int,
        frame: Picture,
        bare: Picture,
        unknown: Map,
        painted: Picture,
        curve: Curve,
    ) -> tuple[NDArray[np.float32], Picture]:
        """The values of the painted neighbour, where unknown those of a coarse painting of the
        whole frame, which begins from the bare one with strokes at this width; and the content
        from here on: the frame, where unknown the coarse painting.

        Style terms compare the whole picture, and hardly pull once most of it is painted. So a
        small area would not be painted by itself; nor would it stay so, since the content term
        pulls as much as ever. The less is known, the more is left to the style terms again.
        """
        evaluations = max(self.palette.settings["evaluations"] // 2, _FILLING)
        preprocess, size = self.palette.network.preprocess, _size(frame, width)
        small = [resized(each, *size) for each in (bare, frame, painted, 1 - unknown)]
        strokes = preprocess(with_strokes(*small)) - preprocess(small[0])
        before, start = preprocess(painted), preprocess(bare)
        change = self._change(width, frame, start, evaluations, curve, strokes)
        known = 1 - unknown.mean()
        detail = start - preprocess(resized(small[0], *frame.shape[1::-1]))
        alone = start + change - _COVERED * known * detail
        share = np.maximum(unknown, blurred(unknown, 1.5))[..., None]
        values = np.asarray(before + share * (alone - before), np.float32)
        content = frame + known * share * (self.palette.network.deprocess(alone) - frame)
        return values, np.asarray(content, np.float32)

    def _descend(
        self,
        width: int,
        frame: Picture,
        neighbours: Mapping[int, Neighbour],
        start: NDArray[np.float32],
        evaluations: int,
        curve: Curve,
    ) -> tuple[NDArray[np.float32], dict[str, float]]:
        """What is found at one size, the frame being the content, and the lowest loss's terms."""
        network, targets = self.palette.network, self._targets(width, frame, neighbours)
        evaluator = _Evaluator(self.objective, targets)
        phases = self._phases(evaluations, evaluator)
        bounds = _displayable(network) if self.palette.settings["bounds"] else None
        found = self.palette.optimizer.minimize(phases, start, bounds, curve)
        return found, _numbers(evaluator.terms)

    def _targets(
        self, width: int, frame: Picture, neighbours: Mapping[int, Neighbour]
    ) -> dict[str, Any]:
        """Of all terms, for a frame at one size."""
        content = self.palette.network.preprocess(frame)
        targets = self.styles[width] | self.objective.targets(content, "frame")
        return targets | self._temporal(content, neighbours) | self._ranges()

    def _phases(self, evaluations: int, evaluator: "_Evaluator") -> list[Phase]:
        """Return the phases of an optimisation, which ends with the evaluator, in float32.

        If the look has a low precision, most of the evaluations come before that, in it.
        """
        exact = evaluations
        if self.low is not None:
            exact = min(exact_evaluations(self.palette.settings["precision"], evaluations), exact)
        phases = [Phase(evaluator, exact)]
        if exact < evaluations:
            guarded = Guarded(self.low, self.objective, self.precision)
            low = _Evaluator(guarded, evaluator.targets)
            phases.insert(0, Phase(low, evaluations - exact))
        return phases

    def _budget(self, unknown: float) -> int:
        """Most evaluations of a frame of which that share has nothing to go on from.

        A first frame gets more, as in Ruder et al.: the frames after it inherit from it, and would
        go on painting it.
        """
        look = self.palette.settings
        first = look["first"] if look["start"] == "previous" else 1
        return round(look["evaluations"] * (1 + (first - 1) * unknown))

    def _start(
        self, bare: Picture, neighbours: Mapping[int, Neighbour], seed: int
    ) -> NDArray[np.float32]:
        """Where the look wants the optimisation to begin.

        bare: the frame, recoloured if a neighbour is known. With a neighbour: there where it is
        worth it, else from the bare frame. In later passes from the mean of it and the frame's
        own picture (Ruder et al. 2016, equation 11).
        """
        start, network = self.palette.settings["start"], self.palette.network
        if start == "noise":
            random = np.random.default_rng(seed)
            return random.standard_normal((1, *bare.shape), np.float32)
        if start == "content" or not neighbours:
            return network.preprocess(bare)
        own = neighbours[OWN].picture if OWN in neighbours else bare
        if 1 not in neighbours:
            return network.preprocess(own)
        known = neighbours[1].start[..., None]
        share = known / (1 + known) if OWN in neighbours else known
        return network.preprocess(share * neighbours[1].picture + (1 - share) * own)

    def _ranges(self) -> dict[str, dict[str, NDArray[np.float32]]]:
        """The targets of the terms that look at the range of the network's values."""
        black, white = _displayable(self.palette.network)
        terms = self.palette.losses.items()
        return {
            name: {"black": black, "white": white} for name, loss in terms if loss.source == "range"
        }

    def _temporal(
        self, content: NDArray[np.float32], neighbours: Mapping[int, Neighbour]
    ) -> dict[str, dict[str, NDArray[np.float32]]]:
        """The targets of the terms that hold a frame to its neighbours, nearest first.

        A neighbour that is not there counts nothing, so that one trace serves every frame.
        """
        preprocess, targets = self.palette.network.preprocess, {}
        for name, loss in self.palette.losses.items():
            if loss.distances:
                found = [neighbours.get(back) for back in loss.distances]
                maps = [
                    np.zeros(content.shape[1:3], np.float32) if n is None else n.trust
                    for n in found
                ]
                targets[name] = {
                    "pictures": np.concatenate(
                        [content if n is None else preprocess(n.picture) for n in found]
                    ),
                    "trust": np.stack(long_term(maps))[..., None],
                }
        return targets


class _Evaluator:
    """An objective with its targets, which remembers the loss terms at its lowest loss."""

    def __init__(self, objective: Any, targets: Any) -> None:
        self.objective = objective
        self.targets = targets
        self.terms: dict[str, Any] = {}
        self._lowest = np.inf

    def __call__(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and its gradient."""
        loss, gradient, terms = self.objective(picture, self.targets)
        if not float(loss) >= self._lowest:
            self._lowest, self.terms = float(loss), terms
        return loss, gradient


def _size(frame: Picture, width: int) -> tuple[int, int]:
    """Width and height of a copy of the frame that has this width."""
    return width, round(frame.shape[0] * width / frame.shape[1])


def _numbers(terms: Mapping[str, Any]) -> dict[str, float]:
    """Loss terms as plain numbers."""
    return {name: float(value) for name, value in terms.items()}


def _unknown(frame: Picture, neighbours: Mapping[int, Neighbour]) -> Map:
    """(height, width), 0..1: where there is nothing painted to go on from."""
    if OWN in neighbours:
        return np.zeros(frame.shape[:2], np.float32)
    return 1 - neighbours[1].start if 1 in neighbours else np.ones(frame.shape[:2], np.float32)


def _displayable(network: Network) -> Bounds:
    """The network's values of black and white."""
    return (
        network.preprocess(np.zeros((1, 1, 3), np.float32)),
        network.preprocess(np.ones((1, 1, 3), np.float32)),
    )


_BARE = 0.02  # of a frame's pixels, unknown: less is not worth a coarse painting
_FILLING = 8  # evaluations of that at least; with half as many again a figure got a halo of paint
_COVERED = 0.5  # of the detail that is too fine for it: left as it is, it shows as film
