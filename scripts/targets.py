from pathlib import Path

from gramflow.config import load
from gramflow.engine.device import prepare
from gramflow.job import job
from gramflow.styles import save_targets
from gramflow.weights import Weights

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    config = load(snakemake.config)
    save_targets(
        config,
        config.styles[snakemake.params.style],
        config.looks[snakemake.params.look],
        Weights.load(Path(snakemake.input.weights)),
        Path(snakemake.output[0]),
    )
