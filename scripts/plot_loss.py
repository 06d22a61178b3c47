from pathlib import Path

from gramflow.job import job
from gramflow.plots import plot_loss
from gramflow.records import load_all

with job(snakemake.log[0]):
    plot_loss(load_all(snakemake.input), Path(snakemake.output[0]))
