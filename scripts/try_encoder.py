import json
from pathlib import Path

from gramflow.files import write_json
from gramflow.job import job
from gramflow.media.encode import try_out

with job(snakemake.log[0]):
    try_out(*json.loads(snakemake.params.settings))
    write_json(Path(snakemake.output[0]), {"settings": snakemake.params.settings})
