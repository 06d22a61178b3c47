from pathlib import Path

from gramflow import gpus
from gramflow.config import load
from gramflow.job import job
from gramflow.manifest import Segment
from gramflow.painting import SegmentFiles, paint_segment

with job(snakemake.log[0]) as say, gpus.lent(say):
    config = load(snakemake.config)
    paint_segment(
        config,
        config.renders[snakemake.wildcards.render],
        Segment.from_name(snakemake.wildcards.segment),
        SegmentFiles(
            manifest=Path(snakemake.input.manifest),
            targets=Path(snakemake.input.targets),
            weights=Path(snakemake.input.weights),
            record=Path(snakemake.output[0]),
        ),
        snakemake.threads,
        say,
    )
