"""A folder with a config, and real Snakemake runs in it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir
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
"""The file of a plugin that paints nothing."""


@dataclass
class Run:
    """How a run ended; `output` is everything it wrote on the terminal."""

    status: int
    output: str

    @property
    def jobs(self) -> int:
        """Jobs that ran, without the one that only asks for everything."""
        lines = self.output.splitlines()
        return sum(line.startswith("Finished jobid") and "everything" not in line for line in lines)


@dataclass
class Project:
    """A user's folder."""

    folder: Path
    config: dict[str, Any]
    snakefile: Path = ROOT / "Snakefile"

    def command(self, *arguments: str, machine: Sequence[str] = MACHINE) -> list[str]:
        """The command line that paints everything the config asks for, on a `machine`."""
        self.folder.joinpath("config.yaml").write_text(yaml.safe_dump(self.config))
        base = ["-m", "snakemake", "-s", str(self.snakefile)]
        return [sys.executable, *base, *machine, *arguments]

    def run(
        self,
        *arguments: str,
        fails: bool = False,
        machine: Sequence[str] = MACHINE,
        timeout: int = 600,
        **environment: str,
    ) -> Run:
        """Run Snakemake; unless it `fails`, its success is asserted."""
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
        return Run(done.returncode, done.stdout)

    def plan(self, render: str) -> Plan:
        """The plan of a render by the config as it is."""
        with chdir(self.folder):
            config = load(self.config)
            return Plan.load(Path(layout.Layout(config).plan(config.renders[render])))

    def records(self, render: str) -> list[Record]:
        """The records that a render's film is made of in its order."""
        jobs = self.plan(render).final
        return [
            Record.load(self.folder / layout.record(render, job.part.name, job.claim))
            for job in jobs
        ]

    def frames(self, render: str) -> list[dict[str, Any]]:
        """What the records tell of every frame of a render."""
        return [frame for record in self.records(render) for frame in record.frames]

    def painted(self) -> dict[str, tuple[int, int]]:
        """Every painted frame's key, with what changes when its file is written anew."""
        paths = (self.folder / "store/painted").glob("*/[!.]*.png")
        return {path.stem: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}

    def film(self, render: str) -> bytes:
        """The bytes of a film."""
        return self.folder.joinpath(f"results/{render}.mp4").read_bytes()

    def manifest(self, video: str) -> dict[str, Any]:
        """A video's manifest."""
        with chdir(self.folder):
            return json.loads(Path(layout.Layout(load(self.config)).manifest(video)).read_text())
