# What is to be matched of a style: computed once, shared by every video.


rule weights:
    input:
        mounted(WEIGHTS_FILES),
    output:
        "work/weights.json",
    log:
        "logs/weights.log",
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        settings=WEIGHTS_SETTINGS,
    script:
        "../scripts/weights.py"


rule targets:
    input:
        weights="work/weights.json",
        images=lambda wildcards: mounted(
            CONFIG.styles[TARGETS[wildcards.target].style].images
        ),
    output:
        "work/targets/{target}.npz",
    log:
        "logs/targets/{target}.log",
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=targets_mb,
        runtime=20,
    script:
        "../scripts/targets.py"
