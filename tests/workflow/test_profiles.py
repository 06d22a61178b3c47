"""What each profile says before anything is there; tests/cluster runs the ones for clusters."""

import pytest

from tests.support.project import ROOT
from tests.support.tiny import make_project

PROFILES = sorted(path.name for path in (ROOT / "profiles").iterdir())


def test_these_are_documented():
    documented = (ROOT / "docs/clusters.md").read_text()
    assert PROFILES == ["cluster-generic", "default", "kubernetes", "multi-gpu", "slurm"]
    assert all(f"| `{name}` |" in documented for name in PROFILES)


# kubernetes asks its S3 store even then: tests/cluster/test_kubernetes.py
@pytest.mark.parametrize("name", [name for name in PROFILES if name != "kubernetes"])
def test_a_dry_run_of_a_new_project_shows_what_will_run_and_what_it_needs(name, tmp_path):
    project = make_project(tmp_path / "project")
    machine = ("--workflow-profile", name, "--cores", "2", "--set-resources", "probe:runtime=77")
    shown = project.run("--dry-run", machine=machine).output
    assert f"profiles/{name} for setting default" in shown
    blocks = {
        part.split(":")[0]: part for part in shown.replace("checkpoint ", "rule ").split("rule ")
    }
    assert "runtime=77" in blocks["probe"] and "mem_mb=1001" in blocks["probe"]
    # sizes are known when the film has been probed and extracted
    assert "mem_mb=<TBD>" in blocks["extract"] and "mem_mb=<TBD>" in blocks["encode"]
