"""What the workflow itself costs: `python -m benchmarks.overhead [sizes]`, such as 100 1000.

Films of so many frames, 64 pixels wide, in one style, with a cut every 100 frames, painted by a
stylizer that only copies. Printed per film: the jobs; planning (a dry run's seconds and peak
memory); the whole run, per frame; and a second run with nothing to do. Above 10,000 frames only
the planning is measured, with three styles where the number ends with x3. As a Markdown table.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from gramflow import store
from gramflow.files import read_json, write_json
from tests import media
from tests.workflow.project import COPYING

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "all"]
SIZES = ("100", "1000", "10000", "100000", "150000x3")
RUN_UP_TO = 10_000
SHOT = 100


def snakemake(folder: Path, *arguments: str) -> tuple[float, str]:
    """Seconds and output of a run."""
    started = time.monotonic()
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return time.monotonic() - started, done.stdout


def prepare(folder: Path, frames: int, styles: int) -> None:
    """A film of which the first second is extracted, and the rest is said to be."""
    config = {
        "weights": "random",
        "plugins": ["copying.py"],
        "videos": {"film": {"path": "film.mkv"}},
        "styles": {f"style{n}": {"images": ["style.png"]} for n in range(styles)},
        "looks": {"default": {"width": 64, "stylizer": "copying"}},
    }
    folder.joinpath("config.yaml").write_text(yaml.safe_dump(config))
    folder.joinpath("copying.py").write_text(COPYING)
    source = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=1", "-c:v", "ffv1"]
    media.make(*source, media.local(folder / "film.mkv"))
    card = ["-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1"]
    media.make(*card, str(folder / "style.png"))
    snakemake(folder, "--until", "extract")
    path = folder / "work/film/manifest.json"
    manifest = read_json(path)
    extracted = store.frames(folder / "store")
    pictures = [extracted.path(key).read_bytes() for key in manifest["frames"]]
    manifest["frames"] = [f"{n % 256:02x}{n:062x}" for n in range(frames)]
    manifest["times"] = list(range(frames))
    manifest["shots"] = list(range(0, frames, SHOT))
    for number, key in enumerate(manifest["frames"]):
        extracted.path(key).parent.mkdir(parents=True, exist_ok=True)
        extracted.path(key).write_bytes(pictures[number % len(pictures)])
    write_json(path, manifest)


def planning(folder: Path) -> tuple[float, float, float, str]:
    """Seconds, seconds of CPU, peak memory in MiB, and output of a dry run."""
    command = [*COMMAND, "--dry-run", "--quiet", "rules"]
    started = time.monotonic()
    with folder.joinpath("dry.log").open("w+") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        output = log.read()
    if process.returncode:
        sys.exit(output)
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output


def jobs_in(output: str) -> int:
    """The number of jobs a dry run tells of."""
    return next(int(line.split()[1]) for line in output.splitlines() if line.startswith("total"))


def row(size: str) -> str:
    """One film's row."""
    count, _, styles = size.partition("x")
    frames = int(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, frames, int(styles or 1))
        seconds, cpu, memory, output = planning(folder)
        cells = [f"{seconds:.1f} s ({cpu:.1f} s of CPU)", f"{memory:.0f} MiB"]
        if frames <= RUN_UP_TO:
            whole, _ = snakemake(folder)
            again, _ = snakemake(folder)
            cells += [f"{whole / frames * 1000:.1f} ms", f"{again:.1f} s"]
        else:
            cells += ["", ""]
    return f"| {size} | {jobs_in(output)} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table, a row as soon as it is known."""
    print("| frames | jobs | planning | its memory | whole run, per frame | nothing to do |")
    print("| --- | --- | --- | --- | --- | --- |")
    for size in sys.argv[1:] or SIZES:
        print(row(size), flush=True)


if __name__ == "__main__":
    main()
