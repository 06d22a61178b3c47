from pathlib import Path

from gramflow.base.script import job
from gramflow.film.sizes import film_sizes
from gramflow.media.encode import try_out
from gramflow.media.probe import probe
from gramflow.media.source import Source
from gramflow.settings.config import load
from gramflow.store.layout import Layout, check_unchanged

with job(snakemake.log[0]):
    config, video = load(snakemake.config), snakemake.wildcards.video
    (output,) = snakemake.output
    check_unchanged(Layout(config).probe(video), output, f"videos.{video}.path")
    try_out(config.encode, film_sizes(config))
    source = Source.from_config(video, config.videos[video], snakemake.input.source)
    probe(source).save(Path(output))
