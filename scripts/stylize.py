from pathlib import Path

from gramflow.config import load
from gramflow.job import job
from gramflow.media.encode import try_out
from gramflow.painting import JobFiles, paint_job
from gramflow.recipes import film_sizes

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    try_out(config.encode, film_sizes(config))  # the settings may be other ones than when probed
    paint_job(
        config,
        config.renders[snakemake.wildcards.render],
        snakemake.wildcards.part,
        JobFiles(
            plan=Path(snakemake.input.plan),
            manifest=Path(snakemake.input.manifest),
            targets=Path(snakemake.input.targets),
            record=Path(snakemake.output[0]),
        ),
        snakemake.threads,
        say,
    )
