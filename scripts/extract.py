from pathlib import Path

from gramflow.base.progress import WARNING
from gramflow.base.script import job
from gramflow.media.extract import extract
from gramflow.media.probe import Probe
from gramflow.media.source import Source
from gramflow.settings.config import load
from gramflow.store.frames import extracted_store
from gramflow.store.layout import FORMER_MANIFEST, unchanged

with job(snakemake.log[0]) as say:
    config, video = load(snakemake.config), snakemake.wildcards.video
    output = snakemake.output[0]
    if Path(FORMER_MANIFEST.format(video=video)).is_file():
        say(
            f"{WARNING}videos.{video}: this folder is of an older gramflow; its extracted frames "
            "are used again, its painted ones are left alone"
        )
    source = Source.from_config(video, config.videos[video], snakemake.input.source)
    probe, frames = Probe.load(Path(snakemake.input.probe)), extracted_store(config.store)
    with unchanged(lambda at: at.manifest(video), config, output, f"videos.{video}.path"):
        manifest = extract(source, probe, frames, say, snakemake.threads)
    manifest.save(Path(output))
