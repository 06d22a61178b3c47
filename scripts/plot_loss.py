from pathlib import Path

from gramflow.config import load
from gramflow.job import job
from gramflow.plan import Plan
from gramflow.plots import plot_loss
from gramflow.products import certify
from gramflow.records import load_all

with job(snakemake.log[0]):
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    plot_loss(load_all(snakemake.input.records), Path(snakemake.output.plot))
    plan = Plan.load(Path(snakemake.input.plan))
    made = [snakemake.output.plot]
    certify(config, render, plan, "loss", made, Path(snakemake.output.certificate))
