# The painted frames and the video's sound into a film.


rule encode:
    input:
        source=lambda wildcards: get_source(CONFIG.renders[wildcards.render]),
        probe=lambda wildcards: f"work/{CONFIG.renders[wildcards.render].video}/probe.json",
        manifest=get_manifest,
        records=get_records,
    output:
        report(
            "results/{render}.mp4",
            caption="../workflow/report/film.rst",
            category="{render}",
            labels={"picture": "film"},
        ),
    log:
        "logs/encode/{render}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 4
    resources:
        mem_mb=encode_mb,
        runtime=encode_minutes,
        disk_mb=encoded_mb,
    params:
        video=lambda wildcards: video_settings(
            CONFIG.renders[wildcards.render].video, "path", "fps", "start", "end"
        ),
        video_name=lambda wildcards: CONFIG.renders[wildcards.render].video,
        encode=canonical(CONFIG.encode),
        store=CONFIG.store,
    script:
        "../scripts/encode.py"
