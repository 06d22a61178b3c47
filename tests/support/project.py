"""Test helper: a project folder with a config, in which real Snakemake runs are started."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gramflow.film.plan import Plan
from gramflow.settings.config import load
from gramflow.store import layout
from gramflow.store.records import Record

ROOT = Path(__file__).parents[2]
MACHINE = ("--cores", "2", "--resources", "gpu=1")
COPYING = '''
from gramflow.engine.stylizers import Painted, Stylizer


class Copying(Stylizer):
    """Gives the frame back as it is."""

    name = "copying"

    def paint(self, frame, neighbours, seed, on_epoch):
        return Painted(frame)
'''
"""Source of a plugin file with a stylizer that returns each frame unchanged."""


@dataclass
class Run:
    """Result of a Snakemake run: exit status, and stdout and stderr together.

    log: Snakemake's own log file, where the run was a quiet one.
    """

    status: int
    output: str
    log: str = ""

    @property
    def jobs(self) -> int:
        """Number of finished jobs, without the target rule `everything`."""
        lines = (self.log or self.output).splitlines()
        return sum(line.startswith("Finished jobid") and "everything" not in line for line in lines)


@dataclass
class Project:
    """A user's project: its folder, config and Snakefile.

    quiet: whether runs print what users see; else they print all that Snakemake and the jobs do.
    """

    folder: Path
    config: dict[str, Any]
    snakefile: Path = ROOT / "Snakefile"
    quiet: bool = False

    def copied(self, folder: Path) -> "Project":
        """A copy of the project in another folder, with its files' times."""
        shutil.copytree(self.folder, folder)
        return Project(folder, deepcopy(self.config), self.snakefile, self.quiet)

    def command(self, *arguments: str, machine: Sequence[str] = MACHINE) -> list[str]:
        """Write the config, and return the command line that makes all its renders.

        arguments: further arguments of Snakemake. machine: those for its resources.
        """
        self.folder.joinpath("config.yaml").write_text(yaml.safe_dump(self.config))
        base = ["-m", "snakemake", "-s", str(self.snakefile)]
        full = () if self.quiet else ("--logger-gramflow-full",)
        return [sys.executable, *base, *machine, *full, *arguments]

    def run(
        self,
        *arguments: str,
        fails: bool = False,
        machine: Sequence[str] = MACHINE,
        timeout: int = 600,
        **environment: str,
    ) -> Run:
        """Run Snakemake, and assert that it succeeds, or fails if `fails`.

        timeout: seconds. environment: additional environment variables.
        """
        done = subprocess.run(
            self.command(*arguments, machine=machine),
            cwd=self.folder,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return Run(done.returncode, done.stdout, self.log() if self.quiet else "")

    def log(self) -> str:
        """Contents of Snakemake's latest log file; empty if there is none."""
        logs = sorted(self.folder.glob(".snakemake/log/*.log"))
        return logs[-1].read_text() if logs else ""

    def plan(self, render: str) -> Plan:
        """Load the plan of a render for the current config."""
        with chdir(self.folder):
            config = load(self.config)
            return Plan.load(Path(layout.Layout(config).plan(config.painted[render])))

    def records(self, render: str) -> list[Record]:
        """Load the records of the parts that make up a render's film, in its order."""
        jobs = self.plan(render).film
        return [
            Record.load(self.folder / layout.record(name, job.part.name, job.claim))
            for name, job in jobs
        ]

    def frames(self, render: str) -> list[dict[str, Any]]:
        """The records' entries for all frames of a render, in order."""
        return [frame for record in self.records(render) for frame in record.frames]

    def painted(self) -> dict[str, tuple[int, int]]:
        """Inode and modification time of every painted frame's file, by key.

        They change when the file is written again.
        """
        paths = (self.folder / "store/painted").glob("*/[!.]*.png")
        return {path.stem: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}

    def film(self, render: str) -> bytes:
        """Contents of a render's film file."""
        return self.folder.joinpath(f"results/{render}.mp4").read_bytes()

    def manifest(self, video: str) -> dict[str, Any]:
        """Load a video's manifest as JSON values."""
        with chdir(self.folder):
            return json.loads(Path(layout.Layout(load(self.config)).manifest(video)).read_text())
