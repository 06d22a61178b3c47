# Makes the masks of videos: which part of each frame belongs to a region. One job per mask.


rule mask:
    input:
        again=lambda wildcards: again_mask(wildcards.video, wildcards.mask),
        files=lambda wildcards: mounted(
            LAYOUT.mask_files(wildcards.video, wildcards.mask)
        ),
        probe=lambda wildcards: LAYOUT.probe(wildcards.video),
        manifest=lambda wildcards: LAYOUT.manifest(wildcards.video),
    output:
        layout.MASK,
    log:
        "logs/mask/{video}.{mask}.{digest}.log",
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=mask_mb,
        runtime=mask_minutes,
    script:
        "../scripts/mask.py"
