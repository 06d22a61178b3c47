"""Checks of a machine and a project, before anything is painted."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gramflow import __version__, bundled
from gramflow.base.errors import GramflowError
from gramflow.base.machine import cores
from gramflow.engine.backend import chosen, gpu_memory, has_gpu, prepare
from gramflow.engine.memory import host_memory, limit
from gramflow.media.encode import try_out
from gramflow.media.ffmpeg import binary
from gramflow.media.pictures import check_styles
from gramflow.painting.gpus import visible
from gramflow.settings.config import load
from gramflow.settings.encoding import resolved_encoding
from gramflow.settings.reading import read_config, schema
from gramflow.settings.schema import checked

GOOD, WARNING, BAD = "good", "warning", "bad"

_LEAST_MEMORY = 4e9  # bytes; a painting process of 640 pixels takes about 3 GB
_LEAST_DISK = 2e9  # bytes; the frames of some seconds of film


@dataclass(frozen=True)
class Check:
    """One finding. state: GOOD, WARNING or BAD. remedy: what to do; empty where all is well."""

    name: str
    state: str
    text: str
    remedy: str = ""


def checks(configfile: Path) -> Iterator[Check]:
    """Check one thing after the other.

    configfile: the project's config; its checks are left out where there is none.
    """
    yield Check("gramflow", GOOD, f"{__version__}, Python {platform.python_version()}")
    yield _told("ffmpeg", _ffmpeg)
    backend = _told(_backend_name(), _backend)
    yield backend
    computes = backend.state != BAD
    for name, check, is_possible in (
        ("GPU", _gpu, computes),
        ("weights", _weights, True),
        ("memory", _memory, computes),
        ("disk", _disk, True),
    ):
        if is_possible:
            yield _told(name, check)
    if configfile.exists():
        yield _told(str(configfile), lambda name: _config(name, configfile))
    elif configfile.name != "config.yaml":
        yield Check(str(configfile), BAD, "no such file", "correct the path")
    if is_locked(configfile.parent):
        text = "a run is going on here, or was killed"
        yield Check("lock", WARNING, text, "if none is going on: gramflow run --unlock")


def _told(name: str, check: Callable[[str], Check]) -> Check:
    """The result of a check; an error of its own is its bad result."""
    try:
        return check(name)
    except GramflowError as error:
        return Check(name, BAD, *_split(str(error).removeprefix(f"{name}: ")))
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return Check(name, BAD, reason, "reinstall gramflow")


def _split(text: str) -> tuple[str, str]:
    """What is wrong, and the remedy, of an error's sentence."""
    wrong, _, remedy = text.partition("; ")
    return wrong, remedy


def _ffmpeg(name: str) -> Check:
    command = binary()
    answer = subprocess.run([command, "-version"], capture_output=True, text=True, check=True)
    default = resolved_encoding(checked({}, schema()["properties"]["encode"]), None)
    try_out(default, [(64, 36)])  # has the encoder that films are written by
    words = answer.stdout.split()
    return Check(name, GOOD, f"{words[2]} with {default['codec']} ({command})")


def _backend_name() -> str:
    """The framework's name, or that of the variable which names one that is not there."""
    try:
        return chosen().name
    except GramflowError:
        return "KERAS_BACKEND"


def _backend(name: str) -> Check:
    device = prepare(cores())
    package = chosen().package
    return Check(name, GOOD, f"{version(package)}, Keras {version('keras')}, on {device}")


def _gpu(name: str) -> Check:
    devices, memory = visible(), gpu_memory()
    if memory is not None:
        return Check(name, GOOD, f"{max(len(devices), 1)}, {memory / 1e9:.0f} GB")
    if has_gpu():
        return Check(name, GOOD, "one that shares the machine's memory")
    if devices:
        framework = chosen()
        text = f"{len(devices)} in this machine, but {framework.name} uses none"
        package = f"{framework.for_gpus}=={version(framework.package)}"
        return Check(name, WARNING, text, f"{sys.executable} -m pip install '{package}'")
    if shutil.which("nvidia-smi"):
        return Check(name, WARNING, "nvidia-smi lists none", "see what nvidia-smi prints")
    return Check(name, GOOD, "none; frames are painted on the CPU, so start with small ones")


def _weights(name: str) -> Check:
    return Check(name, GOOD, f"bundled VGG-19, {bundled.identity()[:16]}")


def _memory(name: str) -> Check:
    total, used = host_memory(), limit(None)
    text = f"{total / 1e9:.0f} GB, of which painting takes at most {used / 1e9:.0f}"
    if total < _LEAST_MEMORY:
        remedy = "keep width at 320 at most, and set memory: 1500MB"
        return Check(name, WARNING, text, remedy)
    return Check(name, GOOD, text)


def _disk(name: str) -> Check:
    free = shutil.disk_usage(Path()).free
    text = f"{free / 1e9:.0f} GB free here"
    if free < _LEAST_DISK:
        return Check(name, WARNING, text, "free some: gramflow prune tells what can go")
    return Check(name, GOOD, text)


def _config(name: str, path: Path) -> Check:
    config = load(read_config(path))
    check_styles(config)
    count = len(config.renders)
    return Check(name, GOOD, f"{count} film{'s' * (count != 1)} to paint")


def is_locked(folder: Path) -> bool:
    """Whether Snakemake has a lock on a project."""
    locks = folder / ".snakemake/locks"
    return locks.is_dir() and any(locks.iterdir())
