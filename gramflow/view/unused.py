"""Finds files of a project that none of its configs refers to any more."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from gramflow.film.manifest import Manifest
from gramflow.film.masks import Mask
from gramflow.film.plan import Plan
from gramflow.settings.config import Config
from gramflow.store.frames import Store, extracted_store, mask_store, painted_store
from gramflow.store.layout import CERTIFICATE, CHECKPOINT, TARGETS, Layout, mask_paths, record
from gramflow.store.plans import current_plan, is_untrained, trained_file
from gramflow.store.products import PRODUCTS
from gramflow.store.records import Certificate

EXTRACTED, PAINTED, MASKS = "extracted frames", "painted frames", "masks"
WORK, RESULTS = "work files", "results"


@dataclass
class Unused:
    """Files of one kind that can go.

    kind: EXTRACTED, PAINTED, MASKS, WORK or RESULTS. kept: why none of them can be told; empty if
    they can.
    """

    kind: str
    kept: str = ""
    files: list[Path] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(_size, self.files))


_KEY = re.compile("[0-9a-f]{64}")
"""Keys of a store."""

_OWN = re.compile(
    r"work/(weights|index)\.[0-9a-f]{16}\.(json|html)"
    r"|work/[^/]+/(probe|manifest|mask\.[\w-]+)\.[0-9a-f]{16}\.json"
    r"|work/renders/[^/]+/((keyframes|pass\d+)/)?[\w-]+\.[0-9a-f]{16}\.(json|npz)"
    r"|work/targets/[0-9a-f]{16}\.npz"
    r"|work/again/.+\.\d+"
)
"""Names of the files below work/ that a run can make again. Others there are the user's; recordings
of cameras and streams (layout.CAPTURE) cannot be had again."""


def _size(file: Path) -> int:
    """Bytes of a file; 0 once it is gone."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def unused_files(configs: Sequence[Config]) -> list[Unused]:
    """Find, by kind, the files that none of the configs of this project refers to.

    Deletes nothing. Frames in a store outside the project's folder are kept, since other projects
    may use it; and so are all frames of a kind while a config's own are not known.
    """
    manifests, plans, unknown = _known(configs)
    return [
        _frames(EXTRACTED, map(extracted_store, _stores(configs)), manifests, unknown),
        _frames(PAINTED, map(painted_store, _stores(configs)), _painted(plans), unknown),
        _frames(MASKS, map(mask_store, _stores(configs)), _masks(configs), []),
        _kept(WORK, unknown) or Unused(WORK, files=sorted(_work_files(configs, plans))),
        Unused(RESULTS, files=sorted(_results(configs))),
    ]


def _known(configs: Sequence[Config]) -> tuple[set[str], list[Plan], list[str]]:
    """Keys of all extracted frames, the renders' plans, and renders without a plan."""
    frames: set[str] = set()
    plans, unknown = [], []
    for config in configs:
        layout = Layout(config)
        for video in config.videos:
            with suppress(FileNotFoundError, ValueError):
                frames |= set(Manifest.load(Path(layout.manifest(video))).frames)
        for render in config.painted.values():
            plan = current_plan(config, render, layout)
            if plan is None or plan.weights is None:
                unknown.append(render.name)
            else:
                plans.append(plan)
    return frames, plans, unknown


def _masks(configs: Sequence[Config]) -> set[str]:
    """Keys of the frames of all masks."""
    found: set[str] = set()
    for path in chain.from_iterable(map(mask_paths, configs)):
        with suppress(FileNotFoundError, ValueError):
            found |= set(Mask.load(path).frames)
    return found


def _stores(configs: Sequence[Config]) -> list[str]:
    return list(dict.fromkeys(config.store for config in configs))


def _painted(plans: Iterable[Plan]) -> set[str]:
    return {key for plan in plans for key in plan.made}


def _kept(kind: str, unknown: list[str]) -> Unused | None:
    """The files of a kind if renders without a plan may need them; None if there are none."""
    reason = f"{', '.join(unknown)}: not planned yet; paint it, or leave it out"
    return Unused(kind, reason) if unknown else None


def _frames(kind: str, stores: Iterable[Store], used: set[str], unknown: list[str]) -> Unused:
    """Frames of some stores that are not among the used keys."""
    if kept := _kept(kind, unknown):
        return kept
    found = Unused(kind)
    for store in stores:
        if not store.root.resolve().is_relative_to(Path.cwd()):
            return Unused(kind, f"{store.root} is outside this folder; other projects may use it")
        found.files += (
            file
            for file in store.root.glob("??/*.png")
            if _KEY.fullmatch(file.stem) and file.stem not in used
        )
    found.files.sort()
    return found


def _work_files(configs: Sequence[Config], plans: Sequence[Plan]) -> Iterator[Path]:
    """Files below work/ that no config needs, and requests, which a run makes anew."""
    used: set[str] = set()
    certificates = _certificates()
    for config in configs:
        layout = Layout(config)
        used |= {layout.weights, layout.index}
        for video in config.videos:
            used |= {layout.probe(video), layout.manifest(video)}
        used |= set(map(str, mask_paths(config)))
        for render in config.painted.values():
            used.add(layout.plan(render))
    for plan in plans:
        used |= {TARGETS.format(target=target) for target in plan.targets.values()}
        if file := trained_file(plan):
            used.add(str(file))
        used |= {record(plan.render, part, job.claim) for part, job in plan.jobs.items()}
    for file in Path("work").rglob("*"):
        known = str(file) in used or file in certificates
        if _OWN.fullmatch(str(file)) and not known and file.is_file():
            yield file
    yield from _checkpoints(configs, plans)


def _checkpoints(configs: Sequence[Config], plans: Sequence[Plan]) -> Iterator[Path]:
    """What unfinished trainings have left in this folder's stores and no plan waits for."""
    wanted = {plan.trained for plan in plans if is_untrained(plan)}
    for store in map(Path, _stores(configs)):
        if store.resolve().is_relative_to(Path.cwd()):
            found = store.glob(CHECKPOINT.format(digest="[!.]*"))
            yield from (file for file in found if file.stem not in wanted)


def _certificates() -> list[Path]:
    """The certificates of all renders, also of former ones."""
    patterns = (CERTIFICATE.format(render="*", product=product) for product in PRODUCTS)
    return [path for pattern in patterns for path in Path().glob(pattern)]


def _results(configs: Sequence[Config]) -> Iterator[Path]:
    """Films and reports of renders that no config has, with their certificates, which list them."""
    used = {render for config in configs for render in config.renders}
    for path in _certificates():
        if path.parent.name not in used:
            yield path
            with suppress(ValueError):
                for made in map(Path, Certificate.load(path).sizes):
                    # Snakemake leaves a hidden file in a folder of frames
                    yield from filter(Path.is_file, made.glob("*") if made.is_dir() else [made])
