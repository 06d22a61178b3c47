from pathlib import Path

from gramflow.base.script import job
from gramflow.film.keys import film_sizes
from gramflow.media.encode import try_out
from gramflow.painting.job import JobFiles, paint_job
from gramflow.settings.config import load
from gramflow.view.live import live

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    try_out(config.encode, film_sizes(config))  # the settings may be other ones than when probed
    paint_job(
        config,
        render,
        snakemake.wildcards.part,
        JobFiles(
            plan=Path(snakemake.input.plan),
            manifest=Path(snakemake.input.manifest),
            targets=Path(snakemake.input.targets),
            record=Path(snakemake.output[0]),
        ),
        snakemake.threads,
        say,
        live(render, config.store, Path(snakemake.input.plan)),
    )
