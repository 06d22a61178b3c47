"""What is made of a painted render: the film, the plot of its loss, the report on its steadiness.

Their names hold no digest, since people and other programs look for them; so each product has a
certificate.
"""

from collections.abc import Iterable
from pathlib import Path

from gramflow.film.keys import digest
from gramflow.film.plan import Plan
from gramflow.settings.config import Config, Render
from gramflow.store.layout import FILM, LOSS_PLOT, TEMPORAL, TEMPORAL_PLOT, Layout
from gramflow.store.records import Certificate

FILES: dict[str, tuple[str, ...]] = {
    "film": (FILM,),
    "loss": (LOSS_PLOT,),
    "temporal": (TEMPORAL, TEMPORAL_PLOT),
}
"""The files that each certificate is about, by product."""


def claim(config: Config, layout: Layout, render: Render, plan: Plan, product: str) -> str:
    """The digest of everything that a product of a render depends on."""
    painted = [job.claim for job in plan.final]
    made_of: dict[str, list[object]] = {
        # of the video its times, and its file with the sound
        "film": [
            painted,
            plan.manifest,
            layout.probe(render.video),
            [config.videos[render.video][key] for key in ("start", "end")],
            config.encode,
        ],
        "loss": [painted],
        "temporal": [painted, plan.manifest],
    }
    return digest([product, *made_of[product]])


def certify(
    config: Config, render: Render, plan: Plan, product: str, made: Iterable[str], path: Path
) -> None:
    """Write the certificate of a product that has just been made.

    made: where its files are, in the order of FILES; perhaps local copies for an object store.
    """
    names = [name.format(render=render.name) for name in FILES[product]]
    claimed = claim(config, Layout(config), render, plan, product)
    Certificate.of(claimed, dict(zip(names, map(Path, made), strict=True))).save(path)
