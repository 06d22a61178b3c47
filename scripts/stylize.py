from pathlib import Path

from gramflow.config import load
from gramflow.job import job
from gramflow.painting import PartFiles, paint_part

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
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
