from pathlib import Path

from gramflow.base.script import job
from gramflow.engine.backend import prepare
from gramflow.film.identity import Weights
from gramflow.film.keys import target_render
from gramflow.painting.targets import save_targets
from gramflow.settings.config import load

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
