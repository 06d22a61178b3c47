"""Products of a painted render: film, plot of its loss, temporal consistency report, and page.

Their file names contain no digest, since people and other programs look for them. So each product
has a certificate, which states what it was made from.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gramflow.film.description import described
from gramflow.film.digests import digest
from gramflow.film.plan import Plan
from gramflow.settings.config import Config
from gramflow.settings.encoding import container_of
from gramflow.settings.renders import Render
from gramflow.store.layout import (
    LOSS_PLOT,
    LOSS_TABLE,
    PAGE,
    PAGE_FILM,
    PAGE_PICTURE,
    PAGE_SOURCE,
    SHEET,
    TEMPORAL,
    TEMPORAL_PLOT,
    VERSION,
    film_pattern,
)
from gramflow.store.records import Certificate

PRODUCTS = ("film", "loss", "temporal", "page")


def files(product: str, encoding: Mapping[str, Any]) -> tuple[str, ...]:
    """Patterns of the files of a product, which its certificate covers.

    product: one of PRODUCTS. encoding: the config's `encode`.
    """
    copies = () if plays_in_browsers(encoding) else (PAGE_FILM,)
    return {
        "film": (film_pattern(encoding),),
        "loss": (LOSS_PLOT, LOSS_TABLE),
        "temporal": (TEMPORAL, TEMPORAL_PLOT),
        "page": (PAGE, PAGE_SOURCE, PAGE_PICTURE, SHEET, *copies),
    }[product]


def plays_in_browsers(encoding: Mapping[str, Any]) -> bool:
    """Whether every browser plays films of these `encode` settings.

    That is H.264 of 8 bits and 4:2:0 in an mp4.
    """
    h264 = encoding["codec"] in ("libx264", "libopenh264", "h264_nvenc")
    usual = encoding["pixel_format"] in ("yuv420p", "yuvj420p", "nv12")
    return h264 and usual and container_of(encoding) == "mp4"


def claim(config: Config, render: Render, plan: Plan, product: str, probe: str) -> str:
    """Compute the digest of everything that a product of a render depends on.

    product: one of PRODUCTS. probe: path of the video's probe that is used.
    """
    painted = [job.claim for _, job in plan.film]
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
    made_of["page"] = made_of["film"]
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

    product: one of PRODUCTS. made: paths of its files, in the order of `files`; these may be local
    copies for an object store. path: of the certificate. probe: of the probe that a film or a page
    was made by.
    """
    names = [name.format(render=render.name) for name in files(product, config.encode)]
    claimed = claim(config, render, plan, product, probe)
    Certificate.of(claimed, dict(zip(names, map(Path, made), strict=True))).save(path)
