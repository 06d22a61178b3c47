from pathlib import Path

from gramflow.job import job
from gramflow.plots import plot_loss
from gramflow.records import Record

with job(snakemake.log[0]):
    plot_loss([Record.load(Path(path)) for path in snakemake.input], Path(snakemake.output[0]))
