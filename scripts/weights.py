from pathlib import Path

from gramflow.base.script import job
from gramflow.engine.backend import prepare
from gramflow.painting.setup import find_weights
from gramflow.settings.config import load
from gramflow.store.layout import Layout, check_unchanged

with job(snakemake.log[0]) as say:
    config, output = load(snakemake.config), snakemake.output[0]
    check_unchanged(Layout(config).weights, output, "weights")
    if config.weights not in ("bundled", "random"):  # which are not tried on the network
        prepare(snakemake.threads, gpu=False)
    find_weights(config, say).save(Path(output))
