import json
from pathlib import Path

from gramflow.job import job
from gramflow.media.probe import probe
from gramflow.media.source import Source

with job(snakemake.log[0]):
    video = json.loads(snakemake.params.video)
    source = Source.from_config(snakemake.wildcards.video, video, snakemake.input)
    probe(source).save(Path(snakemake.output[0]))
