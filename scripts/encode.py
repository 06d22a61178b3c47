import json
from pathlib import Path

from gramflow import store
from gramflow.job import job
from gramflow.manifest import Manifest
from gramflow.media.encode import encode
from gramflow.media.probe import Probe
from gramflow.media.source import Source
from gramflow.records import keys_in

with job(snakemake.log[0]) as say:
    video = json.loads(snakemake.params.video)
    painted = store.painted(snakemake.params.store)
    encode(
        Manifest.load(Path(snakemake.input.manifest)),
        Probe.load(Path(snakemake.input.probe)),
        Source.from_config(snakemake.params.video_name, video, snakemake.input.source),
        [painted.path(key) for key in keys_in(snakemake.input.records)],
        Path(snakemake.output[0]),
        json.loads(snakemake.params.encode),
        say,
    )
