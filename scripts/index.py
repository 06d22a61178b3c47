from pathlib import Path

from gramflow.base.files import write_bytes
from gramflow.base.script import job
from gramflow.settings.config import load
from gramflow.view.page import index

with job(snakemake.log[0]):
    page = index(load(snakemake.config)).encode()
    for path in (*snakemake.params.page, *snakemake.output):
        write_bytes(Path(path), page)
