from pathlib import Path

from gramflow.config import load
from gramflow.job import job
from gramflow.manifest import Manifest
from gramflow.plan import Plan
from gramflow.plots import plot_temporal
from gramflow.products import certify
from gramflow.records import load_all
from gramflow.temporal import measure_film

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    report = measure_film(
        config,
        render,
        Manifest.load(Path(snakemake.input.manifest)),
        load_all(snakemake.input.records),
        snakemake.threads,
        say,
    )
    plot_temporal(report, Path(snakemake.output.plot))
    report.save(Path(snakemake.output.json))
    plan = Plan.load(Path(snakemake.input.plan))
    made = [snakemake.output.json, snakemake.output.plot]
    certify(config, render, plan, "temporal", made, Path(snakemake.output.certificate))
