# What a person wants to see of a render besides the film.


rule plot_loss:
    input:
        get_records,
    output:
        report(
            "results/{render}.loss.png",
            caption="../workflow/report/loss.rst",
            category="{render}",
            labels={"picture": "loss"},
        ),
    log:
        "logs/plot_loss/{render}.log",
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/plot_loss.py"


rule measure:
    input:
        manifest=get_manifest,
        records=get_records,
    output:
        json="results/{render}.temporal.json",
        plot=report(
            "results/{render}.temporal.png",
            caption="../workflow/report/temporal.rst",
            category="{render}",
            labels={"picture": "steadiness"},
        ),
    log:
        "logs/measure/{render}.log",
    conda:
        "../envs/cpu.yaml"
    threads: 4
    resources:
        mem_mb=encode_mb,
        runtime=measure_minutes,
    script:
        "../scripts/measure.py"
