"""Overhead of the workflow itself: `python -m benchmarks.overhead [sizes]`, such as 100 1000.

Renders videos of so many frames, 64 pixels wide, with a stylizer that only copies. Prints a
Markdown table with a row per video:

- planning: number of jobs of the standard look in segments of 50 frames with a cut every 100, and
  a dry run's seconds and peak memory when the plan exists.
- a whole run of one shot in segments of 1000 frames, painted independently: number of jobs, time
  per frame, and seconds of a second run, which has nothing to do.

A size that ends with x3 plans three styles and runs nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from gramflow.film.manifest import Manifest
from gramflow.store.frames import extracted_store, pixels_digest
from gramflow.store.png import encode_png
from tests.support import media
from tests.support.project import COPYING

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "all"]
SIZES = ("100", "1000", "10000", "100000", "150000x3")
SHOT = 100
RUN: dict[str, Any] = {"segment_frames": 1000, "look": {"start": "content"}}
"""Arguments of `configure` for a whole run."""


def snakemake(folder: Path, *arguments: str) -> tuple[float, str]:
    """Run Snakemake in a folder; return its seconds and its output."""
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
    """Write config.yaml into a folder. look: settings of the look beyond width and stylizer."""
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
    """Set up a project with a video of so many frames, up to its plan.

    Only one second of video is made and extracted. The other frames are written to the store as
    marked copies of those, and the manifest is rewritten to list them, with a cut every `SHOT`
    frames.
    """
    configure(folder, styles)
    folder.joinpath("copying.py").write_text(COPYING)
    source = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=1", "-c:v", "ffv1"]
    media.make(*source, media.local(folder / "film.mkv"))
    card = ["-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1"]
    media.make(*card, str(folder / "style.png"))
    snakemake(folder, "--until", "extract")
    manifest, extracted = Manifest.load(manifest_in(folder)), extracted_store(folder / "store")
    pictures = [extracted.read(key) for key in manifest.frames]
    keys, sizes = [], []
    for number in range(frames):
        pixels = pictures[number % len(pictures)].copy()
        pixels[0, 0] = [number >> 16 & 255, number >> 8 & 255, number & 255]
        keys.append(pixels_digest(pixels))
        path = extracted.path(keys[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        sizes.append(path.write_bytes(encode_png(pixels)))  # without waiting for the disk
    longer = {"frames": keys, "sizes": sizes, "times": list(range(frames))}
    rewrite(folder, **longer, shots=list(range(0, frames, SHOT)))
    snakemake(folder, "--until", "plan")


def manifest_in(folder: Path) -> Path:
    """Path of the video's manifest."""
    (path,) = folder.glob("work/film/manifest.*.json")
    return path


def rewrite(folder: Path, **values: Any) -> None:
    """Change values of the manifest, and delete the plans made from the old one."""
    path = manifest_in(folder)
    replace(Manifest.load(path), **values).save(path)
    shutil.rmtree(folder / "work/renders", ignore_errors=True)


def planning(folder: Path) -> tuple[float, float, float, str]:
    """Wall-clock seconds, CPU seconds, peak memory in MiB, and output of a dry run."""
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
    """Number of jobs in the output of a dry run."""
    return next(int(line.split()[1]) for line in output.splitlines() if line.startswith("total"))


def done_in(output: str) -> int:
    """Number of jobs in the output of a finished run.

    The last count is taken: most jobs are known only once the plan exists.
    """
    return int(re.findall(r"^(\d+) of \d+ steps", output, re.MULTILINE)[-1])


def row(size: str) -> str:
    """Measure one video and return its row of the table."""
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
        rewrite(folder, shots=[0])
        whole, output = snakemake(folder, "--resources", "gpu=2")
        again, _ = snakemake(folder)
    run = f"{done_in(output)} | {whole / frames * 1000:.1f} ms | {again:.1f} s"
    return f"| {size} | {planned} | {run} |"


def main() -> None:
    """Print the table row by row."""
    print("| frames | jobs | planning | memory | jobs run | per frame | nothing to do |")
    print("| --- " * 7 + "|", flush=True)
    for size in sys.argv[1:] or SIZES:
        print(row(size), flush=True)


if __name__ == "__main__":
    main()
