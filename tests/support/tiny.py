"""A project of one film of six frames, and what is asked of it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gramflow.view.estimates import network_mb
from tests.support import media
from tests.support.project import Project

FRAMES = 6
QUICK = {"width": 32, "evaluations": 3, "start": "content", "precision": "float32"}
"""A look; of so few evaluations none may be spent on a change of the number format."""
PAINTING_MB = network_mb(QUICK["width"], QUICK["width"] * 48 // 64)
"""Megabytes that a painting job of the film asks a cluster for."""


def write_film(path: Path, changed: tuple[int, ...] = ()) -> None:
    """Six different frames of 64x48 without loss; those `changed` are other ones."""
    random = np.random.default_rng(1)
    frames = [random.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(FRAMES)]
    for number in changed:
        frames[number] = 255 - frames[number]
    media.write_raw(path, frames, rate=12)


def write_style(path: Path, seed: int) -> None:
    """A picture of random blocks."""
    blocks = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    cv2.imwrite(str(path), blocks.repeat(8, 0).repeat(8, 1))


def make_project(folder: Path, **look: object) -> Project:
    """One video and two styles, tiny."""
    folder.mkdir(parents=True)
    write_film(folder / "clip.mkv")
    for seed, name in enumerate(("red", "blue")):
        write_style(folder / f"{name}.png", seed)
    return Project(
        folder,
        {
            "weights": "random",
            "videos": {"clip": {"path": "clip.mkv"}},
            "styles": {name: {"images": [f"{name}.png"]} for name in ("red", "blue")},
            "looks": {"default": QUICK | look},
        },
    )


def made(project: Project, render: str) -> list[int]:
    """The frames that the last job of a render's segments painted, by number."""
    frames = project.frames(render)
    assert [frame["frame"] for frame in frames] == list(range(FRAMES))
    assert all(frame["evaluations"] >= 3 and frame["losses"] for frame in frames)
    return [frame["frame"] for frame in frames if not frame["reused"]]


def wait_for(condition: Callable[[], bool], seconds: int = 120) -> None:
    """Look every now and then, for so many seconds at most."""
    for _ in range(20 * seconds):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"waited for {seconds} seconds in vain")


def killed_once(project: Project, condition: Callable[[], Any]) -> str:
    """Start a run, kill it and its jobs once the condition holds, and return what it printed."""
    log = project.folder / "run.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            project.command("--nolock"),
            cwd=project.folder,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(condition, seconds=300)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return log.read_text()
