from pathlib import Path

from gramflow.config import load
from gramflow.engine.device import prepare
from gramflow.identity import Weights
from gramflow.job import job
from gramflow.recipes import target_render
from gramflow.styles import save_targets

with job(snakemake.log[0]):
    prepare(snakemake.threads, gpu=False)
    config, weights = load(snakemake.config), Weights.load(Path(snakemake.input.weights))
    render = target_render(config, snakemake.wildcards.target, weights)
    save_targets(
        config,
        config.styles[render.style],
        config.looks[render.look],
        weights,
        Path(snakemake.output[0]),
    )
