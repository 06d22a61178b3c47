# Makes the reports on a render: the plot of its loss and the measurement of its steadiness.


rule plot_loss:
    input:
        again=lambda wildcards: again_product(wildcards.render, "loss"),
        plan=ancient(get_plan),
        records=ancient(get_records),
    output:
        plot=report(
            layout.LOSS_PLOT,
            caption="../workflow/report/loss.rst",
            category="Loss",
            labels=render_labels,
        ),
        table=layout.LOSS_TABLE,
        certificate=layout.CERTIFICATE.replace("{product}", "loss"),
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
        again=lambda wildcards: again_product(wildcards.render, "temporal"),
        manifest=ancient(get_manifest),
        plan=ancient(get_plan),
        records=ancient(get_records),
    output:
        json=layout.TEMPORAL,
        plot=report(
            layout.TEMPORAL_PLOT,
            caption="../workflow/report/temporal.rst",
            category="Steadiness",
            labels=render_labels,
        ),
        certificate=layout.CERTIFICATE.replace("{product}", "temporal"),
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
