from pathlib import Path

from gramflow.base.script import job
from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.masks import mask_frames
from gramflow.film.plan import make_plan
from gramflow.settings.config import load
from gramflow.store.layout import unchanged

with job(snakemake.log[0]):
    config = load(snakemake.config)
    render = config.painted[snakemake.wildcards.render]
    (output,) = snakemake.output
    entries = f"videos.{render.video}, styles.{render.style} or plugins"
    manifest = Manifest.load(Path(snakemake.input.manifest))
    weights = Weights.load(Path(snakemake.input.weights))
    masks = mask_frames(config.masks_of(render), snakemake.input.masks)
    with unchanged(lambda at: at.plan(render), config, output, entries):
        plan = make_plan(config, render, manifest, weights, masks)
    plan.save(Path(output))
