# Copies the finished films to an object store, through Snakemake's storage plugin.
PUBLISHED = []


if CONFIG.publish:
    ADDRESS = f"{CONFIG.publish}/{{render}}.{CONTAINER}"
    PUBLISHED = [storage(ADDRESS.format(render=name)) for name in CONFIG.renders]

    rule publish:
        input:
            LAYOUT.film,
        output:
            storage(ADDRESS),
        log:
            "logs/publish/{render}.log",
        conda:
            "../envs/cpu.yaml"
        resources:
            mem_mb=500,
            runtime=30,
        shell:
            "cp {input:q} {output:q} 2> {log:q}"
