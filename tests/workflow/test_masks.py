"""Masks in a run: made, repaired, verified, and pruned once no config has them."""

import json
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import numpy as np

from gramflow.film.masks import Mask
from gramflow.settings.config import load
from gramflow.store.frames import mask_store, read_mask
from gramflow.store.layout import REQUEST, Layout
from tests.support.media import write_raw
from tests.support.project import Project
from tests.support.tiny import FRAMES, make_project


def target(project: Project) -> str:
    """Path of the document of the mask `figure`."""
    with chdir(project.folder):
        return Layout(load(project.config)).mask("clip", "figure")


def command(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    project.command()
    return subprocess.run(
        [sys.executable, "-m", "gramflow", *arguments],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_mask_is_made_repaired_and_pruned(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    frames = [np.full((48, 64, 3), 40 * number, np.uint8) for number in range(FRAMES)]
    write_raw(project.folder / "masks.mkv", frames, rate=12)
    project.config["videos"]["clip"]["masks"] = {"figure": "masks.mkv", "other": "masks.mkv"}
    first = target(project)
    assert project.run(first).jobs == 3  # probe, extract and this one of the masks
    mask = Mask.load(project.folder / first)
    store = mask_store(project.folder / "store")
    found = [read_mask(store, key) * 255 for key in mask.frames]
    assert np.rint([each.mean() for each in found]).tolist() == [0, 40, 80, 120, 160, 200]
    assert project.run(first).jobs == 0

    # a frame that was changed is told of, and what is lost is made again
    lost = store.path(mask.frames[2])
    data = bytearray(lost.read_bytes())
    data[len(data) // 2] ^= 1
    lost.write_bytes(data)
    told = command(project, "verify", "--delete")
    assert told.returncode == 1 and str(lost.relative_to(project.folder)) in told.stdout
    assert not lost.exists()
    # the request, for which the rule of all films asks, and the mask
    assert project.run(first, REQUEST.format(path=first, number=1)).jobs == 2
    assert lost.is_file() and command(project, "verify").returncode == 0

    # nothing of a mask that the config has is unused
    def unused() -> dict[str, list[str]]:
        told = json.loads(command(project, "prune", "--json").stdout)["unused"]
        return {each["kind"]: each["files"] for each in told}

    assert unused()["masks"] == []
    project.config["videos"]["clip"]["masks"] = {"figure": {"path": "masks.mkv", "soft": 2}}
    assert target(project) != first
    assert project.run(target(project)).jobs == 1
    assert unused()["masks"] == []  # these frames are even, so that both masks have the same ones
    project.config["videos"]["clip"]["masks"]["figure"]["invert"] = True
    assert project.run(target(project)).jobs == 1
    shared = set(mask.frames) & set(Mask.load(project.folder / target(project)).frames)
    assert len(unused()["masks"]) == FRAMES - len(shared)
