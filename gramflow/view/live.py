"""Shows on the page how far a render is, with its newest frame, while it is painted."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from gramflow.base.arrays import Picture
from gramflow.base.errors import GramflowError
from gramflow.base.files import write_bytes
from gramflow.base.progress import Every
from gramflow.film.plan import Plan
from gramflow.media.pictures import data_url, resize, to_jpeg
from gramflow.settings.config import Config
from gramflow.settings.renders import Render
from gramflow.store.frames import Listing, painted_store
from gramflow.store.layout import PAGE_LIVE
from gramflow.view.page import call
from gramflow.view.sheet import within

_SECONDS = 8
_SHARE = 20  # times what one showing took, until the next
_WIDTH = 960  # most pixels of a picture


def live(config: Config, render: Render, plan: Path) -> Callable[[int, Picture, Picture], None]:
    """Return a function to be called with every painted frame of a job.

    It takes the frame's number, the source and the painting, and writes them for the page: the
    first one, and then one every eight seconds at most. What it writes is no result, so it does
    without where nothing can be written, and for a render that only other looks learn from.
    plan: path of the render's plan.
    """
    path, due, first = Path(PAGE_LIVE.format(render=render.name)), Every(_SECONDS), True
    planned, painted = Plan.load(plan), painted_store(config.store)
    keys = {*planned.made, *planned.frames}

    def show(number: int, source: Picture, painting: Picture) -> None:
        nonlocal first
        if render.name not in config.renders or not (due or first):
            return
        first, started = False, time.monotonic()
        size = within((source.shape[1], source.shape[0]), _WIDTH)
        pictures = [data_url(to_jpeg(resize(each, *size))) for each in (source, painting)]
        told = {
            "name": render.name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "frame": number,
            "done": len(Listing(painted).sizes(keys)),
            "total": len(keys),
            "size": size,
            **dict(zip(("source", "painted"), pictures, strict=True)),
        }
        with suppress(OSError, GramflowError):
            write_bytes(path, call("live", told))
        # counting takes long in a great store; it must not hold up the painting
        due.seconds = max(_SECONDS, _SHARE * (time.monotonic() - started))

    return show
