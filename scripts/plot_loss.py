from pathlib import Path

from gramflow.base.script import job
from gramflow.film.plan import Plan
from gramflow.settings.config import load
from gramflow.store.products import certify
from gramflow.store.records import load_all
from gramflow.view.plots import plot_loss, write_losses

with job(snakemake.log[0]):
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    records = load_all(snakemake.input.records)
    plot_loss(records, Path(snakemake.output.plot))
    write_losses(records, Path(snakemake.output.table))
    plan = Plan.load(Path(snakemake.input.plan))
    made = [snakemake.output.plot, snakemake.output.table]
    certify(config, render, plan, "loss", made, Path(snakemake.output.certificate))
