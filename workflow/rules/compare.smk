"""Families of networks trained alike and put side by side: ``snakemake compare --cores 4``.

With as many cores as one training takes, no training slows another while its speed is measured.
"""


use rule train_gan as train_family with:
    output:
        model=f"{RESULTS}/compare/{{family}}/model.safetensors",
        config=f"{RESULTS}/compare/{{family}}/config.yaml",
        history=f"{RESULTS}/compare/{{family}}/history.csv",
        metrics=f"{RESULTS}/compare/{{family}}/metrics.json",
        timing=f"{RESULTS}/compare/{{family}}/timing.json",
    log:
        f"{LOGS}/compare/{{family}}.log",
    benchmark:
        f"{BENCHMARKS}/compare/{{family}}.tsv"
    params:
        flags=family_flags,
        checkpoints=f"{RESULTS}/checkpoints/compare/{{family}}",
        on_nodes=on_nodes,
    message:
        "Train the WGAN-GP of the family {wildcards.family}"


rule compare:
    """Put quality, size and speed of the families in one table and figure."""
    input:
        program=f"{SCRIPTS}/compare.py",
        library=library("compare"),
        runs=expand(
            f"{RESULTS}/compare/{{family}}/{{file}}",
            family=settings.compare.families,
            file=["model.safetensors", "config.yaml", "metrics.json", "timing.json"],
        ),
        validation=expand(f"{RESULTS}/dataset/validation/part-{{part}}.parquet", part=PARTS),
    output:
        table=f"{RESULTS}/compare/compare.md",
        figure=f"{RESULTS}/compare/compare.png",
        results=f"{RESULTS}/compare/compare.json",
    log:
        f"{LOGS}/compare.log",
    benchmark:
        f"{BENCHMARKS}/compare.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        folder=subpath(output.table, parent=True),
        runs=[f"{RESULTS}/compare/{family}" for family in settings.compare.families],
    message:
        "Compare the families of networks"
    shell:
        "OMP_NUM_THREADS={threads} python {input.program}"
        " --runs {params.runs}"
        " --validation {input.validation}"
        " --output-dir {params.folder}"
        " 2>&1 | tee {log}"
