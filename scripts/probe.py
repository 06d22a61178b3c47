import json
from pathlib import Path

from gramflow.config import load
from gramflow.job import job
from gramflow.media.encode import try_out
from gramflow.media.probe import probe
from gramflow.media.source import Source
from gramflow.recipes import film_sizes

with job(snakemake.log[0]):
    # not in the params: other settings of the encoder are no reason to probe and extract again
    config = load(snakemake.config)
    try_out(config.encode, film_sizes(config))
    video = json.loads(snakemake.params.video)
    source = Source.from_config(snakemake.wildcards.video, video, snakemake.input)
    probe(source).save(Path(snakemake.output[0]))
