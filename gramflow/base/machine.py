"""What messages say about the machine that they are read on."""

import os


def cores() -> int:
    """Number of CPU cores that this process may use."""
    # not on macOS
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def snakemake_command(*arguments: str) -> str:
    """The command line that runs the workflow with this machine's cores.

    arguments: further ones of Snakemake.
    """
    return " ".join(["snakemake", "--cores", str(cores()), *arguments])
