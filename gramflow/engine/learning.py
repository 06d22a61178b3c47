"""Trains an image transformation network on the loss terms of a look and on painted examples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, isfinite, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import Picture, Tensor, resized
from gramflow.engine import backend, ops
from gramflow.engine.networks import Network
from gramflow.engine.transformer import STRIDE, arrays_of, restored

SHIFT = 8
"""Greatest shift of the second crop, in pixels."""

Pair = tuple[Picture, Picture]
"""A frame and its painting, of one size."""


@dataclass(frozen=True)
class Course:
    """How a network is trained.

    copying: number of updates of the weights by the examples alone. steps: number of updates after
    these, by the look's loss as well. crop: width and height, in pixels, of what an update sees.
    rate: of Adam, at its highest. steady: weight of the distance between the paintings of a crop
    and of a shifted, noisier one. like: weight of the distance from painted examples. Both are mean
    squared differences on the 0..255 scale, as in the loss term `temporal`.
    seed: of all random numbers.
    """

    copying: int
    steps: int
    crop: int
    rate: float
    steady: float
    like: float
    seed: int


@dataclass(frozen=True)
class Step:
    """One update: the look's loss of a crop, and the other terms, unweighted. None: not used."""

    loss: float | None
    steady: float | None
    like: float | None

    @property
    def finite(self) -> bool:
        """Whether all terms are numbers."""
        return all(value is None or isfinite(value) for value in vars(self).values())

    def __str__(self) -> str:
        terms = vars(self).items()
        return ", ".join(f"{name} {value:.3g}" for name, value in terms if value is not None)


