import json
from pathlib import Path

from gramflow.job import job
from gramflow.media.probe import probe
from gramflow.media.source import Source, is_live

with job(snakemake.log[0]):
    video = json.loads(snakemake.params.video)
    recorded = Path(snakemake.input[0]) if is_live(video["path"]) else None
    source = Source.from_config(snakemake.wildcards.video, video, recorded)
    probe(source).save(Path(snakemake.output[0]))
