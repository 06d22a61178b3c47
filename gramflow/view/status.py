"""Progress of every render, read from files alone; running jobs are not asked."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gramflow.settings.config import Config
from gramflow.settings.renders import Render
from gramflow.store.frames import Store, painted_store
from gramflow.store.layout import Layout
from gramflow.store.plans import current_plan, is_untrained

_RECENT = 20  # number of latest frames over which the speed is averaged


@dataclass(frozen=True)
class RenderStatus:
    """Progress of one render.

    frames: pictures to paint in total, over all passes; None while the video is not extracted.
    done: how many of them are in the store.
    seconds: mean time per frame of the latest ones; None without any.
    film: whether the film exists.
    untrained: whether the look's stylizer has yet to learn before it paints.
    """

    name: str
    frames: int | None
    done: int
    seconds: float | None
    film: bool
    untrained: bool = False

    @property
    def left(self) -> float | None:
        """Seconds to paint the rest, one job after the other; None if that is unknown."""
        if self.frames is None:
            return None
        missing = self.frames - self.done
        if missing == 0:
            return 0.0
        return None if self.seconds is None else missing * self.seconds


def render_status(config: Config, render: Render, layout: Layout) -> RenderStatus:
    """The status of a render."""
    film = Path(layout.film.format(render=render.name)).exists()
    plan = current_plan(config, render, layout)
    if plan is None:
        return RenderStatus(render.name, None, 0, None, film)
    painted = painted_store(config.store)
    keys = plan.made
    there = painted.sizes(keys)
    done = [key for key in keys if key in there]
    untrained = len(done) < len(keys) and is_untrained(plan)
    return RenderStatus(render.name, len(keys), len(done), _speed(painted, there), film, untrained)


def _speed(painted: Store, keys: Iterable[str]) -> float | None:
    """Mean seconds per frame of the frames painted last; None if no frame tells."""
    latest = sorted(keys, key=lambda key: painted.path(key).stat().st_mtime)[-_RECENT:]
    seconds = []
    for key in latest:
        with suppress(ValueError, KeyError):
            seconds.append(float(painted.note(key)["seconds"]))
    return sum(seconds) / len(seconds) if seconds else None
