"""Machines that share no folder but a volume, against a run on this machine alone.

The plugin is the real one, and so are Snakemake's jobs, each in an empty folder and an environment
of its own; the API server is a stand-in (pods.py).
"""

import shutil
import sys
from pathlib import Path

import pytest

from tests.support import pods
from tests.support.project import ROOT, Project
from tests.support.tiny import FRAMES, PAINTING_MB, make_project

for plugin in ("executor_plugin_kubernetes", "storage_plugin_fs", "storage_plugin_s3"):
    pytest.importorskip(f"snakemake_{plugin}", reason="requirements-cluster.lock")

PROFILE = ("--workflow-profile", "kubernetes", "--default-storage-prefix", "s3://films/run")
PATIENCE = 1200  # seconds; every job starts Snakemake three times


@pytest.fixture
def volume(tmp_path) -> Project:
    """A project on the volume: two segments, and the same paths from every folder."""
    project = make_project(tmp_path / "volume", start="previous")
    folder = project.folder
    return Project(
        folder,
        project.config
        | {
            "videos": {"clip": {"path": str(folder / "clip.mkv")}},
            "styles": {"red": {"images": [str(folder / "red.png")]}},
            "segment_frames": FRAMES // 2,
        },
    )


def checkout(folder: Path, volume: Project) -> Project:
    """A user's folder with a copy of the workflow, which can be sent to the pods."""
    folder.mkdir()
    for name in ("workflow", "rules", "scripts", "envs", "profiles"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Snakefile", folder)
    config = volume.config | {"store": str(volume.folder / "store")}
    return Project(folder, config, Path("Snakefile"))


@pytest.fixture
def cluster(tmp_path):
    """A cluster whose image has this Python, and the plugins that each pod would install."""
    programs = tmp_path / "bin"
    programs.mkdir()
    pip = programs / "pip"
    pip.write_text("#!/bin/sh\n")
    pip.chmod(0o755)
    path = f"{programs}:{Path(sys.executable).parent}:/usr/bin:/bin"
    image = {"PATH": path, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    with pods.running(image, tmp_path) as server:
        yield server


def test_the_profile_is_accepted_as_it_stands(s3, volume, tmp_path):
    _, environment = s3
    project = checkout(tmp_path / "checkout", volume)
    shown = project.run("--dry-run", machine=PROFILE, **environment).output
    assert "send to storage" in shown and "only provide storage uri" in shown


def test_the_film_is_a_local_runs(s3, cluster, volume, tmp_path):
    client, environment = s3
    environment["KUBECONFIG"] = str(tmp_path / "kubeconfig")
    project = checkout(tmp_path / "checkout", volume)
    client.upload_file(volume.config["videos"]["clip"]["path"], "films", "raw/clip.mkv")
    project.config["videos"] = {"clip": {"path": "s3://films/raw/clip.mkv"}}
    mount = ("--kubernetes-persistent-volumes", f"data:{volume.folder}")
    machine = (*PROFILE, *mount, "--seconds-between-status-checks", "1")

    def run():
        return project.run(machine=machine, timeout=PATIENCE, **environment)

    def stored(path: str) -> bytes:
        return client.get_object(Bucket="films", Key=f"run/{path}")["Body"].read()

    assert run().jobs == len(cluster.jobs) + 2  # the plan and the page are made here
    local = Project(tmp_path / "local", volume.config)
    local.folder.mkdir()
    local.run()
    assert stored("results/clip.red.mp4") == local.film("clip.red")
    assert volume.painted().keys() == local.painted().keys()
    # nothing but the workflow, and Snakemake's own notes, is in the user's folder
    assert not [name for name in ("work", "results", "store") if (project.folder / name).exists()]

    containers = [pods.container_of(job) for job in cluster.jobs]
    assert {each["image"] for each in containers} == {"registry.example.org/gramflow:0.1.0"}
    paths = {mount["mountPath"] for each in containers for mount in each["volumeMounts"]}
    assert paths == {"/workdir", str(volume.folder)}
    limits = [each["resources"].get("limits", {}) for each in containers]
    gpus = [limit for limit in limits if "nvidia.com/gpu" in limit]
    painting = ("1", f"{PAINTING_MB}M")
    assert [(each["nvidia.com/gpu"], each["memory"]) for each in gpus] == [painting] * 3

    assert run().jobs == 0

    # lost on the volume: the storage's manifest and record are not true any more
    before = volume.painted()
    lost = local.plan("clip.red").frames[-1]
    volume.folder.joinpath("store/painted", lost[:2], f"{lost}.png").unlink()
    frame = local.manifest("clip")["frames"][0]
    volume.folder.joinpath("store/frames", frame[:2], f"{frame}.png").unlink()
    run()
    after = volume.painted()
    assert after.keys() == before.keys()
    assert {key for key in after if after[key] != before[key]} == {lost}
    assert volume.folder.joinpath("store/frames", frame[:2], f"{frame}.png").is_file()
    assert stored("results/clip.red.mp4") == local.film("clip.red")
