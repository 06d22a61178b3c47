# Encodes the painted frames and the video's sound as a film.


rule encode:
    input:
        again=lambda wildcards: again_product(wildcards.render, "film"),
        source=lambda wildcards: get_source(CONFIG.renders[wildcards.render]),
        probe=ancient(get_probe),
        manifest=ancient(get_manifest),
        plan=ancient(get_plan),
        records=ancient(get_records),
    output:
        # Snakemake's report shows files only
        film=(
            directory(LAYOUT.film)
            if IS_FOLDER
            else report(
                LAYOUT.film,
                caption="../workflow/report/film.rst",
                category="Films",
                labels=render_labels,
            )
        ),
        certificate=layout.CERTIFICATE.replace("{product}", "film"),
    log:
        "logs/encode/{render}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 4
    resources:
        mem_mb=encode_mb,
        runtime=encode_minutes,
        disk_mb=encoded_mb,
    script:
        "../scripts/encode.py"
