from pathlib import Path

from gramflow.base.script import job
from gramflow.film.manifest import Manifest
from gramflow.media.probe import Probe
from gramflow.painting.masks import make_mask
from gramflow.settings.config import load
from gramflow.store.layout import unchanged

with job(snakemake.log[0]) as say:
    config, output = load(snakemake.config), snakemake.output[0]
    video, mask = snakemake.wildcards.video, snakemake.wildcards.mask
    manifest = Manifest.load(Path(snakemake.input.manifest))
    probe = Probe.load(Path(snakemake.input.probe))
    entry = f"videos.{video}.masks.{mask}"
    with unchanged(lambda at: at.mask(video, mask), config, output, entry):
        found = make_mask(config, video, mask, manifest, probe, say)
    found.save(Path(output))
