# Every frame of a video into the store, once; the manifest lists them.


checkpoint extract:
    input:
        source=get_source,
        probe="work/{video}/probe.json",
    output:
        manifest="work/{video}/manifest.json",
    log:
        "logs/extract/{video}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 4
    resources:
        mem_mb=extract_mb,
        runtime=extract_minutes,
        disk_mb=extracted_mb,
    params:
        video=lambda wildcards: video_settings(
            wildcards.video, *CONFIG.videos[wildcards.video]
        ),
        settings=lambda wildcards: extraction(wildcards.video),
        store=CONFIG.store,
    script:
        "../scripts/extract.py"
