"""The stylizer that trains a small network for a render, which then paints each frame at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from gramflow.base.arrays import Picture, evenly, resized
from gramflow.base.errors import GramflowError
from gramflow.base.progress import Every, Say, clock
from gramflow.engine import learning, transformer
from gramflow.engine.optimize import Optimize
from gramflow.engine.optimizers import Curve
from gramflow.engine.steadiness import Neighbour
from gramflow.engine.stylizers import Arrays, Checkpoint, Effort, Painted, Palette, Stylizer

MEMORY = 256 * 2**20
"""Bytes of frames, and of pairs of them, that are kept in memory."""

SMALLEST_CROP = 32
"""Least side of a crop, in pixels."""

T = TypeVar("T", Picture, learning.Pair)


class Feedforward(Stylizer):
    """A network learns the look from some optimised frames and from its loss on all others.

    After Futschik et al. 2021 (STALP): the network is to be like the optimised frames there, and to
    have the look's loss low everywhere. It paints a frame in one pass. Then, as far as the flow is
    trusted, a share of the frame before, moved along, is mixed in: some of what a network draws
    stays at its place on the screen, or changes with noise, and that averages out along the motion.
    """

    @dataclass(frozen=True)
    class Settings(Stylizer.Settings):
        """How the network is trained, and its size."""

        copying: int = field(
            default=800,
            metadata={
                "doc": "updates of the network's weights that only copy optimised frames",
                "minimum": 0,
                "maximum": 1000000,
            },
        )
        steps: int = field(
            default=500,
            metadata={
                "doc": "updates after these, by the look's loss on all frames",
                "minimum": 0,
                "maximum": 1000000,
            },
        )
        keyframes: int = field(
            default=4,
            metadata={
                "doc": "frames that are optimised first, chosen so that they differ most",
                "minimum": 0,
                "maximum": 10000,
            },
        )
        painted: dict[str, str] = field(
            default_factory=dict,
            metadata={
                "doc": "pictures of frames that you have painted yourself, by the frame's number",
                "file": True,
                "picture": True,
            },
        )
        teacher: str | None = field(
            default=None,
            metadata={"doc": "look whose painted frames to learn from as well", "look": True},
        )
        crop: int = field(
            default=160,
            metadata={
                "doc": "pixels of a side of what a step sees",
                "minimum": 32,
                "maximum": 4096,
            },
        )
        rate: float = field(
            default=0.003, metadata={"doc": "highest rate of Adam", "exclusiveMinimum": 0}
        )
        steady: float = field(
            default=0.003,
            metadata={
                "doc": "weight of the paint's constancy under motion and noise",
                "minimum": 0,
            },
        )
        like: float = field(
            default=0.01,
            metadata={"doc": "weight of the distance from optimised frames", "minimum": 0},
        )
        hold: float = field(
            default=0.6,
            metadata={
                "doc": "share of the frame before, moved along the flow, in a painted frame; "
                "0: each frame on its own, without flow",
                "minimum": 0,
                "exclusiveMaximum": 1,
            },
        )
        channels: int = field(
            default=48,
            metadata={
                "doc": "channels of the network, a multiple of 8",
                "minimum": 8,
                "maximum": 1024,
                "multipleOf": 8,
            },
        )
        blocks: int = field(
            default=4,
            metadata={"doc": "residual blocks of the network", "minimum": 1, "maximum": 100},
        )

    @classmethod
    def follows(cls, settings: Any) -> bool:
        """If anything is held of the frame before."""
        return bool(settings.hold)

    @classmethod
    def effort(cls, settings: Any, alone: float, pixels: int) -> Effort:
        """Estimate the cost by the multiplications of this network and of a VGG."""
        frame = transformer.multiply_adds(settings.channels, settings.blocks) / _EVALUATION
        crop = min(settings.crop**2 / pixels, 1)
        copied = 3 * _PAIRS * crop * frame * settings.copying
        learnt = (1 + 3 * (_PAIRS + 2) * frame) * crop * settings.steps
        return Effort(copied + learnt + settings.keyframes * alone, frame)

    def __init__(self, settings: Any, palette: Palette) -> None:
        super().__init__(settings, palette)
        self._model: Any = None

    def train(self, say: Say, checkpoint: Checkpoint) -> Arrays:
        """Optimise keyframes, then train the network; return its weights.

        Raises GramflowError for frames that are too small, for settings by which nothing is learnt,
        and for a training that diverges.
        """
        frames, kept = self.palette.frames, dict(checkpoint.found)
        keyframes = {n: frames[n] for n in differing(frames, self.settings.keyframes)}
        some, pairs = sampled(frames), [*self._own(), *self._taught()]
        self._check(bool(keyframes or pairs))
        crop = self._crop([*some, *keyframes.values(), *(before for before, _ in pairs)])
        optimize = Optimize(None, self.palette)
        for number, frame in keyframes.items():
            name = f"keyframe/{number}"
            if name not in kept:
                kept[name] = self._optimised(optimize, number, frame, say)
                checkpoint.keep(kept)
            pairs.append((frame, kept[name]))
        learner = self._learner(optimize, crop, bool(pairs))
        if _BEGUN in kept:
            learner.resume(kept)
        self._learn(learner, some, pairs, say, lambda state: checkpoint.keep({**kept, **state}))
        learnt = transformer.arrays_of(learner.model)
        if not all(np.isfinite(array).all() for array in learnt.values()):
            raise self._diverged()
        return learnt

    def needs(self, height: int, width: int) -> str:
        """In how many strips a frame is painted, if it is not painted at once."""
        strips = -(-height // transformer.rows_within(self.palette.memory, width))
        return f"in {strips} strips" if strips > 1 else ""

    def paint(
        self,
        frame: Picture,
        neighbours: Mapping[int, Neighbour],
        seed: int,
        on_epoch: Callable[[Curve], None],
    ) -> Painted:
        """Apply the trained network, and hold the result to the frame before."""
        if self._model is None:
            self._model = transformer.restored(self.palette.trained)
        values = transformer.painted(self._model, frame, self.palette.memory)
        values = np.clip(values, 0, 1)
        if 1 in neighbours:
            before, trust = neighbours[1].picture, neighbours[1].trust[..., None]
            values += np.float32(self.settings.hold) * trust * (before - values)
        return Painted(values)

    def _check(self, taught: bool) -> None:
        """Raise GramflowError if nothing would be learnt. taught: whether there are examples."""
        given = self.settings
        if not given.steps and not (taught and given.copying and given.like):
            raise GramflowError(
                f"looks.{self.palette.name}.stylizer: learns nothing; give steps, or examples "
                "(keyframes, painted or teacher) with copying and like"
            )

    def _own(self) -> list[learning.Pair]:
        """The frames that the user has painted. Raises GramflowError for one that is not there."""
        pairs = []
        for text, path in self.settings.painted.items():
            number = int(text) if text.isdigit() else -1
            if number not in range(len(self.palette.frames)):
                raise GramflowError(
                    f"looks.{self.palette.name}.stylizer.painted.{text}: there is no such frame; "
                    f"give a number from 0 to {len(self.palette.frames) - 1}"
                )
            frame = self.palette.frames[number]
            height, width = frame.shape[:2]
            pairs.append((frame, resized(self.palette.pictures[path], width, height)))
        return pairs

    def _taught(self) -> list[learning.Pair]:
        """What the look that is the teacher has painted, as far as it fits into memory."""
        if self.settings.teacher is None:
            return []
        if self.palette.settings["colours"]["name"] != "style":
            raise GramflowError(
                f"looks.{self.palette.name}.colours: a teacher's frames have their final colours; "
                "give style here, and the colours to the teacher"
            )
        return sampled(self.palette.examples[self.settings.teacher])

    def _optimised(self, optimize: Optimize, number: int, frame: Picture, say: Say) -> Picture:
        """Optimise one of the film's frames, as if it were a film of its own."""
        due = Every(10)

        def report(curve: Curve) -> None:
            if due:
                say(f"frame {number}: evaluation {curve.evaluations}, loss {curve.lowest:.4g}")

        seed = self.palette.settings["seed"]
        painted = optimize.paint(frame, {}, seed, report)
        if not np.isfinite(painted.picture).all():
            raise GramflowError(
                f"looks.{self.palette.name}: the loss of frame {number} is not finite; lower the "
                "weights of its loss terms"
            )
        say(f"frame {number}: {painted.evaluations} evaluations")
        return painted.picture

    def _crop(self, frames: Sequence[Picture]) -> int:
        """A crop's side for these frames. Raises GramflowError if they are too small."""
        height, width = np.min([frame.shape[:2] for frame in frames], 0)
        crop = learning.crop_for(self.settings.crop, height, width)
        if crop < SMALLEST_CROP:
            raise GramflowError(
                f"looks.{self.palette.name}.width: gives frames {width} pixels wide and {height} "
                "high, too few to learn from; give a greater one"
            )
        return crop

    def _learner(self, optimize: Optimize, crop: int, taught: bool) -> learning.Learner:
        """A learner at its first step. taught: whether there are examples."""
        given, seed = self.settings, self.palette.settings["seed"]
        copying = given.copying if taught else 0
        course = learning.Course(
            copying, given.steps, crop, given.rate, given.steady, given.like, seed
        )
        model = transformer.build(given.channels, given.blocks, seed)
        return learning.Learner(model, optimize.evaluate, self.palette.network, course)

    def _learn(
        self,
        learner: learning.Learner,
        frames: Sequence[Picture],
        pairs: Sequence[learning.Pair],
        say: Say,
        keep: Callable[[Arrays], None],
    ) -> None:
        """Make the remaining steps. keep: keeps a state of the learner."""
        copying, steps = learner.course.copying, learner.course.steps
        due, told = Every(30), Every(10)
        for part, first, count in (("copying", 0, copying), ("learning", copying, steps)):
            started, begun = time.monotonic(), learner.number
            while learner.number < first + count:
                step = self._step(learner, frames, pairs)
                if not step.finite:
                    raise self._diverged()
                if due:
                    keep(learner.state())
                if told:
                    seconds = (time.monotonic() - started) / (learner.number - begun)
                    left = clock(seconds * (first + count - learner.number))
                    say(f"{part} {learner.number - first}/{count}, {step}, {left} left")

    def _diverged(self) -> GramflowError:
        return GramflowError(
            f"looks.{self.palette.name}.stylizer.rate: training has diverged; give a lower one"
        )

    def _step(
        self,
        learner: learning.Learner,
        frames: Sequence[Picture],
        pairs: Sequence[learning.Pair],
    ) -> learning.Step:
        """Make one step on a random frame and random examples."""
        random = np.random.default_rng([self.palette.settings["seed"], learner.number])
        some = random.permutation(len(pairs))[:_PAIRS]
        frame = frames[int(random.integers(len(frames)))]
        return learner.step(frame, [pairs[number] for number in some])


