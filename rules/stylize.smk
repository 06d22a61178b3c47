# Paints: a job for the keyframes of each shot, and one for each pass over each segment. The only
# rule that needs a GPU. The claim in the output's name covers all that its frames depend on, so the
# inputs are `ancient`: their times do not matter.


rule stylize:
    input:
        again=lambda wildcards: again_record(wildcards.render, wildcards.part),
        plan=ancient(get_plan),
        manifest=ancient(get_manifest),
        masks=ancient(get_masks),
        targets=ancient(get_targets),
        examples=ancient(get_examples),
        trained=ancient(get_trained),
        needs=ancient(get_records_needed),
    output:
        layout.RECORD,
    log:
        "logs/stylize/{render}/{part}.{claim}.log",
    conda:
        "../envs/cuda.yaml"
    threads: painting_threads
    resources:
        gpu=1,
        mem_mb=painting_mb,
        runtime=painting_minutes,
        disk_mb=painted_mb,
        frames=frames_to_paint,
    script:
        "../scripts/stylize.py"
