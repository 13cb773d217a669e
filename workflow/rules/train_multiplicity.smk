"""How many muons reach the depth."""


rule train_multiplicity:
    """Train the distribution of the number of muons given the primary.

    Checkpoints lie in an undeclared folder, since Snakemake removes declared outputs before a retry.
    A job that is told to end tells all its processes: the shell and tee wait for the training.
    """
    input:
        program=f"{SCRIPTS}/train_multiplicity.py",
        library=library("train_multiplicity"),
        train=expand(f"{RESULTS}/dataset/train/part-{{part}}.parquet", part=PARTS),
        # of shards that come from the jobs of the training shards
        validation=VALIDATION_HASH,
        normalization=f"{RESULTS}/dataset/normalization.json",
    output:
        model=f"{RESULTS}/multiplicity/model.safetensors",
        config=f"{RESULTS}/multiplicity/config.yaml",
        history=f"{RESULTS}/multiplicity/history.csv",
        metrics=f"{RESULTS}/multiplicity/metrics.json",
        timing=f"{RESULTS}/multiplicity/timing.json",
    log:
        f"{LOGS}/train_multiplicity.log",
    benchmark:
        f"{BENCHMARKS}/train_multiplicity.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2500,
        runtime=60,
        # no parameter: seen in another way, it is the same training
        tracking=tracking_flags(),
    params:
        # to list them as inputs, too, would take Snakemake long
        validation=VALIDATION_SHARDS,
        flags=to_flags(settings.train_multiplicity),
        folder=subpath(output.model, parent=True),
        checkpoints=f"{RESULTS}/checkpoints/multiplicity",
    message:
        "Train the multiplicity model"
    shell:
        "trap '' TERM USR1;"
        " python {input.program}"
        " {params.flags}"
        " --train {input.train}"
        " --validation {params.validation}"
        " --normalization {input.normalization}"
        " --checkpoints {params.checkpoints}"
        " --output-dir {params.folder}"
        " {resources.tracking}"
        # a full disk costs the log, not the training
        " 2>&1 | {{ tee {log} || true; }}"
