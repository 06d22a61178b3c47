from pathlib import Path

from gramflow.base.script import job
from gramflow.painting.inputs import Inputs
from gramflow.painting.training import train_job
from gramflow.settings.config import load
from gramflow.store import layout

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    train_job(
        config,
        config.painted[snakemake.wildcards.render],
        Inputs(
            plan=Path(snakemake.input.plan),
            manifest=Path(snakemake.input.manifest),
            targets=tuple(map(Path, snakemake.input.targets)),
            examples=tuple(map(Path, snakemake.input.examples)),
        ),
        Path(snakemake.output[0]),
        Path(config.store, layout.CHECKPOINT.format(digest=snakemake.wildcards.digest)),
        snakemake.threads,
        say,
    )
