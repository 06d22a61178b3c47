import json
from dataclasses import replace
from pathlib import Path

from gramflow import store
from gramflow.job import job
from gramflow.media.extract import extract
from gramflow.media.probe import Probe
from gramflow.media.source import Source

with job(snakemake.log[0]) as say:
    video = json.loads(snakemake.params.video)
    source = Source.from_config(snakemake.wildcards.video, video, snakemake.input.source)
    frames = store.frames(snakemake.params.store)
    manifest = extract(
        source, Probe.load(Path(snakemake.input.probe)), frames, say, snakemake.threads
    )
    manifest = replace(manifest, settings=snakemake.params.settings)
    manifest.save(Path(snakemake.output.manifest))
