"""The plan of a render as far as its runs have come, for whoever only looks."""

from contextlib import suppress
from pathlib import Path

from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan, make_plan
from gramflow.settings.config import Config, Render
from gramflow.store.layout import Layout


def current_plan(config: Config, render: Render) -> Plan | None:
    """The plan of a render; None while its video is not extracted.

    Read where a run has written it, and otherwise made from what is there, without writing it.
    """
    layout = Layout(config)
    with suppress(FileNotFoundError, ValueError):
        return Plan.load(Path(layout.plan(render)))
    weights = None
    with suppress(FileNotFoundError, ValueError):
        weights = Weights.load(Path(layout.weights))
    with suppress(FileNotFoundError, ValueError):
        manifest = Manifest.load(Path(layout.manifest(render.video)))
        return make_plan(config, render, manifest, weights)
    return None
