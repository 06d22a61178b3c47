# Makes the page of a run: for each render what the page shows of it, and the page itself. The page is
# also written at the start of a run, so that it can be watched growing, and at the end of one that
# has failed, to tell what is missing.
import time

from gramflow.view import page as view_page
from gramflow.view.failures import failures

BEGUN = time.time()


onstart:
    if not APART:
        view_page.begin(CONFIG, unmade())


onerror:
    if not APART:
        view_page.end(CONFIG, failures(unmade().values(), Path("logs"), BEGUN))


rule page:
    input:
        again=lambda wildcards: again_product(wildcards.render, "page"),
        film=ancient(LAYOUT.film),
        probe=ancient(get_probe),
        manifest=ancient(get_manifest),
        plan=ancient(get_plan),
        records=ancient(get_records),
        temporal=ancient(layout.TEMPORAL),
        images=ancient(get_pictures),
    output:
        data=layout.PAGE,
        source=layout.PAGE_SOURCE,
        picture=layout.PAGE_PICTURE,
        sheet=report(
            layout.SHEET,
            caption="../workflow/report/sheet.rst",
            category="Contact sheets",
            labels=render_labels,
        ),
        film_copy=[layout.PAGE_FILM] if NEEDS_COPIES else [],
        certificate=layout.CERTIFICATE.replace("{product}", "page"),
    log:
        "logs/page/{render}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 4
    resources:
        mem_mb=page_mb,
        runtime=page_minutes,
        disk_mb=encoded_mb,
    script:
        "../scripts/page.py"


rule index:
    input:
        again=again_index,
        pages=expand(layout.PAGE, render=CONFIG.renders),
    output:
        INDEX,
    log:
        "logs/index.log",
    localrule: True
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        page=[] if APART else [layout.INDEX],
    script:
        "../scripts/index.py"
