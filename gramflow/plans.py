"""The plan of a render as far as its runs have come, for whoever only looks."""

from contextlib import suppress
from pathlib import Path

from gramflow.config import Config, Render
from gramflow.identity import Weights
from gramflow.layout import Layout
from gramflow.manifest import Manifest
from gramflow.plan import Plan, make_plan


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
