"""What the workflow itself costs: `python -m benchmarks.overhead [sizes]`, such as 100 1000.

Films of so many frames, 64 pixels wide, with a cut every 100 frames, painted by a stylizer that
only copies. Printed per film: the jobs of the standard look in segments of 50, and their planning
(a dry run's seconds and peak memory); then the jobs of a whole run in segments of 1000, each frame
on its own, its time per frame, and a second run with nothing to do. Where the number ends with x3,
three styles are planned and nothing is run. As a Markdown table.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from gramflow import store
from gramflow.files import read_json, write_json
from tests import media
from tests.workflow.project import COPYING

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "all"]
MANIFEST = "work/film/manifest.json"
SIZES = ("100", "1000", "10000", "100000", "150000x3")
SHOT = 100
RUN: dict[str, Any] = {"segment_frames": 1000, "look": {"start": "content"}}
"""What of the config is other for a whole run."""


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


def configure(folder: Path, styles: int, segment_frames: int = 50, look: Any = None) -> None:
    """Write the config."""
    config = {
        "segment_frames": segment_frames,
        "weights": "random",
        "plugins": ["copying.py"],
        "videos": {"film": {"path": "film.mkv"}},
        "styles": {f"style{n}": {"images": ["style.png"]} for n in range(styles)},
        "looks": {"default": {"width": 64, "stylizer": "copying", **(look or {})}},
    }
    folder.joinpath("config.yaml").write_text(yaml.safe_dump(config))


def prepare(folder: Path, frames: int, styles: int) -> None:
    """A film of which the first second is extracted, and the rest is said to be."""
    configure(folder, styles)
    folder.joinpath("copying.py").write_text(COPYING)
    source = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=1", "-c:v", "ffv1"]
    media.make(*source, media.local(folder / "film.mkv"))
    card = ["-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1"]
    media.make(*card, str(folder / "style.png"))
    snakemake(folder, "--until", "extract")
    path = folder / MANIFEST
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
        planned = f"{jobs_in(output)} | {seconds:.1f} s ({cpu:.1f} s of CPU) | {memory:.0f} MiB"
        if styles:
            return f"| {size} | {planned} | | | |"
        configure(folder, 1, **RUN)
        uncut = read_json(folder / MANIFEST) | {"shots": [0]}
        write_json(folder / MANIFEST, uncut)
        whole, output = snakemake(folder, "--resources", "gpu=2")
        again, _ = snakemake(folder)
    run = f"{jobs_in(output)} | {whole / frames * 1000:.1f} ms | {again:.1f} s"
    return f"| {size} | {planned} | {run} |"


def main() -> None:
    """Print the table, a row as soon as it is known."""
    print("| frames | jobs | planning | memory | jobs run | per frame | nothing to do |")
    print("| --- " * 7 + "|", flush=True)
    for size in sys.argv[1:] or SIZES:
        print(row(size), flush=True)


if __name__ == "__main__":
    main()
