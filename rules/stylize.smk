# The painting: a job for the keyframes of each shot, and one for each pass over each segment. The
# only rule that needs the GPU.


rule stylize:
    input:
        # its own frames are in the claim: a new extraction of the same pixels paints nothing
        manifest=lambda wildcards: ancient(get_manifest(wildcards)),
        weights="work/weights.json",
        targets=get_targets,
        # a claim of its own holds what changes there; here only the order counts
        needs=lambda wildcards: ancient(get_records_needed(wildcards)),
    output:
        "work/renders/{render}/{part}.json",
    log:
        "logs/stylize/{render}/{part}.log",
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
