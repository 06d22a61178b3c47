"""Runs all benchmarks of `NAMES`, or one: `make bench`, or `python -m benchmarks [name [args]]`.

Each prints Markdown tables, which are also written to benchmarks/results/ with the command and the
machine. All together take hours on a few CPU cores. A single one may have arguments of its own:
`python -m benchmarks seed 2 80`. With options, such as those of `look`, the output is shown but not
written.
"""

import platform
import subprocess
import sys
from pathlib import Path

from benchmarks.material import RESULTS
from gramflow.engine.memory import host_memory

NAMES = (
    "seed",
    "precision",
    "backends",
    "flow",
    "steady",
    "networks",
    "regions",
    "intensity",
    "optimizers",
    "preview",
    "look",
    "memory",
    "overhead",
)


def machine() -> str:
    """Describe the machine: CPU, cores, memory, and the device that computes."""
    from gramflow.engine.backend import prepare

    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor()
    gibibytes = host_memory() / 2**30
    return f"{model}, {len(models)} cores, {gibibytes:.0f} GiB, {prepare(2)}"


def run(name: str, arguments: list[str], where: str) -> None:
    """Run one benchmark, show its output, and write the output to `RESULTS` if it succeeds.

    Nothing is written if an argument is an option (begins with a dash). where: the machine. Exits
    if the benchmark fails.
    """
    command = ["-m", f"benchmarks.{name}", *arguments]
    lines = [f"`python {' '.join(command)}` on {where}.\n", "\n"]
    print(lines[0], flush=True)
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        sys.exit(f"benchmarks.{name} failed")
    if any(argument.startswith("-") for argument in arguments):
        return
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text("".join(lines))


if __name__ == "__main__":
    chosen, given = sys.argv[1:2] or NAMES, sys.argv[2:]
    described = machine()
    for each in chosen:
        run(each, given, described)
