"""Jobs that end at the same time hide no other from Snakemake (rules/snakemake.smk)."""

import subprocess
import sys
from pathlib import Path

from tests.support.project import ROOT

WORKFLOW = """
include: "{rules}/snakemake.smk"

def plan_of(name):
    checkpoints.plan.get(name=name)
    return ["1", "2"]

def records(wildcards):
    return expand("{{name}}.{{part}}.record", name=wildcards.name, part=plan_of(wildcards.name))

def targets(wildcards):
    plan_of(wildcards.name)
    return "targets"

checkpoint plan:
    output: "{{name}}.plan"
    localrule: True
    shell: "python3 -c 'import time; time.sleep(2 - time.time() % 2)'; touch {{output}}"

rule targets:
    output: "targets"
    shell: "touch {{output}}"

rule record:
    input: ancient("{{name}}.plan"), ancient(targets)
    output: "{{name}}.{{part}}.record"
    shell: "touch {{output}}"

rule film:
    input: ancient("{{name}}.plan"), ancient(records)
    output: "{{name}}.film"
    shell: "touch {{output}}"
"""


def test_plans_that_are_done_at_the_same_time_lose_no_film(tmp_path: Path) -> None:
    """Asked for by name; four plans end at a whole second, while the targets are being made."""
    (tmp_path / "Snakefile").write_text(WORKFLOW.format(rules=ROOT / "rules"))
    films = [f"{name}.film" for name in "abcd"]
    command = [sys.executable, "-m", "snakemake", "--cores", "4", "--scheduler", "greedy"]
    subprocess.run([*command, *films], cwd=tmp_path, check=True)
    assert [film for film in films if not (tmp_path / film).exists()] == []