class Learner:
    """A network in training.

    It first learns from the examples alone, which takes no feature extractor. Then, in each step,
    the look's loss of one painted crop is differentiated by the crop's pixels, as when the pixels
    themselves are optimised, and that gradient is passed on to the network's weights (Johnson et
    al. 2016). Two further terms: the painting of the same place, shifted and with other noise, must
    be the same paint (as in ReCoNet, Gao et al. 2018, but for a known motion), and crops of
    examples must be painted like these (Futschik et al. 2021).

    evaluate: the look's loss, and its gradient by the preprocessed pixels, (1, crop, crop, 3), of a
        painted crop, given the crop itself. network: whose preprocessing that is.
    """

    def __init__(
        self,
        model: Any,
        evaluate: Callable[[Picture, Picture], tuple[float, Tensor]],
        network: Network,
        course: Course,
    ) -> None:
        import keras

        self.model = model
        self.course = course
        self.number = 0
        self._evaluate = evaluate
        # one crop's loss may be many times another's, whose gradient must not undo all before it
        self._optimizer = keras.optimizers.Adam(course.rate, beta_2=0.99, clipnorm=1.0)
        self._optimizer.build(model.trainable_variables)
        self._paint = backend.compiled(model, stateful=True)
        self._copy = backend.compiled(self._copied, stateful=True)
        self._update = backend.compiled(self._updated, stateful=True)
        black = network.preprocess(np.zeros((1, 1, 3), np.float32))
        units = network.preprocess(np.eye(3, dtype=np.float32)[None])
        self._slope = (units - black)[0, 0]  # preprocessing is an affine map of a pixel's colours

    def step(self, frame: Picture, examples: Sequence[Pair]) -> Step:
        """Update the weights once. frame: to take a crop of. examples: one crop of each."""
        random = np.random.default_rng([self.course.seed, self.number])
        pairs = [_paired(pair, self.course.crop, random) for pair in examples]
        self._optimizer.learning_rate = self._rate()
        copying = self.number < self.course.copying
        self.number += 1
        if copying:
            before, after = (np.stack(each) for each in zip(*pairs, strict=True))
            return Step(None, None, float(self._copy(before, after)))
        crop, other, offset = _shifted(frame, self.course.crop, random)
        loss, gradient = self._evaluate(ops.convert_to_numpy(self._paint(crop[None]))[0], crop)
        slopes = ops.convert_to_numpy(gradient)[0] @ self._slope.T
        frames = np.stack([crop, other, *(before for before, _ in pairs)])
        painted = np.stack([after for _, after in pairs]) if pairs else frames[:0]
        steady, like = self._update(frames, slopes, offset, painted)
        return Step(loss, float(steady), float(like) if pairs else None)

    def state(self) -> dict[str, NDArray[Any]]:
        """All that `resume` needs to go on from here, as arrays by name."""
        kept = {f"adam/{place}": np.asarray(v) for place, v in enumerate(self._optimizer.variables)}
        return {"number": np.array(self.number), **arrays_of(self.model), **kept}

    def resume(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a `state`. Raises KeyError or ValueError for that of another network."""
        self.number = int(state["number"])
        self.model.set_weights(restored(state).get_weights())
        for place, variable in enumerate(self._optimizer.variables):
            variable.assign(state[f"adam/{place}"])

    def _rate(self) -> float:
        """Adam's rate: in each of both parts it first rises, then falls along a cosine.

        By the look's loss, whose gradient differs much between crops, it is lower.
        """
        course, number, steps = self.course, self.number, self.course.copying
        rate = course.rate
        if number >= steps:
            number, steps, rate = number - steps, course.steps, _LOWER * course.rate
        rising = min((number + 1) / _RISING, 1)
        return rate * rising * (0.52 + 0.48 * cos(pi * number / steps))

    def _copied(self, frames: Tensor, painted: Tensor) -> Tensor:
        """Update the weights by crops of examples alone; returns the term `like`."""

        def loss() -> tuple[Tensor, Tensor]:
            like = _scaled_error(self.model(frames), painted)
            return self.course.like * like, like

        return self._applied(loss)

    def _updated(
        self, frames: Tensor, slopes: Tensor, offset: Tensor, painted: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Update the weights; returns the terms `steady` and `like`.

        frames: crops: the one of the look's loss, its shifted copy, and those of the examples.
        slopes: the loss's gradient by the first crop's painting. offset: of the copy, in pixels
        down and right. painted: of the examples.
        """

        def loss() -> tuple[Tensor, tuple[Tensor, Tensor]]:
            made = self.model(frames)
            steady = _scaled_error(_overlap(made[0], offset), _overlap(made[1], -offset))
            like = _scaled_error(made[2:], painted) if painted.shape[0] else ops.zeros(())
            total = ops.sum(made[0] * slopes) + self.course.steady * steady
            return total + self.course.like * like, (steady, like)

        return self._applied(loss)

    def _applied(self, loss: Callable[[], tuple[Tensor, Any]]) -> Any:
        """Update the weights by the first result of a function; returns the second one."""
        variables = self.model.trainable_variables
        gradients, terms = backend.by_variables(loss, variables)
        self._optimizer.apply(gradients, variables)
        return terms


def _scaled_error(values: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference of values in 0..1, on the 0..255 scale."""
    return 255.0**2 * ops.mean(ops.square(values - target))


def _shifted(frame: Picture, crop: int, random: Any) -> tuple[Picture, Picture, NDArray[Any]]:
    """Two crops of a frame, the second one shifted and with noise, and the offset between them."""
    whole = _varied(frame, crop + SHIFT, random)
    offset = random.integers(-SHIFT, SHIFT + 1, 2)
    top, left = np.maximum(-offset, 0)
    below, right = np.maximum(offset, 0)
    first = whole[top : top + crop, left : left + crop]
    other = whole[below : below + crop, right : right + crop]
    noise = random.normal(0, random.uniform(0, _NOISE), other.shape)
    return first, (other + noise).astype(np.float32), offset.astype(np.int32)


def _overlap(crop: Tensor, offset: Tensor) -> Tensor:
    """The part of a painted crop that lies in the other one, too, without what borders influence.

    offset: of the other crop.
    """
    size = crop.shape[0] - 3 * SHIFT
    top, left = (SHIFT + ops.maximum(offset[axis], 0) for axis in (0, 1))
    return crop[top : top + size, left : left + size]


def _paired(pair: Pair, crop: int, random: Any) -> Pair:
    """The same crop of a frame and of its painting."""
    top, left = _corner(pair[0], crop, random)
    before, after = (each[top : top + crop, left : left + crop] for each in pair)
    return before, after


def _varied(frame: Picture, size: int, random: Any) -> Picture:
    """A crop of a frame at another scale, mirrored half of the time, with another gamma."""
    most = min(size * _SCALES[1], *frame.shape[:2])
    side = round(random.uniform(min(size * _SCALES[0], most), most))
    top, left = _corner(frame, side, random)
    part = resized(frame[top : top + side, left : left + side], size, size)
    turned = part[:, ::-1] if random.random() < 0.5 else part
    return np.asarray(np.clip(turned, 0, 1) ** random.uniform(0.8, 1.25), np.float32)


def _corner(frame: Picture, size: int, random: Any) -> tuple[int, int]:
    height, width = frame.shape[:2]
    return random.integers(height - size + 1), random.integers(width - size + 1)


def crop_for(most: int, height: int, width: int) -> int:
    """The side of a crop of frames of this size: at most `most`, and a multiple of STRIDE."""
    return min(most, height - SHIFT, width - SHIFT) // STRIDE * STRIDE


_RISING = 30  # steps over which the rate rises
_LOWER = 0.8
_NOISE = 0.03  # greatest deviation of its noise, of values in 0..1
_SCALES = (0.75, 1.35)  # of the crop's side in the frame, by its own
