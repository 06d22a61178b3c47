from pathlib import Path

from gramflow.base.script import job
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan
from gramflow.media.probe import Probe
from gramflow.settings.config import load
from gramflow.store.products import certify
from gramflow.store.records import load_all
from gramflow.view.page import Made, PageFiles, write_page
from gramflow.view.temporal import TemporalReport

with job(snakemake.log[0]) as say:
    config = load(snakemake.config)
    render = config.renders[snakemake.wildcards.render]
    plan = Plan.load(Path(snakemake.input.plan))
    *made, certificate = map(Path, snakemake.output)
    write_page(
        config,
        render,
        Made(
            Manifest.load(Path(snakemake.input.manifest)),
            Probe.load(Path(snakemake.input.probe)),
            plan,
            load_all(snakemake.input.records),
            TemporalReport.load(Path(snakemake.input.temporal)),
            Path(snakemake.input.film),
        ),
        PageFiles(*made),
        say,
    )
    certify(config, render, plan, "page", map(str, made), certificate, snakemake.input.probe)
