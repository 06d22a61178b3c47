"""Memory and open files stay flat while one run copies 10,000 frames and paints 500."""

import subprocess
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from tests.support.media import write_raw
from tests.support.project import COPYING, Project
from tests.support.tiny import QUICK, write_style

COPIED, PAINTED = 10_000, 500
MOST = 50 * 2**20
"""Bytes by which a process may grow in the later three quarters of its life."""


def frames(count: int) -> list[NDArray[np.uint8]]:
    """Pictures of 64x48 pixels: blocks of random colours, each with others."""
    blocks = np.random.default_rng(3).integers(0, 255, (count, 6, 8, 3), np.uint8)
    return list(blocks.repeat(8, 1).repeat(8, 2))


def watched(project: Project) -> dict[int, list[tuple[int, int]]]:
    """Run the project; memory in bytes and open files of each script's process, every second."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    with (project.folder / "run.log").open("w") as log:
        run = subprocess.Popen(project.command(), cwd=project.folder, stdout=log, stderr=log)
        root = psutil.Process(run.pid)
        while run.poll() is None:
            for process in root.children(recursive=True):
                try:
                    if any(".snakemake/scripts" in word for word in process.cmdline()):
                        found[process.pid].append((process.memory_info().rss, process.num_fds()))
                except psutil.Error:  # ended meanwhile
                    continue
            time.sleep(1)
    assert run.returncode == 0, (project.folder / "run.log").read_text()[-3000:]
    return found


def test_a_long_run_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    write_raw(tmp_path / "long.mkv", frames(COPIED), rate=25)
    write_raw(tmp_path / "short.mkv", frames(PAINTED), rate=25)
    write_style(tmp_path / "red.png", 0)
    (tmp_path / "copying.py").write_text(COPYING)
    project = Project(
        tmp_path,
        {
            "weights": "random",
            "plugins": ["copying.py"],
            "videos": {name: {"path": f"{name}.mkv", "cuts": "off"} for name in ("long", "short")},
            "styles": {"red": {"images": ["red.png"]}},
            "looks": {
                "copied": {"width": 64, "stylizer": "copying", "start": "content"},
                "painted": QUICK | {"width": 64},
            },
            "renders": [
                {"video": "long", "style": "red", "look": "copied"},
                {"video": "short", "style": "red", "look": "painted"},
            ],
            "segment_frames": COPIED,
        },
    )
    samples = watched(project)
    assert len(project.frames("long.red.copied")) == COPIED
    assert len(project.frames("short.red.painted")) == PAINTED
    told = []
    for pid, found in samples.items():
        if len(found) < 40:
            continue
        quarter = len(found) // 4
        memory, files = np.array(found[quarter:]).T
        told.append(
            f"{pid}: {len(found)} s, {memory[0] / 2**20:.0f} to {memory[-1] / 2**20:.0f} MiB, "
            f"{files[0]} to {files[-1]} files"
        )
        assert np.median(memory[-quarter:]) - np.median(memory[:quarter]) < MOST, told
        assert abs(int(np.median(files[-quarter:])) - int(np.median(files[:quarter]))) <= 3, told
    print("\n".join(told))
    assert told
