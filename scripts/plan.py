from pathlib import Path

from gramflow.config import load
from gramflow.identity import Weights
from gramflow.job import job
from gramflow.layout import Layout, check_unchanged
from gramflow.manifest import Manifest
from gramflow.plan import make_plan

with job(snakemake.log[0]):
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    (output,) = snakemake.output
    check_unchanged(Layout(config).plan(render), output, f"styles.{render.style}")
    manifest = Manifest.load(Path(snakemake.input.manifest))
    weights = Weights.load(Path(snakemake.input.weights))
    make_plan(config, render, manifest, weights).save(Path(output))
