# What each job of a render paints. What is painted is only known with the frames and the weights, so
# this is where Snakemake looks at the workflow again.


checkpoint plan:
    input:
        again=lambda wildcards: again_plan(wildcards.render),
        manifest=get_manifest,
        weights=LAYOUT.weights,
    output:
        layout.PLAN,
    log:
        "logs/plan/{render}.{digest}.log",
    localrule: True
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/plan.py"
