from pathlib import Path

from gramflow import store
from gramflow.config import load
from gramflow.job import job
from gramflow.manifest import Manifest
from gramflow.media.encode import encode
from gramflow.media.probe import Probe
from gramflow.media.source import Source
from gramflow.plan import Plan
from gramflow.products import certify

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    plan = Plan.load(Path(snakemake.input.plan))
    encode(
        Manifest.load(Path(snakemake.input.manifest)),
        Probe.load(Path(snakemake.input.probe)),
        Source.from_config(render.video, config.videos[render.video], snakemake.input.source),
        store.painted(config.store),
        plan.frames,
        Path(snakemake.output.film),
        config.encode,
        say,
    )
    made = [snakemake.output.film]
    certify(config, render, plan, "film", made, Path(snakemake.output.certificate))
