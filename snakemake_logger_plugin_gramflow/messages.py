"""Snakemake's own error messages, as one sentence with a remedy where they have a known one."""

from gramflow.base.machine import snakemake_command

NO_WORD = (
    "ended without a message, as a process does that is killed or for which memory runs out; "
    "see its log, and run again to go on"
)
STOPPED = "stopped; run again to go on"
_LOCKED = (
    "this folder is locked: another run is at work in it, or one was killed; "
    "if none is, free it by `{unlock}`, and run again to go on"
)
_FULL = "no space left on this disk; free some and run again, everything finished so far is kept"
_ENDED = "At least one job did not complete successfully."


def is_of_a_job(text: str) -> bool:
    """Whether the message only says that a job's process failed, which its log says better."""
    return "CalledProcessError" in text or _ENDED in text


def sentence(text: str, kind: str | None) -> str:
    """What went wrong.

    text: Snakemake's message. kind: name of the exception's class, if there is one. Messages
    without a known remedy stay as they are, but of a traceback only the last line is left.
    """
    if kind == "LockException":
        return _LOCKED.format(unlock=snakemake_command("--unlock"))
    if "cores have to be specified" in text:
        return f"say how many CPU cores may be used: `{snakemake_command()}`"
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return _FULL
    said = [line.rstrip() for line in text.splitlines() if line.strip()]
    if kind == "MissingInputException":
        return _missing(said)
    if any(line.startswith("Traceback ") for line in said):
        return said[-1].strip()
    return "\n".join(said).removeprefix("Error: ")


def _missing(said: list[str]) -> str:
    """Names the files that are neither there nor made by a rule."""
    marks = [number for number, line in enumerate(said) if line.strip() == "affected files:"]
    files = [line.strip() for line in said[marks[-1] + 1 :]] if marks else []
    if not files:
        return "\n".join(said)
    return f"{', '.join(files)}: no such file; bring it back, or correct the config, and run again"
