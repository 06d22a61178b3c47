# Where `snakemake` starts; the importable workflow is workflow/Snakefile.
include: "workflow/Snakefile"


rule everything:
    default_target: True
    input:
        rules.all.input,
