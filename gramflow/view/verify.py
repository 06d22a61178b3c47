"""Verifies that every frame, film and report still is what was made, content included."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gramflow.base.files import file_digest
from gramflow.film.manifest import Manifest
from gramflow.film.masks import Mask
from gramflow.settings.config import Config
from gramflow.settings.renders import Render
from gramflow.store.frames import Store, extracted_store, mask_store, painted_store
from gramflow.store.layout import CERTIFICATE, Layout, mask_paths
from gramflow.store.plans import current_plan
from gramflow.store.products import PRODUCTS
from gramflow.store.records import Certificate


@dataclass(frozen=True)
class Checked:
    """A file that was read and verified. wrong: what is wrong with it; empty if nothing."""

    path: Path
    wrong: str


def checked_files(config: Config) -> Iterator[Checked]:
    """Verify every existing frame, mask and product of the config's renders, each file once.

    What is missing is skipped: the next run makes it.
    """
    extracted = extracted_store(config.store)
    painted = painted_store(config.store)
    layout = Layout(config)
    for video in sorted({render.video for render in config.renders.values()}):
        yield from _listed(Path(layout.manifest(video)), Manifest, extracted)
    for path in mask_paths(config):
        yield from _listed(path, Mask, mask_store(config.store))
    keys: dict[str, None] = {}
    for render in config.painted.values():
        if plan := current_plan(config, render, layout):
            keys |= dict.fromkeys(plan.made)
    yield from _frames(painted, keys)
    for render in config.renders.values():
        yield from _products(render)


def _listed(path: Path, kind: type[Manifest | Mask], frames: Store) -> Iterator[Checked]:
    """Verify the frames that a document lists, and whether it can be read."""
    try:
        yield from _frames(frames, kind.load(path).frames)
    except FileNotFoundError:
        return
    except ValueError:
        yield Checked(path, _UNREADABLE)


def _frames(frames: Store, keys: Iterable[str]) -> Iterator[Checked]:
    for key in dict.fromkeys(keys):
        if key in frames:
            try:
                frames.checked(key)
                wrong = ""
            except ValueError:
                wrong = "not the picture that its name says"
            yield Checked(frames.path(key), wrong)


def _products(render: Render) -> Iterator[Checked]:
    for product in PRODUCTS:
        path = Path(CERTIFICATE.format(render=render.name, product=product))
        try:
            digests = Certificate.load(path).digests
        except FileNotFoundError:
            continue
        except ValueError:
            yield Checked(path, _UNREADABLE)
            continue
        for name, digest in digests.items():
            if Path(name).exists():
                wrong = "" if file_digest(Path(name)) == digest else "not as it was written"
                yield Checked(Path(name), wrong)


_UNREADABLE = "cannot be read"
