"""Products of a painted render: the film, the plot of its loss, the temporal consistency report.

Their file names contain no digest, since people and other programs look for them. So each product
has a certificate, which states what it was made from.
"""

from collections.abc import Iterable
from pathlib import Path

from gramflow.film.description import described
from gramflow.film.keys import digest
from gramflow.film.plan import Plan
from gramflow.settings.config import Config, Render
from gramflow.store.layout import FILM, LOSS_PLOT, TEMPORAL, TEMPORAL_PLOT, VERSION
from gramflow.store.records import Certificate

FILES: dict[str, tuple[str, ...]] = {
    "film": (FILM,),
    "loss": (LOSS_PLOT,),
    "temporal": (TEMPORAL, TEMPORAL_PLOT),
}
"""Patterns of the files of each product, which its certificate covers."""


def claim(config: Config, render: Render, plan: Plan, product: str, probe: str) -> str:
    """Compute the digest of everything that a product of a render depends on.

    product: a key of FILES. probe: path of the video's probe that is used.
    """
    painted = [job.claim for job in plan.final]
    made_of: dict[str, list[object]] = {
        # the manifest gives the frames' times; the sound is cut to `start` and `end`
        "film": [
            painted,
            plan.manifest,
            Path(probe).name,
            [config.videos[render.video][key] for key in ("start", "end")],
            config.encode,
            plan.weights and described(config, render, plan.weights),
        ],
        "loss": [painted],
        "temporal": [painted, plan.manifest],
    }
    return digest([VERSION, product, *made_of[product]])


def certify(
    config: Config,
    render: Render,
    plan: Plan,
    product: str,
    made: Iterable[str],
    path: Path,
    probe: str = "",
) -> None:
    """Write the certificate of a product that has just been made.

    product: a key of FILES. made: paths of its files, in the order of FILES; these may be local
    copies for an object store. path: of the certificate. probe: of the probe that a film was made
    by.
    """
    names = [name.format(render=render.name) for name in FILES[product]]
    claimed = claim(config, render, plan, product, probe)
    Certificate.of(claimed, dict(zip(names, map(Path, made), strict=True))).save(path)
