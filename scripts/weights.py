from dataclasses import replace
from pathlib import Path

from gramflow.assembly import make_network, needed_layers
from gramflow.config import load
from gramflow.engine.device import prepare
from gramflow.job import job
from gramflow.weights import resolve

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    if config.weights not in ("bundled", "random"):  # which are not tried on the network
        prepare(snakemake.threads, gpu=False)
    network = make_network(config, config.network)
    weights = resolve(config.weights, config.network, network, needed_layers(config), say)
    replace(weights, settings=snakemake.params.settings).save(Path(snakemake.output[0]))
