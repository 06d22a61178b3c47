"""Stylizers: from a frame to a painted frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gramflow.arrays import Picture, Tensor, blurred, resized
from gramflow.engine.flows import Map
from gramflow.engine.losses import Loss, weights_of
from gramflow.engine.networks import SMALLEST, Network
from gramflow.engine.optimizers import Bounds, Curve, Function, Optimizer, Phase
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
    terms: the loss terms, unweighted, at the lowest loss. weights: of those that adjust theirs.
    """

    picture: Picture
    evaluations: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    terms: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)


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
        self.aims = {
            name: loss.settings.aim
            for name, loss in palette.losses.items()
            if getattr(loss.settings, "aim", None)
        }
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
        weights = self._weights(neighbours)
        *smaller, whole = self.styles
        unknown = _unknown(frame, neighbours)
        some = unknown.max() > 0 and unknown.min() < 1
        bare = recoloured(frame, neighbours[1]) if some else frame
        values = self._start(bare, neighbours, seed)
        if unknown.min() == 1:
            values, weights = self._broad(smaller, frame, values, weights, curve)
        elif smaller and unknown.mean() >= _BARE:
            painted = neighbours[1].picture
            values = self._filled(smaller[-1], frame, bare, unknown, painted, weights, curve)
        curve.close()
        told = len(curve.points)
        budget = self._budget(float(unknown.mean()))
        values, terms = self._descend(whole, frame, neighbours, values, budget, weights, curve)
        curve.close()
        result = network.deprocess(values)
        return Painted(
            held(result, frame, neighbours[1]) if 1 in neighbours else result,
            curve.evaluations,
            curve.points[told:],
            terms,
            {name: weights[name] for name in self.aims},
        )

    def _weights(self, neighbours: Mapping[int, Neighbour]) -> dict[str, float]:
        """Of the loss terms; those with an aim keep what was found in the shot's first frame."""
        found = neighbours[min(neighbours)].weights if neighbours else {}
        return weights_of(self.palette.losses) | {
            name: weight for name, weight in found.items() if name in self.aims
        }

    def _broad(
        self,
        widths: Sequence[int],
        frame: Picture,
        values: NDArray[np.float32],
        weights: dict[str, float],
        curve: Curve,
    ) -> tuple[NDArray[np.float32], dict[str, float]]:
        """The values, changed at each of the smaller widths, and the weights that were found.

        The content's weight decides how much of a picture stays legible, and the right one
        depends on width, content and style: it is adjusted until the term has the value that the
        look aims at. The first width is gone over twice, once for the weight alone.
        """
        evaluations = self._budget(1)
        if self.aims:
            for width in widths[:1]:
                _, terms = self._change(width, frame, values, evaluations, weights, curve)
                weights = self._aimed(weights, terms)
        for width in widths:
            change, terms = self._change(width, frame, values, evaluations, weights, curve)
            values, weights = values + change, self._aimed(weights, terms)
        return values, weights

    def _aimed(self, weights: dict[str, float], terms: Mapping[str, float]) -> dict[str, float]:
        """The weights with which the terms will be nearer to their aims.

        Never far from those of the settings: a shot that begins black tells nothing of the rest.
        """
        first = weights_of(self.palette.losses)
        adjusted = {}
        for name, aim in self.aims.items():
            if name in terms:
                factor = float(np.clip((terms[name] / aim) ** _GAIN, 1 / _STEP, _STEP))
                least, most = first[name] / _RANGE, first[name] * _RANGE
                adjusted[name] = min(max(weights[name] * factor, least), most)
        return weights | adjusted

    def _change(
        self,
        width: int,
        frame: Picture,
        values: NDArray[np.float32],
        evaluations: int,
        weights: Mapping[str, float],
        curve: Curve,
        strokes: NDArray[np.float32] | None = None,
    ) -> tuple[NDArray[np.float32], dict[str, float]]:
        """What painting a smaller copy of the values changes, enlarged to their shape; the terms
        that it ends at. Strokes, of the smaller size, are added before it is painted."""
        height, whole = frame.shape[:2]
        size = _size(frame, width)
        if min(size) < SMALLEST:
            return np.zeros_like(values), {}
        before, small = resized(values[0], *size)[None], resized(frame, *size)
        start = before if strokes is None else before + strokes
        found, terms = self._descend(width, small, {}, start, evaluations, weights, curve)
        return resized(found[0] - before[0], whole, height)[None], terms

    def _filled(
        self,
        width: int,
        frame: Picture,
        bare: Picture,
        unknown: Map,
        painted: Picture,
        weights: Mapping[str, float],
        curve: Curve,
    ) -> NDArray[np.float32]:
        """The values of the painted neighbour, where unknown those of a coarse painting of the
        whole frame, which begins from the bare one with strokes at this width.

        Style losses look at the whole picture, and are content once most of it is painted: a
        small area by itself would never be painted like the rest.
        """
        evaluations = max(self.palette.settings["evaluations"] // 2, _FILLING)
        preprocess, size = self.palette.network.preprocess, _size(frame, width)
        small = [resized(each, *size) for each in (bare, frame, painted, 1 - unknown)]
        strokes = preprocess(with_strokes(*small)) - preprocess(small[0])
        before, start = preprocess(painted), preprocess(bare)
        change, _ = self._change(width, frame, start, evaluations, weights, curve, strokes)
        alone = start + change
        share = np.maximum(unknown, blurred(unknown, 1.5))[..., None]
        return np.asarray(before + share * (alone - before), np.float32)

    def _descend(
        self,
        width: int,
        frame: Picture,
        neighbours: Mapping[int, Neighbour],
        start: NDArray[np.float32],
        evaluations: int,
        weights: Mapping[str, float],
        curve: Curve,
    ) -> tuple[NDArray[np.float32], dict[str, float]]:
        """What is found at one size, and the terms where the loss was lowest."""
        network = self.palette.network
        content = network.preprocess(frame)
        targets = self.styles[width] | self.objective.targets(content, "frame")
        targets |= self._temporal(content, neighbours) | self._ranges()
        terms: dict[str, Any] = {}
        phases = self._phases(evaluations, targets, weights, terms)
        bounds = _displayable(network) if self.palette.settings["bounds"] else None
        found = self.palette.optimizer.minimize(phases, start, bounds, curve)
        return found, {name: float(value) for name, value in terms.items()}

    def _phases(
        self,
        evaluations: int,
        targets: Any,
        weights: Mapping[str, float],
        terms: dict[str, Any],
    ) -> list[Phase]:
        """In low precision first, if the look wants it.

        `terms` gets those of the last phase's lowest loss, which the picture that is found has.
        """

        def function(objective: Any) -> Function:
            lowest = np.inf

            def evaluate(picture: Tensor) -> tuple[Tensor, Tensor]:
                nonlocal lowest
                loss, gradient, found = objective(picture, targets, weights)
                if not float(loss) >= lowest:
                    lowest = float(loss)
                    terms.update(found)
                return loss, gradient

            return evaluate

        exact = evaluations
        if self.low is not None:
            exact = min(exact_evaluations(self.palette.settings["precision"], evaluations), exact)
        phases = [Phase(function(self.objective), exact)]
        if exact < evaluations:
            guarded = Guarded(self.low, self.objective, self.precision)
            phases.insert(0, Phase(function(guarded), evaluations - exact))
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


def _size(frame: Picture, width: int) -> tuple[int, int]:
    """Width and height of a copy of the frame that has this width; one pixel at least."""
    return width, max(round(frame.shape[0] * width / frame.shape[1]), 1)


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
_FILLING = 8  # evaluations of that at least; twice as many have changed nothing that can be seen
_GAIN = 1.5  # a term falls with about the power -2/3 of its weight
_STEP = 4.0  # the most that a weight changes at once
_RANGE = 8.0  # and from the settings' in all
