"""Which energies and positions the muons have."""


rule train_gan:
    """Train the conditional WGAN-GP, one process per GPU or one on the CPU.

    Checkpoints lie in an undeclared folder, since Snakemake removes declared outputs before a retry.
    A job that is told to end tells all its processes: the shell and tee wait for the training.
    """
    input:
        program=f"{SCRIPTS}/train_gan.py",
        launcher=LAUNCHER,
        library=library("train_gan"),
        train=expand(f"{RESULTS}/dataset/train/part-{{part}}.parquet", part=PARTS),
        # of shards that come from the jobs of the training shards
        validation=VALIDATION_HASH,
        normalization=f"{RESULTS}/dataset/normalization.json",
    output:
        model=f"{RESULTS}/gan/model.safetensors",
        config=f"{RESULTS}/gan/config.yaml",
        history=f"{RESULTS}/gan/history.csv",
        metrics=f"{RESULTS}/gan/metrics.json",
        timing=f"{RESULTS}/gan/timing.json",
    log:
        f"{LOGS}/train_gan.log",
    benchmark:
        f"{BENCHMARKS}/train_gan.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 4
    resources:
        mem_mb=3000,
        runtime=720,
        gpu=count_gpus(),
        # no parameter: seen in another way, it is the same training
        tracking=tracking_flags(),
    params:
        # to list them as inputs, too, would take Snakemake long
        validation=VALIDATION_SHARDS,
        flags=to_flags(settings.train_gan),
        folder=subpath(output.model, parent=True),
        checkpoints=f"{RESULTS}/checkpoints/gan",
        on_nodes=on_nodes,
    message:
        "Train the WGAN-GP"
    shell:
        TRAIN_ON_ALL_GPUS
