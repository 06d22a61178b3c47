"""Machines that see what another one has written only seconds later, as on a network disk."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path

import pytest

from tests.faults.bench import PATIENCE, Bench, mounted
from tests.faults.conftest import Tell

pytest.importorskip("snakemake_executor_plugin_cluster_generic", reason="requirements-cluster.lock")

SUBMIT = """\
#!/bin/sh
# starts the job script, which comes last, on the machine of its rule, and prints its number
node=nodes/others
test "$1" = stylize && node=nodes/painting
for script; do :; done
begin='mount --bind "$0" store && exec sh "$1"'
nohup unshare -rm sh -c "$begin" "$node" "$script" > /dev/null 2>&1 &
echo $!
"""
"""Each machine has a folder of its own as the store: the painting one, and that of other jobs."""

MACHINE = (
    *("--executor", "cluster-generic", "--cluster-generic-submit-cmd", "./submit {rule}"),
    *("--jobs", "4", "--retries", "3", "--latency-wait", "10"),
)


DELAY = 20
"""Seconds until a machine sees another one's frames: more than a job waits, less than four do."""


@contextmanager
def spreading(views: list[Path]) -> Iterator[None]:
    """Let the frames that are in one of the folders appear in the others, DELAY seconds later."""
    ended = threading.Event()

    def spread(oldest: float) -> None:
        for view, other in permutations(views, 2):
            for path in view.rglob("[!.]*.png"):
                place = other / path.relative_to(view)
                if path.stat().st_mtime < oldest and not place.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    os.link(path, place)

    def watch() -> None:
        while not ended.wait(0.1):
            spread(time.time() - DELAY)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        spread(time.time())


def test_frames_are_seen_late(copying: Bench, tmp_path: Path, tell: Tell) -> None:
    """A job waits for a frame; where that was not long enough, Snakemake starts it again."""
    project = copying.begin.copied(tmp_path / "project")
    submit = project.folder / "submit"
    submit.write_text(SUBMIT)
    submit.chmod(0o755)
    views = [project.folder / name for name in ("store", "nodes/others", "nodes/painting")]
    for view in views:
        view.mkdir(parents=True)
    with mounted(project.folder, "mount --bind nodes/others store"), spreading(views):
        project.run(machine=MACHINE, timeout=PATIENCE)
    tell("frames seen late", copying.outcome(project, project.painted()))
    assert project.run().jobs == 0
