# Finds the network's weights, and computes the targets of a style, which every video shares.


rule weights:
    input:
        again=lambda _: again_weights(),
        file=mounted(LAYOUT.weights_files),
    output:
        layout.WEIGHTS,
    log:
        "logs/weights.{digest}.log",
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=3000,
        runtime=30,
    script:
        "../scripts/weights.py"


rule targets:
    input:
        again=lambda wildcards: again_arrays(layout.TARGETS.format(**wildcards)),
        weights=ancient(LAYOUT.weights),
        images=lambda wildcards: mounted(target_of(wildcards)[0].files),
    output:
        layout.TARGETS,
    log:
        "logs/targets/{target}.log",
    conda:
        "../envs/cpu.yaml"
    # as many as the painting has: sums of another number of threads can differ in the last bit
    threads: painting_threads
    resources:
        mem_mb=targets_mb,
        runtime=20,
    script:
        "../scripts/targets.py"
