"""Paint the films of config.yaml: Snakemake with the right options for this machine.

Every option of `snakemake` can be given, also the films to make, and replaces what this chooses:
all cores, the machine's GPUs, and the profile that comes along.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gramflow.base.errors import GramflowError
from gramflow.base.files import workflow_folder
from gramflow.base.machine import cores
from gramflow.painting.gpus import visible


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments, which `main` passes on unread, as all are Snakemake's."""
    parser.add_argument("options", nargs="*", metavar="SNAKEMAKE OPTIONS")


def run(options: list[str]) -> int:
    """Run Snakemake in this folder; returns its exit status."""
    elsewhere = any(option.startswith(("--configfile", "--directory", "-d")) for option in options)
    if not elsewhere and not Path("config.yaml").is_file():
        raise GramflowError(
            "config.yaml: no such file; run this in a project, or make one by gramflow init"
        )
    return snakemake(options, Path())


def snakemake(options: Sequence[str], folder: Path) -> int:
    """Run the workflow in a folder, with the options given and those that fit this machine.

    An interrupt is left to Snakemake, which then stops its jobs. Returns the exit status. Raises
    GramflowError where Snakemake could start no job.
    """
    if " " in sys.executable:
        raise GramflowError(
            f"{sys.executable}: Snakemake starts no scripts by a Python whose path has a space; "
            "install gramflow in a folder without one"
        )
    command = [sys.executable, "-m", "snakemake", *_chosen(options, folder), *options]
    child = subprocess.Popen(command, cwd=folder)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the terminal has sent it to Snakemake, too
            continue


def _chosen(options: Sequence[str], folder: Path) -> list[str]:
    """Options of Snakemake that fit this machine, but for those that the user gives."""
    names = {option.split("=")[0] if option.startswith("--") else option[:2] for option in options}
    found: list[str] = []
    own = any((folder / name).is_file() for name in ("Snakefile", "workflow/Snakefile"))
    if not names & {"-s", "--snakefile"} and not own:
        found += ["--snakefile", str(workflow_folder() / "Snakefile")]
    elsewhere = names & {"--executor", "-e", "--profile", "--workflow-profile"}
    if not elsewhere and not names & {"-c", "--cores", "-j", "--jobs"}:
        found += ["--cores", str(cores())]
    gpus = len(visible())
    if gpus > 1 and not elsewhere and not names & {"--resources", "--res"}:
        found += [f"--resources=gpu={gpus}"]
    return found
