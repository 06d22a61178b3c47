from pathlib import Path

from gramflow.base.script import job
from gramflow.film.sizes import film_sizes
from gramflow.media.encode import try_out
from gramflow.painting.inputs import Inputs
from gramflow.painting.job import paint_job
from gramflow.settings.config import load
from gramflow.view.live import live

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    render = config.painted[snakemake.wildcards.render]
    try_out(config.encode, film_sizes(config))  # the settings may be other ones than when probed
    paint_job(
        config,
        render,
        snakemake.wildcards.part,
        Inputs(
            plan=Path(snakemake.input.plan),
            manifest=Path(snakemake.input.manifest),
            targets=tuple(map(Path, snakemake.input.targets)),
            examples=tuple(map(Path, snakemake.input.examples)),
            trained=tuple(map(Path, snakemake.input.trained)),
            masks=tuple(map(Path, snakemake.input.masks)),
        ),
        Path(snakemake.output[0]),
        snakemake.threads,
        say,
        live(config, render, Path(snakemake.input.plan)),
    )
