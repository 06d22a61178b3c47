from pathlib import Path

from gramflow.base.files import write_bytes
from gramflow.base.script import job
from gramflow.settings.config import load
from gramflow.store.layout import INDEX
from gramflow.view.page import index

with job(snakemake.log[0]):
    page = index(load(snakemake.config)).encode()
    write_bytes(Path(INDEX), page)
    write_bytes(Path(snakemake.output[0]), page)
