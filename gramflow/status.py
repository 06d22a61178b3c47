"""How far every render is, from the files alone: running jobs are not asked."""

import json
from dataclasses import dataclass
from pathlib import Path

from gramflow import store
from gramflow.config import Config, Render
from gramflow.manifest import Manifest
from gramflow.media.pictures import read_note
from gramflow.recipes import painted_keys, parts
from gramflow.weights import found_in

_RECENT = 20  # frames that tell the speed


@dataclass(frozen=True)
class RenderStatus:
    """One render. frames: to paint, of all passes; None while the video is not extracted.

    done: those of them in the store. seconds: per frame, of the latest ones; None without any.
    film: whether the film is there.
    """

    name: str
    frames: int | None
    done: int
    seconds: float | None
    film: bool

    @property
    def left(self) -> float | None:
        """Seconds that one job after the other would still paint; None if nothing tells."""
        if self.frames is None:
            return None
        missing = self.frames - self.done
        if missing == 0:
            return 0.0
        return None if self.seconds is None else missing * self.seconds


def render_status(config: Config, render: Render, folder: Path = Path()) -> RenderStatus:
    """The status of a render whose workflow runs in `folder`."""
    film = (folder / f"results/{render.name}.mp4").is_file()
    try:
        manifest = Manifest.load(folder / f"work/{render.video}/manifest.json")
    except FileNotFoundError:
        return RenderStatus(render.name, None, 0, None, film)
    paths = _painted(config, render, manifest, folder)
    done = [path for path in paths if path.is_file()]
    return RenderStatus(render.name, len(paths), len(done), _speed(done), film)


def _painted(config: Config, render: Render, manifest: Manifest, folder: Path) -> list[Path]:
    """Where the painted frames are or will be, as often as they stand in a pass."""
    painted = store.painted(str(folder / config.store))
    keys = painted_keys(config, render, manifest, found_in(folder))
    return [
        painted.path(keys[stage][number])
        for part in parts(config, render, manifest)
        for stage, number in part.places
    ]


def _speed(paths: list[Path]) -> float | None:
    """Seconds per frame of the frames painted last."""
    latest = sorted(set(paths), key=lambda path: path.stat().st_mtime)[-_RECENT:]
    seconds = [json.loads(read_note(path))["seconds"] for path in latest]
    return sum(seconds) / len(seconds) if seconds else None
