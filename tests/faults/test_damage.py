"""Every kind of file that a run leaves, damaged in every way, is made again as it was."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.faults.bench import UNPRIVILEGED, Bench, rerun
from tests.faults.conftest import Tell

KINDS = {
    "extracted frame": "store/frames/*/*.png",
    "painted frame": "store/painted/*/*.png",
    "mask's frame": "store/masks/*/*.png",
    "weights record": "work/weights.*.json",
    "probe": "work/clip/probe.*.json",
    "manifest": "work/clip/manifest.*.json",
    "mask": "work/clip/mask.*.json",
    "plan": "work/renders/clip.red/plan.*.json",
    "targets": "work/targets/*.npz",
    "part record": "work/renders/clip.red/pass1/*.json",
    "certificate": "work/renders/clip.red/[!p]*.json",
    "page's copy": "work/index.*.html",
    "film": "results/clip.red.mp4",
    "report": "results/clip.red.*.*",
    "page": "results/page/*",
}
Damage = Callable[[Path, Random, Path], None]
"""Damages a file. The second path is that of a valid one of its kind."""


def cut(path: Path, random: Random, other: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: random.randrange(1, len(data))])


def emptied(path: Path, random: Random, other: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path, random: Random, other: Path) -> None:
    data = bytearray(path.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path.write_bytes(data)


def swapped(path: Path, random: Random, other: Path) -> None:
    shutil.copy(other, path)


def deleted(path: Path, random: Random, other: Path) -> None:
    path.unlink()


def unreadable(path: Path, random: Random, other: Path) -> None:
    path.chmod(0)


def allow(path: Path, error: str) -> None:
    """Do what an error asks for, where the file's permissions are wrong."""
    if "allow it" in error:
        path.chmod(0o644)


@pytest.mark.parametrize("damage", [cut, emptied, flipped, swapped, deleted, unreadable])
@pytest.mark.parametrize("kind", KINDS)
def test_damaged(
    copying: Bench,
    other: Bench,
    tmp_path: Path,
    random: Random,
    tell: Tell,
    kind: str,
    damage: Damage,
) -> None:
    """A run tells of each damage in a line at most once, and the next one ends."""
    project = copying.whole.copied(tmp_path / "project")
    path = random.choice(sorted(project.folder.glob(KINDS[kind])))
    spare = other.whole.folder / path.relative_to(project.folder)
    if not spare.exists():
        spare = random.choice(sorted(other.whole.folder.glob(KINDS[kind])))
    finished = project.painted()
    finished.pop(path.stem, None)
    size = path.stat().st_size
    damage(path, random, spare)
    if kind not in ("film", "report", "page"):  # so that all else is read
        (project.folder / "results/clip.red.mp4").unlink()
    rerun(project, UNPRIVILEGED if damage is unreadable else (), lambda error: allow(path, error))
    if damage in (flipped, swapped) and path.exists() and path.stat().st_size == size:
        # no listing shows it, and not all that is there is read
        verify = [str(Path(sys.executable).with_name("gramflow")), "verify", "--delete"]
        subprocess.run(verify, cwd=project.folder, capture_output=True, check=False)
        rerun(project)
    in_work = int(kind == "painted frame")  # the damaged one itself
    tell(f"damaged {kind}", copying.outcome(project, finished, in_work))
