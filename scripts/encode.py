from pathlib import Path

from gramflow.base.files import canonical
from gramflow.base.script import job
from gramflow.film.description import describe
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan
from gramflow.media.encode import encode
from gramflow.media.grain import film_grain
from gramflow.media.probe import Probe
from gramflow.media.source import Source
from gramflow.settings.config import load
from gramflow.store.frames import extracted_store, painted_store
from gramflow.store.layout import unchanged
from gramflow.store.products import certify

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    plan = Plan.load(Path(snakemake.input.plan))
    manifest = Manifest.load(Path(snakemake.input.manifest))
    looks = [config.looks[render.look_of(n + 1)] for n in range(len(manifest.shots))]
    entry = f"videos.{render.video}.path"  # the sound is read from it
    with unchanged(lambda at: at.probe(render.video), config, snakemake.input.probe, entry):
        encode(
            manifest,
            Probe.load(Path(snakemake.input.probe)),
            Source.from_config(render.video, config.videos[render.video], snakemake.input.source),
            painted_store(config.store),
            plan.frames,
            Path(snakemake.output.film),
            config.encode,
            say,
            canonical(describe(config, render, plan.weights)),
            film_grain(manifest, extracted_store(config.store), plan.size, looks, say),
        )
    made = [snakemake.output.film]
    probe, certificate = snakemake.input.probe, Path(snakemake.output.certificate)
    certify(config, render, plan, "film", made, certificate, probe)
