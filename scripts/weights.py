from dataclasses import replace
from pathlib import Path

from gramflow.assembly import make_network
from gramflow.config import load
from gramflow.engine.device import prepare
from gramflow.job import job
from gramflow.weights import resolve

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    if config.weights != "random":  # which are not read from a file
        prepare(snakemake.threads, gpu=False)
    weights = resolve(config.weights, make_network(config), say)
    replace(weights, settings=snakemake.params.settings).save(Path(snakemake.output[0]))
