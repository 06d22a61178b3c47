from pathlib import Path

from gramflow.base.script import job
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan
from gramflow.settings.config import load
from gramflow.store.products import certify
from gramflow.store.records import load_all
from gramflow.view.plots import plot_temporal
from gramflow.view.temporal import measure_film

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
