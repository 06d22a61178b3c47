"""The whole workflow on a real SLURM of two nodes, against runs on this machine alone."""

import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support import slurm
from tests.support.project import Project
from tests.support.tiny import FRAMES, PAINTING_MB, make_project, wait_for

pytest.importorskip("snakemake_executor_plugin_slurm", reason="requirements-cluster.lock")
pytestmark = pytest.mark.skipif(slurm.missing() is not None, reason=str(slurm.missing()))

SUBMITTED = (
    *("--workflow-profile", "slurm", "--slurm-no-account", "--slurm-status-command", "squeue"),
    # so short a test asks more often than one should
    *("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10"),
)


PATIENCE = 1200  # seconds; every job starts Snakemake twice


@pytest.fixture
def cluster(tmp_path):
    """The environment of a SLURM that runs."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    with slurm.running(folder) as environment:
        yield environment


def make(folder: Path) -> Project:
    """One style, and two segments that can be painted at once."""
    project = make_project(folder, evaluations=60, epoch=20, stop=0)
    return Project(
        folder, project.config | {"segment_frames": FRAMES // 2, "renders": [{"style": "red"}]}
    )


def pictures(project: Project) -> dict[str, np.ndarray]:
    """Every painted frame; how many seconds it took stands in its file, too."""
    paths = project.folder.glob("store/painted/*/*.png")
    return {path.stem: cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths}


def painting_jobs(cluster: dict[str, str], *fields: str) -> list[list[str]]:
    """Fields, as squeue names them, of every painting job that SLURM has seen, oldest first."""
    columns = ",".join(f"{field}:100" for field in ("Comment", *fields))
    listed = slurm.ask(
        cluster, "squeue", "--states=all", "--noheader", "--sort=i", f"--Format={columns}"
    )
    rows = [line.split() for line in listed.splitlines()]
    return [fields for comment, *fields in rows if comment.startswith("rule_stylize")]


def cancel_in_mid_segment(project: Project, cluster: dict[str, str]) -> str:
    """Drain the node of the first segment's job and cancel the job; returns the node."""
    # a line for every frame that is finished
    logs = project.folder / "logs/stylize/clip.red/pass1"
    wait_for(
        lambda: any("evaluations" in log.read_text() for log in logs.glob("000000-000002.*.log")),
        PATIENCE,
    )
    found = painting_jobs(cluster, "Comment", "JobID", "NodeList")
    job, node = next(fields for comment, *fields in found if "000000-000002" in comment)
    slurm.ask(cluster, "scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    slurm.ask(cluster, "scancel", job)
    return node


def test_the_film_is_a_local_runs_though_a_job_was_cancelled_and_a_node_drained(cluster, tmp_path):
    remote = make(tmp_path / "remote")
    process = subprocess.Popen(
        remote.command("--retries", "0", machine=SUBMITTED),
        cwd=remote.folder,
        env=os.environ | cluster,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        drained = cancel_in_mid_segment(remote, cluster)
        assert process.wait(PATIENCE) != 0
    finally:
        process.kill()
        process.wait()
    # the job on the other node was waited for
    before = remote.painted()
    assert FRAMES // 2 < len(before) < FRAMES
    assert not remote.folder.joinpath("results/clip.red.mp4").exists()

    remote.run(machine=SUBMITTED, timeout=PATIENCE, **cluster)
    assert before.items() <= remote.painted().items()
    kept = len(before) - FRAMES // 2
    reused = [frame["reused"] for frame in remote.frames("clip.red")]
    assert reused == [True] * kept + [False] * (FRAMES - kept)
    # a job per segment, on a GPU of its own, with what was estimated; then the rest of the first
    fields = ("State", "tres-per-job", "NumCPUs", "MinMemory", "TimeLimit", "NodeList")
    jobs = painting_jobs(cluster, *fields)
    assert [job[1:5] for job in jobs] == [["gres:gpu:1", "8", f"{PAINTING_MB}M", "11:00"]] * 3
    assert sorted(job[0] for job in jobs) == ["CANCELLED", "COMPLETED", "COMPLETED"]
    nodes = [job[5] for job in jobs]
    assert set(nodes[:2]) == set(slurm.NODES) and nodes[2] != drained

    local = make(tmp_path / "local")
    local.run(timeout=PATIENCE)
    assert remote.film("clip.red") == local.film("clip.red")
    mine, others = pictures(remote), pictures(local)
    assert mine.keys() == others.keys() and len(mine) == FRAMES
    assert all(np.array_equal(mine[key], others[key]) for key in mine)
