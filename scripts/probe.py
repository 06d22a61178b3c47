from pathlib import Path

from gramflow.base.script import job
from gramflow.film.sizes import film_sizes
from gramflow.media.encode import try_out
from gramflow.media.probe import probe
from gramflow.media.source import Source
from gramflow.settings.config import load
from gramflow.store.layout import unchanged

with job(snakemake.log[0]):
    config, video = load(snakemake.config), snakemake.wildcards.video
    (output,) = snakemake.output
    try_out(config.encode, film_sizes(config))
    source = Source.from_config(video, config.videos[video], snakemake.input.source)
    with unchanged(lambda at: at.probe(video), config, output, f"videos.{video}.path"):
        facts = probe(source)
    facts.save(Path(output))
