# What each video is; a camera or a stream is recorded first.


rule capture:
    output:
        "work/{video}/capture.mkv",
    log:
        "logs/capture/{video}.log",
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
        get_source,
    output:
        "work/{video}/probe.json",
    log:
        "logs/probe/{video}.log",
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=probe_mb,
        runtime=10,
    params:
        video=lambda wildcards: video_settings(wildcards.video, "path", "fps"),
        files=lambda wildcards: extraction(wildcards.video),
    script:
        "../scripts/probe.py"
