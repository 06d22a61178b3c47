from pathlib import Path

from gramflow.base.script import job
from gramflow.film.plan import Plan
from gramflow.settings.config import load
from gramflow.store.products import certify
from gramflow.store.records import load_all
from gramflow.view.plots import plot_loss

with job(snakemake.log[0]):
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    plot_loss(load_all(snakemake.input.records), Path(snakemake.output.plot))
    plan = Plan.load(Path(snakemake.input.plan))
    made = [snakemake.output.plot]
    certify(config, render, plan, "loss", made, Path(snakemake.output.certificate))
