"""Snakemake's own error messages, as one sentence with a remedy where they have a known one."""

import re

from gramflow.base.machine import snakemake_command

_NO_WORD = (
    "{name} ended without a message, as a process does that is killed or for which memory runs "
    "out; see its log, and run again to go on"
)
STOPPED = "stopped; run again to go on"
FAILED = "everything finished so far is kept; run again to go on"
_LOCKED = (
    "this folder is locked: another run is at work in it, or one was killed; "
    "if none is, free it by `{unlock}`, and run again to go on"
)
_NO_CONFIG = (
    "config.yaml: no such file here; run this in a project's folder, or name one by --configfile"
)
_FULL = "no space left on this disk; free some and run again, everything finished so far is kept"
_OF_JOBS = (
    "CalledProcessError",
    "At least one job did not complete successfully.",
    "Exiting because a job execution failed.",
)
_NOT_ALLOWED = "{path}: may not be read or written; allow it and run again"
_MISSING = "{path}: no such file; bring it back, or correct the config, and run again"
_OF_FILES = {"MissingInputException": _MISSING, "ProtectedOutputException": _NOT_ALLOWED}

_SMALL = 100_000  # bytes; with less, a job can hardly do anything
_REFUSED = re.compile(r"(?:Permission denied|Read-only file system): '(.*)'")
_HEADING = re.compile(r"\w+(Error|Exception)( in .*)?:")


def is_of_a_job(text: str) -> bool:
    """Whether the message only says that a job's process failed, which its log says better."""
    return any(part in text for part in _OF_JOBS)


def without_a_word(name: str, free: int) -> str:
    """Why a job may have failed that could not say so itself.

    free: bytes that the disk has left; its log may have been lost by that, too.
    """
    return _FULL if free < _SMALL else _NO_WORD.format(name=name)


def sentence(text: str, kind: str | None) -> str:
    """What went wrong.

    text: Snakemake's message. kind: name of the exception's class, if there is one. Messages
    without a known remedy stay as they are, but of a traceback only the last line is left.
    """
    if kind == "LockException":
        return _LOCKED.format(unlock=snakemake_command("--unlock"))
    if "cores have to be specified" in text:
        return f"say how many CPU cores may be used: `{snakemake_command()}`"
    if "Workflow defines configfile" in text:
        return _NO_CONFIG
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return _FULL
    if refused := _REFUSED.search(text):
        return _NOT_ALLOWED.format(path=refused[1])
    said = [line.rstrip() for line in text.splitlines() if line.strip()]
    form, files = _OF_FILES.get(kind or ""), _affected(said)
    if form and files:
        return form.format(path=files)
    if any(line.startswith("Traceback ") for line in said):
        return said[-1].strip()
    if len(said) > 1 and _HEADING.fullmatch(said[0]):
        said = said[1:]
    return "\n".join(said).removeprefix("Error: ")


def _affected(said: list[str]) -> str:
    """The files that an error is about; "" if it does not tell."""
    marks = [number for number, line in enumerate(said) if line.strip() == "affected files:"]
    return ", ".join(line.strip() for line in said[marks[-1] + 1 :]) if marks else ""
