# Copies the finished films to an object store, through Snakemake's storage plugin.
PUBLISHED = []


if CONFIG.publish:
    PUBLISHED = [storage(f"{CONFIG.publish}/{name}.mp4") for name in CONFIG.renders]

    rule publish:
        input:
            layout.FILM,
        output:
            storage(f"{CONFIG.publish}/{{render}}.mp4"),
        log:
            "logs/publish/{render}.log",
        conda:
            "../envs/cpu.yaml"
        resources:
            mem_mb=500,
            runtime=30,
        shell:
            "cp {input:q} {output:q} 2> {log:q}"
