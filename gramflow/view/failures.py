"""Finds out from the logs why renders were not made."""

import re
from collections.abc import Iterable
from pathlib import Path

from gramflow.base.progress import failure
from gramflow.settings.renders import Render


def failures(renders: Iterable[Render], logs: Path, since: float) -> dict[str, str]:
    """The newest error of each render, or of its video; "" where there is none in the logs.

    logs: the folder of the jobs' logs, named by their rule, then by the render or the video. since:
    logs that were last written before this time, in seconds since 1970, are left out.
    """
    found = sorted(path for path in logs.rglob("*.log") if path.stat().st_mtime >= since)
    lines = {path: path.read_text(encoding="utf-8", errors="replace") for path in found}
    told = {path.relative_to(logs): failure(text.splitlines()) for path, text in lines.items()}
    errors = {path: error for path, error in told.items() if error}
    return {render.name: _of_render(render, errors) for render in renders}


def _of_render(render: Render, errors: dict[Path, str]) -> str:
    for name in (render.name, render.video):
        own = re.compile(rf"[^/]+/{re.escape(name)}(\.[0-9a-f]{{16}})?(/.*|\.log)")
        for path, error in errors.items():
            if own.fullmatch(path.as_posix()):
                return f"{path.parts[0]}: {error}"
    return ""
