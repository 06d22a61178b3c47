# Probes each video; a camera or a stream is recorded first.


rule capture:
    output:
        layout.CAPTURE,
    log:
        "logs/capture/{video}.{digest}.log",
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=500,
        runtime=capture_minutes,
    params:
        video=lambda wildcards: CONFIG.videos[wildcards.video]["path"],
        seconds=lambda wildcards: CONFIG.videos[wildcards.video]["seconds"],
    script:
        "../scripts/capture.py"


rule probe:
    input:
        again=lambda wildcards: again_probe(wildcards.video),
        source=get_source,
    output:
        layout.PROBE,
    log:
        "logs/probe/{video}.{digest}.log",
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=probe_mb,
        runtime=10,
    script:
        "../scripts/probe.py"
