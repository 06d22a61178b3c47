"""The stylizer that optimises the frame's pixels, from coarse to fine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import SMALLEST, Picture, Tensor, blurred, resized
from gramflow.engine.areas import Area, area_targets, by_areas
from gramflow.engine.backend import out_of_memory
from gramflow.engine.flows import Map
from gramflow.engine.intensity import content_factor
from gramflow.engine.losses import weighted
from gramflow.engine.networks import displayable
from gramflow.engine.objective import Objective, sizes_of
from gramflow.engine.optimizers import Curve, Phase
from gramflow.engine.precision import Guarded, chosen, exact_evaluations, lowered
from gramflow.engine.recolouring import recoloured, with_strokes
from gramflow.engine.steadiness import OWN, Neighbour, held
from gramflow.engine.stylizers import Painted, Palette, Stylizer
from gramflow.engine.targets import coloured_noise, mixed
from gramflow.engine.tiling import Plan
from gramflow.engine.trust import long_term


class Optimize(Stylizer):
    """Gatys et al. 2016: change the picture itself until its features fit content and style.

    styles: the style's targets by painted width in pixels, prepared; a derived class may set others
        before a frame is painted.
    """

    areal = True

    def __init__(self, settings: Any, palette: Palette) -> None:
        super().__init__(settings, palette)
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
        self._others: dict[tuple[bool, int | None], tuple[Objective, Objective | None]] = {}
        self._guarded: list[Guarded] = []  # those of the frame painted now
        self._mixed: dict[str, dict[int, Any]] = {}
        self.styles = {
            width: self.objective.prepared(targets) for width, targets in palette.targets.items()
        }

    def needs(self, height: int, width: int) -> str:
        """Estimate the memory and the number of tiles, as text for users.

        Raises GramflowError when no tiling keeps the memory limit.
        """
        return self.objective.plan.words(height, width)

    def paint(
        self,
        frame: Picture,
        neighbours: Mapping[int, Neighbour],
        seed: int,
        on_epoch: Callable[[Curve], None],
    ) -> Painted:
        """Minimise the loss over the frame's pixels, starting from the neighbours if there are any.

        Without neighbours, the frame is painted from coarse to fine (Gatys et al. 2017,
        arXiv:1611.07865, section 5). Unlike there, only the change that a smaller size makes is
        upsampled and added, so that the frame's detail is not blurred. With neighbours, disoccluded
        areas are first filled with a coarse painting, unless they are tiny.

        Where the device runs out of memory, the frame is begun anew in smaller tiles, and so are
        the next ones. Raises GramflowError when there are none.
        """
        troubles: list[str] = []
        while True:
            try:
                painted = self._paint(frame, neighbours, seed, on_epoch)
                return replace(painted, troubles=troubles + painted.troubles)
            except Exception as error:  # every framework has its own
                if not out_of_memory(error):
                    raise
            count = self.objective.plan.shrink(*frame.shape[:2])
            troubles = [f"The device ran out of memory; painted in {count} tiles."]

    def _paint(
        self,
        frame: Picture,
        neighbours: Mapping[int, Neighbour],
        seed: int,
        on_epoch: Callable[[Curve], None],
    ) -> Painted:
        """Paint a frame by the tiles planned now; see `paint`."""
        look, network = self.palette.settings, self.palette.network
        self._guarded.clear()
        curve = Curve(look["epoch"], 0.0 if self._is_gradual else look["stop"], on_epoch)
        *smaller, whole = self.styles
        least = max(SMALLEST, self.objective.plan.smallest)
        smaller = [width for width in smaller if min(_size(frame, width)) >= least]
        unknown = _unknown(frame, neighbours)
        some = unknown.max() > 0 and unknown.min() < 1
        bare = recoloured(frame, neighbours[1]) if some else frame
        coarsest = (smaller or [whole])[0]
        values, content = self._start(bare, neighbours, seed, coarsest), frame
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
        if content is not frame:  # report the terms against the frame, not the filled content
            objective, _ = self._objectives(whole)
            _, _, found = objective(values, self._targets(whole, frame, neighbours))
            terms = _numbers(found)
        curve.close()
        result = network.deprocess(values)
        if 1 in neighbours and not self.turning:
            result = held(result, frame, neighbours[1])
        losses = curve.points[told:]
        return Painted(result, curve.evaluations, losses, terms, self._troubles(losses))

    def evaluate(self, picture: Picture, frame: Picture) -> tuple[float, Tensor]:
        """The loss of a picture and its gradient by the preprocessed pixels, (1, height, width, 3).

        As in the first phase of an optimisation, at the full working size and without neighbours.
        frame: the content, of the picture's size, which may be that of a part of a frame.
        """
        preprocess, width = self.palette.network.preprocess, self.palette.settings["width"]
        objective: Any = self.objective
        if self.low is not None:
            objective = Guarded(self.low, self.objective, self.precision)
        targets = self._targets(width, frame, {}, self.low or self.objective)
        loss, gradient, _ = objective(preprocess(picture), targets)
        return float(loss), gradient

    def _change(
        self,
        width: int,
        frame: Picture,
        values: NDArray[np.float32],
        evaluations: int,
        curve: Curve,
        strokes: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Paint a downsampled copy, and return the change upsampled to the shape of `values`.

        width: of the copy, in pixels. values: the picture to start from, preprocessed, (1, height,
        width, 3). evaluations: maximum number. strokes: added to the copy before it is painted;
        preprocessed, of the copy's size.
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
        """Fill disoccluded areas with a coarse painting of the whole frame.

        Returns the start, preprocessed (1, height, width, 3), and the content target's picture,
        (height, width, 3). The start is the painted neighbour, blended into the coarse painting
        where it is unknown. The content is the frame, moved towards the coarse painting there.

        width: of the coarse painting, in pixels. bare: the recoloured frame, which the coarse
        painting starts from, with strokes added. unknown: (height, width), 0..1. painted: the
        painted neighbour, warped.

        Why: style terms compare statistics of the whole picture, so their gradient is weak once
        most of it is painted. They would not paint a small area, and the content term would undo a
        filled one. The smaller the known part is, the less the content is changed, since the style
        terms then act more strongly.
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
        """Optimise at one size; return the values, and the loss terms at the lowest loss.

        width: selects the style's targets. frame: the content. start: preprocessed, (1, height,
        width, 3). evaluations: maximum number.
        """
        network, targets = self.palette.network, self._targets(width, frame, neighbours)
        objective, low_objective = self._objectives(width)
        evaluator = _Evaluator(objective, targets)
        phases = self._phases(evaluations, evaluator, low_objective)
        bounds = displayable(network) if self.palette.settings["bounds"] else None
        found = self.palette.optimizer.minimize(phases, start, bounds, curve)
        return found, _numbers(evaluator.terms)

    def _targets(
        self,
        width: int,
        frame: Picture,
        neighbours: Mapping[int, Neighbour],
        objective: Any = None,
    ) -> dict[str, Any]:
        """Targets of all loss terms for a frame at one size, by the term's name.

        objective: computes the frame's; that of full precision by default.
        """
        content = self.palette.network.preprocess(frame)
        targets: dict[str, Any] = (objective or self.objective).targets(content, "frame")
        if not self.areas:
            targets = self.styles[width] | targets
        elif self._is_whole:
            targets = self._style(self.areas[0])[width] | targets
        else:
            targets = self._area_targets(width, frame, targets)
        return targets | self._temporal(content, neighbours) | self._ranges()

    @property
    def _is_whole(self) -> bool:
        """Whether the frame is painted by the loss terms as they are, without weights by place."""
        return len(self.areas) < 2 and all(area.intensity is None for area in self.areas)

    @property
    def _is_gradual(self) -> bool:
        """Whether an area has an intensity below 1.

        The loss of such a frame falls slowly from the start, so that `stop` would end the
        optimisation before anything is painted.
        """
        return any(0 < area.intensity < 1 for area in self.areas if area.intensity is not None)

    def _area_targets(
        self, width: int, frame: Picture, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Targets of the style and content terms at one size, for the frame's areas.

        content: targets of the content terms.
        """
        losses, areas = self.palette.losses, self.areas
        styles = [self._style(area)[width] if area.painted else {} for area in areas]
        factors = [self._factor(area, width) if area.painted else 1.0 for area in areas]
        sizes = sizes_of(self.objective.network, frame.shape[:2])
        return area_targets(losses, content, styles, areas, factors, sizes)

    def _factor(self, area: Area, width: int) -> float:
        """The factor of the content term's weight in an area: the mean of those of its styles."""
        logs = [
            share * np.log(content_factor(self.palette.styles[style][width], area.intensity))
            for style, share in area.styles.items()
        ]
        return float(np.exp(sum(logs)))

    def _style(self, area: Area) -> dict[int, Any]:
        """Targets of an area's styles, mixed by their shares and prepared, by painted width."""
        name = str(sorted(area.styles.items()))
        if name not in self._mixed:
            raw = [self.palette.styles[style] for style in area.styles]
            if len(self._mixed) >= _MIXED:
                del self._mixed[next(iter(self._mixed))]
            self._mixed[name] = {
                width: self.objective.prepared(
                    mixed([targets[width] for targets in raw], area.styles.values())
                )
                for width in self.palette.targets
            }
        return self._mixed[name]

    def _objectives(self, width: int) -> tuple[Objective, Objective | None]:
        """The objective of full precision for one size of the frame painted now, and of 16 bits.

        The latter is None where the look has full precision throughout.
        """
        factors = self._coarse_factors(width)
        if self._is_whole and not factors:
            return self.objective, self.low
        wanted = self._is_whole, width if factors else None
        if wanted not in self._others:
            losses = weighted(self.palette.losses, factors)
            if not self._is_whole:
                losses = by_areas(losses, f"looks.{self.palette.name}")
            self._others[wanted] = (
                Objective(self.objective.network, losses, self.objective.plan),
                self.low and Objective(self.low.network, losses, self.low.plan),
            )
        return self._others[wanted]

    def _coarse_factors(self, width: int) -> dict[str, float]:
        """Factors of the terms' weights at a width.

        At the coarsest these are `coarse_weights`, at the look's own 1; their logarithms go evenly
        with that of the width between.
        """
        coarsest, whole = min(self.styles), max(self.styles)
        if width == whole:
            return {}
        share = log(whole / width) / log(whole / coarsest)
        coarse: Mapping[str, float] = self.palette.settings["coarse_weights"]
        return {name: factor**share for name, factor in coarse.items()}

    def _phases(
        self, evaluations: int, evaluator: "_Evaluator", low_objective: Objective | None
    ) -> list[Phase]:
        """Return the phases of an optimisation of so many evaluations.

        The last phase is `evaluator`, in float32. If the look has a 16-bit precision, most
        evaluations are made in that precision, in a phase before it.

        low_objective: of 16 bits; None where the look has none.
        """
        exact = evaluations
        if low_objective is not None:
            exact = min(exact_evaluations(self.palette.settings["precision"], evaluations), exact)
        phases = [Phase(evaluator, exact)]
        if exact < evaluations:
            guarded = Guarded(low_objective, evaluator.objective, self.precision)
            self._guarded.append(guarded)
            low = _Evaluator(guarded, evaluator.targets)
            phases.insert(0, Phase(low, evaluations - exact))
        return phases

    def _troubles(self, losses: Sequence[tuple[int, float]]) -> list[str]:
        """What was odd about the frame painted now, in sentences; see `Painted.losses`."""
        troubles = []
        if any(guarded.failed for guarded in self._guarded):
            text = f"Its loss or gradient is not finite in {self.precision}; float32 was used."
            troubles.append(text)
        (begun, start), (ended, _) = losses[0], losses[-1]
        if ended > begun and min(loss for _, loss in losses) >= start:
            text = f"No lower loss than the first was found in {ended - begun + 1} evaluations."
            troubles.append(text)
        return troubles

    def _budget(self, unknown: float) -> int:
        """Maximum number of evaluations of a frame.

        unknown: fraction of its pixels without a usable painted neighbour, 0..1. A first frame gets
        more, as in Ruder et al. 2016: the next frames start from it, and would otherwise continue
        to change it.
        """
        look = self.palette.settings
        first = look["first"] if look["start"] == "previous" else 1
        return round(look["evaluations"] * (1 + (first - 1) * unknown))

    def _start(
        self, bare: Picture, neighbours: Mapping[int, Neighbour], seed: int, coarsest: int
    ) -> NDArray[np.float32]:
        """Initial values of the optimisation, preprocessed, (1, height, width, 3).

        bare: the frame, recoloured if part of a neighbour is usable. coarsest: width in pixels that
        is painted first. With `start: previous` and neighbours, the values are the warped neighbour
        where it is a good start and `bare` elsewhere. In later passes, the neighbour is averaged
        with the frame's own picture from the pass before, which replaces `bare` (Ruder et al. 2016,
        equation 11).
        """
        look, network = self.palette.settings, self.palette.network
        if look["start"] != "previous":
            return self._opening(look["start"], bare, seed, coarsest)
        if not neighbours:
            return self._opening(look["opening"], bare, seed, coarsest)
        own = neighbours[OWN].picture if OWN in neighbours else bare
        if 1 not in neighbours:
            return network.preprocess(own)
        known = neighbours[1].start[..., None]
        share = known / (1 + known) if OWN in neighbours else known
        return network.preprocess(share * neighbours[1].picture + (1 - share) * own)

    def _opening(self, start: str, frame: Picture, seed: int, coarsest: int) -> NDArray[np.float32]:
        """Initial values of a frame without neighbours, preprocessed, (1, height, width, 3).

        start: "content" (the frame), "noise" (of one grey level), "gray" (with less noise than a
        grey level, so that gradients differ from pixel to pixel) or "style" (noise of the style's
        colours, made at the coarsest width and enlarged).
        """
        network, random = self.palette.network, np.random.default_rng(seed)
        if start == "noise":
            return random.standard_normal((1, *frame.shape), np.float32)
        if start == "gray":
            return network.preprocess(
                0.5 + random.random(frame.shape, np.float32) / np.float32(255)
            )
        if start == "style":
            noise = coloured_noise(self.palette.targets[coarsest], _size(frame, coarsest), random)
            return network.preprocess(np.clip(resized(noise, *frame.shape[1::-1]), 0, 1))
        return network.preprocess(frame)

    def _ranges(self) -> dict[str, dict[str, NDArray[np.float32]]]:
        """Targets of loss terms with source "range": the network's values of black and white."""
        black, white = displayable(self.palette.network)
        terms = self.palette.losses.items()
        return {
            name: {"black": black, "white": white} for name, loss in terms if loss.source == "range"
        }

    def _temporal(
        self, content: NDArray[np.float32], neighbours: Mapping[int, Neighbour]
    ) -> dict[str, dict[str, NDArray[np.float32]]]:
        """Targets of the loss terms that compare a frame with its neighbours, nearest first.

        pictures: (neighbours, height, width, 3), preprocessed. trust: (neighbours, height, width,
        1), reduced to long-term weights. A missing neighbour has trust 0 rather than being left
        out, so that shapes are equal and one compiled trace serves every frame.
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
    """Width and height in pixels of a copy of the frame scaled to `width`."""
    return width, round(frame.shape[0] * width / frame.shape[1])


def _numbers(terms: Mapping[str, Any]) -> dict[str, float]:
    """Loss terms as plain numbers."""
    return {name: float(value) for name, value in terms.items()}


def _unknown(frame: Picture, neighbours: Mapping[int, Neighbour]) -> Map:
    """Map, (height, width), 0..1, of where no painted neighbour is a good start.

    0 everywhere if a previous pass has painted the frame, 1 everywhere without a neighbour.
    """
    if OWN in neighbours:
        return np.zeros(frame.shape[:2], np.float32)
    return 1 - neighbours[1].start if 1 in neighbours else np.ones(frame.shape[:2], np.float32)


_MIXED = 8  # mixtures of styles whose prepared targets are kept
_BARE = 0.02  # minimum fraction of unknown pixels for which a coarse painting is worth its time
# Minimum evaluations of a coarse painting; with 12 a figure got a halo of paint.
_FILLING = 8
# Greatest fraction of the frame's fine detail, lost at the coarse width, to remove from a filled
# area; if all of it is kept, the area looks like unpainted film.
_COVERED = 0.5
