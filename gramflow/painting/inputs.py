"""What a job of a render reads, and the stylizer that is put together from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gramflow.base.arrays import Picture
from gramflow.engine.stylizers import Stylizer
from gramflow.engine.targets import StyleTargets
from gramflow.film.digests import digest, replaced
from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.masks import mask_frames
from gramflow.film.plan import Plan
from gramflow.film.recipes import recipe
from gramflow.film.scenes import scenes
from gramflow.media.pictures import from_pixels, resize
from gramflow.painting.frames import SourceFrames
from gramflow.painting.scenes import Scenes
from gramflow.painting.setup import make_colours, make_stylizer
from gramflow.painting.targets import compute_targets, load_targets, sampled_frames
from gramflow.settings.config import Config
from gramflow.settings.looks import Look
from gramflow.settings.renders import Render
from gramflow.store.arrays import load_arrays
from gramflow.store.frames import extracted_store, mask_store, painted_store, read_mask
from gramflow.store.records import Record


@dataclass(frozen=True)
class Inputs:
    """Paths of the files that a job of a render reads.

    targets: one file for each style of the plan, named by the plan's `targets`.
    examples: records of the renders that it learns from.
    trained: the file with what its stylizer has learnt, if it learns.
    masks: those of the video that its look needs, in the order of `Config.masks_of`.
    """

    plan: Path
    manifest: Path
    targets: tuple[Path, ...]
    examples: tuple[Path, ...] = ()
    trained: tuple[Path, ...] = ()
    masks: tuple[Path, ...] = ()


class Opened:
    """The files of `Inputs`, read for a render. weights: those of the plan.

    Raises ValueError for a plan that was made without weights, and GramflowError for one that the
    render's look no longer fits.
    """

    def __init__(self, config: Config, render: Render, files: Inputs) -> None:
        self.config = config
        self.render = render
        self.files = files
        self.look: Look = config.looks[render.look]
        self.plan = Plan.load(files.plan)
        self.manifest = Manifest.load(files.manifest)
        if self.plan.weights is None:
            raise ValueError(f"{files.plan} was made without weights")
        self.weights: Weights = self.plan.weights
        # what is painted is kept for good: a plugin or its file may have been edited since the plan
        if self.plan.recipe != digest(recipe(config, render, self.plan.size, self.weights)):
            raise replaced(f"looks.{self.look.name}")

    def stylizer(self, number: int = 0) -> Stylizer:
        """Create the render's stylizer.

        number: of a frame of the shot that is painted, whose colours the style may get. Raises
        GramflowError when a file is damaged.
        """
        trained = [load_arrays(path) for path in self.files.trained]
        return make_stylizer(
            self.config,
            self.look,
            self.weights,
            self._targets(number),
            self._frames(),
            self._examples(),
            trained[0] if trained else {},
        )

    def _frames(self) -> SourceFrames:
        """The video's frames, as the look paints them."""
        prepare, size = make_colours(self.config, self.look).prepare, self.plan.size
        store = extracted_store(self.config.store)
        return SourceFrames(
            store, self.manifest.frames, lambda frame: prepare(resize(frame, *size))
        )

    def scenes(self) -> Scenes:
        """The areas of the film's frames."""
        store = mask_store(self.config.store)
        keys = mask_frames(self.config.masks_of(self.render), self.files.masks)
        return Scenes(
            scenes(self.look, self.render.style, self.manifest),
            lambda name, number: read_mask(store, keys[name][number]),
            self.plan.size,
        )

    def _targets(self, number: int) -> dict[str, dict[int, StyleTargets]]:
        """Targets by style, from their files unless the style gets a shot's colours."""
        config, look = self.config, self.look
        names, extracted = config.styles_of(self.render), extracted_store(config.store)
        frames = sampled_frames(
            config,
            look,
            self.manifest,
            number,
            lambda sample: extracted.read(self.manifest.frames[sample]),
        )
        if frames:
            return {
                name: compute_targets(config, config.styles[name], look, self.weights, frames)
                for name in names
            }
        targets = {path.stem: load_targets(path) for path in self.files.targets}
        return {name: targets[self.plan.targets[name]] for name in names}

    def _examples(self) -> dict[str, "Examples"]:
        """The painted frames of other looks, by the look's name."""
        keys: dict[str, dict[int, str]] = {}
        for record in map(Record.load, self.files.examples):
            look = self.config.painted[record.render].look
            painted = record.frames[:: self.config.looks[look].hold]  # others show another frame
            keys.setdefault(look, {}).update({each["frame"]: each["key"] for each in painted})
        return {look: Examples(self.config, self.manifest, found) for look, found in keys.items()}


class Examples(Mapping[int, tuple[Picture, Picture]]):
    """Source and painted picture, of the painted size, by the frame's number.

    They are read from the store whenever one is asked for, since a film does not fit into memory.
    keys: of the painted frames. Raises GramflowError like `Store.read`.
    """

    def __init__(self, config: Config, manifest: Manifest, keys: Mapping[int, str]) -> None:
        self._extracted = extracted_store(config.store)
        self._painted = painted_store(config.store)
        self._sources = manifest.frames
        self._keys = keys

    def __getitem__(self, number: int) -> tuple[Picture, Picture]:
        painted = from_pixels(self._painted.read(self._keys[number]))
        source = from_pixels(self._extracted.read(self._sources[number]))
        return resize(source, *painted.shape[1::-1]), painted

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
