"""The workflow as a part of another one, fetched by Snakemake from a git repository."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.checkout import committed_names
from tests.support.project import ROOT, Project
from tests.support.tiny import FRAMES, make_project

SNAKEFILE = """\
configfile: "outer.yaml"


module gramflow:
    snakefile:
        github("films/gramflow", path="workflow/Snakefile", tag="v1")
    config:
        config["films"]


use rule * from gramflow as gramflow_*


rule size:
    default_target: True
    input:
        rules.gramflow_all.input,
        film="results/clip.red.mp4",
    output:
        "size.txt",
    shell:
        "wc -c < {input.film} | tr -d ' ' > {output}"
"""


@pytest.fixture
def repository(tmp_path) -> Path:
    """The files of this checkout that git would have, committed and tagged."""
    folder = tmp_path / "films/gramflow"
    for name in committed_names():
        if name.split("/")[0] in ("workflow", "rules", "scripts", "envs"):
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(ROOT.joinpath(name).read_bytes())
    author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "all"], ["tag", "v1"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


class Outer(Project):
    """A project whose Snakefile and config are those of another workflow."""

    def command(self, *arguments: str, **machine: object) -> list[str]:
        """The same, without the config and the Snakefile that a user of gramflow has."""
        command = super().command(*arguments)
        self.folder.joinpath("config.yaml").unlink()
        self.folder.joinpath("outer.yaml").write_text(yaml.safe_dump({"films": self.config}))
        return [str(self.folder / "Snakefile") if "Snakefile" in part else part for part in command]


def test_another_workflow_imports_it_renames_its_rules_and_gives_it_a_config(repository, tmp_path):
    plain = make_project(tmp_path / "outer")
    outer = Outer(plain.folder, plain.config | {"renders": [{"style": "red"}]})
    outer.folder.joinpath("Snakefile").write_text(SNAKEFILE)
    # git finds the repository here in place of GitHub, and Snakemake has not seen it before
    environment = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "GITHUB_TOKEN": "",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    run = outer.run(**environment)
    for rule in ("gramflow_probe", "gramflow_extract", "gramflow_stylize", "gramflow_encode"):
        assert f" {rule}:" in run.output
    assert len(outer.frames("clip.red")) == FRAMES
    film = outer.folder / "results/clip.red.mp4"
    assert outer.folder.joinpath("size.txt").read_text() == f"{film.stat().st_size}\n"
    assert outer.run(**environment).jobs == 0
