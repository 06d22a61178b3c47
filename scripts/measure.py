from pathlib import Path

from gramflow.config import load
from gramflow.job import job
from gramflow.manifest import Manifest
from gramflow.plots import plot_temporal
from gramflow.records import Record
from gramflow.temporal import measure_film

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    records = [Record.load(Path(path)) for path in snakemake.input.records]
    report = measure_film(
        config,
        config.renders[snakemake.wildcards.render],
        Manifest.load(Path(snakemake.input.manifest)),
        [key for record in records for key in record.keys],
        snakemake.threads,
        say,
    )
    plot_temporal(report, Path(snakemake.output.plot))
    report.save(Path(snakemake.output.json))
