# Decodes every frame of a video into the store, once; the manifest lists them.


rule extract:
    input:
        again=lambda wildcards: again_manifest(wildcards.video),
        source=get_source,
        probe=get_probe_of_video,
    output:
        layout.MANIFEST,
    log:
        "logs/extract/{video}.{digest}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 4
    resources:
        mem_mb=extract_mb,
        runtime=extract_minutes,
        disk_mb=extracted_mb,
    script:
        "../scripts/extract.py"
