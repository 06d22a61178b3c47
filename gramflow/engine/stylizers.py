"""Stylizers: paint one frame, given the style's targets and the painted neighbours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from numpy.typing import NDArray

from gramflow.base.arrays import Picture
from gramflow.base.progress import Say
from gramflow.engine.areas import Area
from gramflow.engine.losses import Loss
from gramflow.engine.networks import Network
from gramflow.engine.optimizers import Curve, Optimizer
from gramflow.engine.steadiness import Neighbour
from gramflow.engine.targets import StyleTargets


@dataclass(frozen=True)
class Painted:
    """A painted frame and the course of its optimisation.

    evaluations: number of evaluations of loss and gradient, at all sizes.
    losses: pairs of evaluations made and lowest total loss so far, one per epoch, at the full
        working size only; the lowest loss is reset where the precision changes.
    terms: the unweighted loss terms at the lowest loss.
    troubles: what was odd about its numbers, in sentences.
    """

    picture: Picture
    evaluations: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    terms: dict[str, float] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


Arrays = Mapping[str, NDArray[Any]]
"""Arrays by name: what a stylizer has learnt."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a stylizer's `train` keeps what it has learnt so far.

    found: what the last call of `keep` was given, in a job that was killed; empty in the first job.
    keep: replaces it by these arrays, whole or not at all.
    """

    found: Arrays = field(default_factory=dict)
    keep: Callable[[Arrays], None] = lambda arrays: None


@dataclass(frozen=True)
class Palette:
    """Everything that a stylizer may use. Created once per process.

    settings: all settings of the look.
    extractor: builds the Keras model that gives the features of the look's layers. Each call
        builds one, so call it only if a network is needed.
    losses: loss terms by name.
    targets: the style's targets by painted width in pixels (rising, the look's own width last),
        then by loss term and name.
    memory: limit of the memory for painting, in bytes; None for no limit.
    name: the look's name, for errors.
    styles: targets, in the form of `targets`, of the style and of those that the look's settings
        name, by the style's name.
    frames: the film's own frames, of the painted size, by their numbers; only for `train`.
    examples: by the looks that the look's settings name, the frames that these have painted: source
        and painted picture, both of that look's size, by the frame's number.
    pictures: those that the look's settings name, RGB, 0..1, by their paths; only for `train`.
    trained: what the stylizer's `train` has returned; empty in that step.
    """

    settings: Mapping[str, Any]
    network: Network
    extractor: Callable[[], Any]
    losses: Mapping[str, Loss]
    optimizer: Optimizer
    targets: Mapping[int, StyleTargets]
    memory: int | None = None
    name: str = "default"
    styles: Mapping[str, Mapping[int, StyleTargets]] = field(default_factory=dict)
    frames: Mapping[int, Picture] = field(default_factory=dict)
    examples: Mapping[str, Mapping[int, tuple[Picture, Picture]]] = field(default_factory=dict)
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    trained: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class Effort:
    """What painting costs, in evaluations of the look's loss at its full size.

    training: of `train`; None if it is not known. frame: of a frame; None for as many as the look's
        settings say.
    """

    training: float | None = None
    frame: float | None = None


class Stylizer:
    """The base of every stylizer.

    now: the settings of the frame that is painted now, as of `frame_settings`.
    areas: those of the frame that is painted now; empty if all of it is painted in the render's
        style.
    turning: whether styles or intensities differ from those of the frame before.
    areal: whether `paint` follows `areas`; else regions can only be left unpainted.
    train: None, or a method `train(self, say, checkpoint)` that learns something before any frame
        of the render is painted, in a job of its own, and returns it as arrays by name. say: prints
        a line of progress. checkpoint: keeps what a job that is killed has learnt so far.
    """

    kind: ClassVar[str] = "stylizers"
    areal: ClassVar[bool] = False
    train: ClassVar[Callable[[Any, Say, "Checkpoint"], Arrays] | None] = None

    @dataclass(frozen=True)
    class Settings:
        """No settings."""

    def __init__(self, settings: Any, palette: Palette) -> None:
        self.settings = settings
        self.palette = palette
        self.now: Mapping[str, Any] = {}
        self.areas: Sequence[Area] = ()
        self.turning = False

    @classmethod
    def frame_settings(cls, settings: Any, seconds: float) -> dict[str, Any]:
        """Return settings that change from frame to frame, as JSON values; {} if none does.

        They are part of the frame's key. A file that a frame depends on, such as a mask, belongs
        here with the digest of its content. settings: the stylizer's. seconds: when the frame is
        shown, from the start of the used part of the video.
        """
        return {}

    @classmethod
    def follows(cls, settings: Any) -> bool:
        """Whether it looks at neighbours, so that frames are painted after them where the look's
        `start` says so. settings: the stylizer's.
        """
        return True

    @classmethod
    def effort(cls, settings: Any, alone: float, pixels: int) -> Effort:
        """Return what painting costs, for forecasts.

        settings: the stylizer's. alone: cost of optimising a frame without neighbours, at all the
        look's widths, in evaluations at the full size. pixels: of a frame.
        """
        return Effort()

    def needs(self, height: int, width: int) -> str:
        """Describe the memory that frames of this size take, for users; "" if it is not known.

        height, width: pixels. Raises GramflowError when such frames cannot be painted.
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

        frame: (height, width, 3), RGB, 0..1.
        neighbours: warped painted frames by distance in steps back, as far as the look needs them.
            Distance 0 (`OWN`) is this frame as the previous pass painted it.
        seed: for random numbers; depends only on the look's seed and the source frame.
        on_epoch: called with the loss curve after every epoch (see `Curve`).
        """
        raise NotImplementedError
