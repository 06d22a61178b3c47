# Lets the stylizers learn that have something to learn before they paint, once for a render: from the
# film's frames, and from those that another look has painted. As in rule stylize, times do not matter.


rule train:
    input:
        again=lambda wildcards: again_arrays(layout.TRAINED.format(**wildcards)),
        plan=ancient(get_plan),
        manifest=ancient(get_manifest),
        targets=ancient(get_targets),
        examples=ancient(get_examples),
    output:
        layout.TRAINED,
    log:
        "logs/train/{render}.{digest}.log",
    conda:
        "../envs/cuda.yaml"
    threads: painting_threads
    resources:
        gpu=1,
        mem_mb=training_mb,
        runtime=training_minutes,
    script:
        "../scripts/train.py"
