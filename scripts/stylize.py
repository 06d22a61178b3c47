from pathlib import Path

from gramflow.config import load
from gramflow.job import job
from gramflow.media.encode import try_out
from gramflow.painting import PartFiles, paint_part
from gramflow.recipes import film_sizes

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    try_out(config.encode, film_sizes(config))  # the settings may be other ones than when probed
    paint_part(
        config,
        config.renders[snakemake.wildcards.render],
        snakemake.wildcards.part,
        PartFiles(
            manifest=Path(snakemake.input.manifest),
            targets=Path(snakemake.input.targets),
            weights=Path(snakemake.input.weights),
            record=Path(snakemake.output[0]),
        ),
        snakemake.threads,
        say,
    )
