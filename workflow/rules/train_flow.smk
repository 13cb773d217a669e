"""Which energies and positions the muons have, by their likelihood (``bundle_model: flow``)."""


rule train_flow:
    """Train the flow, one process per GPU or one on the CPU; checkpoints as of the GAN."""
    input:
        program=f"{SCRIPTS}/train_flow.py",
        launcher=LAUNCHER,
        library=library("train_flow"),
        train=expand(f"{RESULTS}/dataset/train/part-{{part}}.parquet", part=PARTS),
        # of shards that come from the jobs of the training shards
        validation=VALIDATION_HASH,
        normalization=f"{RESULTS}/dataset/normalization.json",
    output:
        model=f"{RESULTS}/flow/model.safetensors",
        config=f"{RESULTS}/flow/config.yaml",
        history=f"{RESULTS}/flow/history.csv",
        metrics=f"{RESULTS}/flow/metrics.json",
        timing=f"{RESULTS}/flow/timing.json",
    log:
        f"{LOGS}/train_flow.log",
    benchmark:
        f"{BENCHMARKS}/train_flow.tsv"
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
        flags=to_flags(settings.train_flow),
        folder=subpath(output.model, parent=True),
        checkpoints=f"{RESULTS}/checkpoints/flow",
        on_nodes=on_nodes,
    message:
        "Train the flow"
    shell:
        TRAIN_ON_ALL_GPUS
