# Copies the finished films to an object store, through Snakemake's storage plugin.
PUBLISHED = []


if CONFIG.publish:
    PUBLISHED = [storage(f"{CONFIG.publish}/{name}.{CONTAINER}") for name in CONFIG.renders]

    rule publish:
        input:
            LAYOUT.film,
        output:
            storage(f"{CONFIG.publish}/{{render}}.{CONTAINER}"),
        log:
            "logs/publish/{render}.log",
        conda:
            "../envs/cpu.yaml"
        resources:
            mem_mb=500,
            runtime=30,
        shell:
            "cp {input:q} {output:q} 2> {log:q}"
