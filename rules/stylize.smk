# The painting: one job per segment, the only one that needs the GPU.


rule stylize:
    input:
        # its own frames are in the claim: a new extraction of the same pixels paints nothing
        manifest=lambda wildcards: ancient(get_manifest(wildcards)),
        weights="work/weights.json",
        targets=get_targets,
        # a claim of its own holds what changes there; here only the order counts
        before=lambda wildcards: ancient(get_record_before(wildcards)),
    output:
        "work/renders/{render}/{segment}.json",
    log:
        "logs/stylize/{render}/{segment}.log",
    conda:
        "../envs/cuda.yaml"
    threads: painting_threads
    resources:
        gpu=1,
        mem_mb=painting_mb,
        runtime=painting_minutes,
        disk_mb=painted_mb,
    params:
        claim=get_claim,
    script:
        "../scripts/stylize.py"
