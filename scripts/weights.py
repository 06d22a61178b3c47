from dataclasses import replace
from pathlib import Path

from gramflow.assembly import layers_of, make_network
from gramflow.config import load
from gramflow.engine.device import prepare
from gramflow.job import job
from gramflow.weights import resolve

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    if config.weights not in ("bundled", "random"):  # which are not tried on the network
        prepare(snakemake.threads, gpu=False)
    network = make_network(config, config.network)
    layers = {layer for look in config.looks.values() for layer in layers_of(config, look)}
    weights = resolve(config.weights, config.network, network, layers, say)
    replace(weights, settings=snakemake.params.settings).save(Path(snakemake.output[0]))
