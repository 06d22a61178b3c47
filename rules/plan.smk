# Plans the painting jobs of a render. They are only known once the frames and the weights are, so
# this is a checkpoint, after which Snakemake evaluates the workflow again.


checkpoint plan:
    input:
        again=lambda wildcards: again_plan(wildcards.render),
        manifest=get_manifest,
        weights=LAYOUT.weights,
        masks=get_masks,
        # not read; so that they are there when the inputs of this render's jobs are looked for
        plans=ancient(get_plans_needed),
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
