# The finished films where others find them: an object store, through Snakemake's plugin for it.


def get_published(_):
    """The films' copies, if there are to be any."""
    if CONFIG.publish is None:
        return []
    return [storage(f"{CONFIG.publish}/{render}.mp4") for render in CONFIG.renders]


if CONFIG.publish:

    rule publish:
        input:
            "results/{render}.mp4",
        output:
            storage(CONFIG.publish + "/{render}.mp4"),
        log:
            "logs/publish/{render}.log",
        conda:
            "../envs/cpu.yaml"
        resources:
            mem_mb=500,
            runtime=30,
        shell:
            "cp {input} {output} 2> {log}"
