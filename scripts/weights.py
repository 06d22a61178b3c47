from pathlib import Path

from gramflow.base.script import job
from gramflow.engine.backend import prepare
from gramflow.film.layers import needed_layers
from gramflow.painting.setup import make_network
from gramflow.painting.weights import resolve
from gramflow.settings.config import load
from gramflow.store.layout import Layout, check_unchanged

with job(snakemake.log[0]) as say:
    config, output = load(snakemake.config), snakemake.output[0]
    check_unchanged(Layout(config).weights, output, "weights")
    if config.weights not in ("bundled", "random"):  # which are not tried on the network
        prepare(snakemake.threads, gpu=False)
    network = make_network(config, config.network)
    weights = resolve(config.weights, config.network, network, needed_layers(config), say)
    weights.save(Path(output))
