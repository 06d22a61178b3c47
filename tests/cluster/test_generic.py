"""Any queue that takes jobs by a command: here a qsub that starts them on this machine."""

import os

import pytest

from tests.support.tiny import FRAMES, PAINTING_MB, made, make_project

pytest.importorskip("snakemake_executor_plugin_cluster_generic", reason="requirements-cluster.lock")

QSUB = """\
#!/bin/sh
# notes its options, starts the job script, which comes last, and prints its number
echo "$@" >> submitted
for script; do :; done
nohup sh "$script" > /dev/null 2>&1 &
echo $!
"""


def test_the_profile_submits_every_job_with_what_it_needs(tmp_path):
    project = make_project(tmp_path / "project")
    project.config["renders"] = [{"style": "red"}]
    qsub = tmp_path / "bin/qsub"
    qsub.parent.mkdir()
    qsub.write_text(QSUB)
    qsub.chmod(0o755)
    machine = ("--workflow-profile", "cluster-generic", "--latency-wait", "10")
    path = f"{qsub.parent}:{os.environ['PATH']}"
    project.run(machine=machine, timeout=1200, PATH=path)
    assert made(project, "clip.red") == list(range(FRAMES))
    lines = (project.folder / "submitted").read_text().splitlines()
    needs = [line.split(" -l select=1:")[1].split()[:3] for line in lines]
    # probe, extract, weights, targets, stylize, encode, plot_loss, measure, page; the plan and the
    # index are made here
    assert len(needs) == 9
    assert needs[4] == [f"ncpus=8:mem={PAINTING_MB}mb:ngpus=1", "-l", "walltime=0:11:00"]
    assert all("ngpus=0" in need[0] for number, need in enumerate(needs) if number != 4)
