from pathlib import Path

from gramflow.base.script import job
from gramflow.engine.backend import prepare
from gramflow.film.identity import Weights
from gramflow.film.recipes import target_of
from gramflow.painting.targets import save_targets
from gramflow.settings.config import load

with job(snakemake.log[0]):
    prepare(snakemake.threads, gpu=False)
    config, weights = load(snakemake.config), Weights.load(Path(snakemake.input.weights))
    style, look = target_of(config, snakemake.wildcards.target, weights)
    save_targets(config, style, look, weights, Path(snakemake.output[0]))