def sampled(items: Mapping[int, T]) -> list[T]:
    """Some of a film's frames, or pairs of them, at even distances: as many as `MEMORY` holds."""
    numbers = list(items)
    size = sum(np.asarray(part).nbytes for part in items[numbers[0]]) if numbers else 1
    return [items[numbers[place]] for place in evenly(len(items), max(MEMORY // size, 1))]


def differing(frames: Mapping[int, Picture], count: int) -> list[int]:
    """Numbers of the frames that stand best for all of a film.

    The first one is nearest to the mean of all; each further one differs most from those that are
    chosen already (the greedy solution of the k-centre problem, Gonzalez 1985). Frames are compared
    as small pictures, of a film's frames at most `_COMPARED` at even distances.
    """
    if not count:
        return []
    numbers = evenly(len(frames), _COMPARED)
    small = np.stack([resized(frames[number], *_SMALL).ravel() for number in numbers])
    distances = np.square(small - small.mean(0)).sum(1)
    chosen = [int(distances.argmin())]
    nearest = np.square(small - small[chosen[0]]).sum(1)
    while len(chosen) < min(count, len(numbers)) and nearest.max() > 0:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.square(small - small[chosen[-1]]).sum(1))
    return [numbers[place] for place in chosen]


_BEGUN = "number"  # an array that every state of a learner has
_PAIRS = 2  # examples in a step
_COMPARED = 500  # frames
_EVALUATION = 8e5  # multiplications for a pixel by an evaluation of a look's loss and its gradient
_SMALL = (32, 18)  # width and height of compared frames
