from pathlib import Path

from gramflow.base.script import job
from gramflow.engine.backend import prepare
from gramflow.painting.setup import find_weights
from gramflow.settings.config import load
from gramflow.store.layout import unchanged

with job(snakemake.log[0]) as say:
    config, output = load(snakemake.config), snakemake.output[0]
    if config.weights not in ("bundled", "random"):  # which are not tried on the network
        prepare(snakemake.threads, gpu=False)
    with unchanged(lambda at: at.weights, config, output, "weights"):
        found = find_weights(config, say)
    found.save(Path(output))
