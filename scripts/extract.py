import json
from pathlib import Path

from gramflow import store
from gramflow.job import job
from gramflow.media.extract import extract
from gramflow.media.probe import Probe
from gramflow.media.source import Source, is_live

with job(snakemake.log[0]) as say:
    video = json.loads(snakemake.params.video)
    recorded = Path(snakemake.input.source) if is_live(video["path"]) else None
    source = Source.from_config(snakemake.wildcards.video, video, recorded)
    frames = store.frames(snakemake.params.store)
    manifest = extract(source, Probe.load(Path(snakemake.input.probe)), frames, say)
    manifest.save(Path(snakemake.output.manifest))
