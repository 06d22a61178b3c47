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
