from pathlib import Path

from gramflow.base.script import job
from gramflow.media.capture import capture

with job(snakemake.log[0]) as say:
    capture(
        f"videos.{snakemake.wildcards.video}.path",
        snakemake.params.video,
        snakemake.params.seconds,
        Path(snakemake.output[0]),
        say,
    )
