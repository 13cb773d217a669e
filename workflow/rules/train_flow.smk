"""Which energies and positions the muons have, by their likelihood (``bundle_model: flow``)."""


# on the same processes, with the same checkpoints as the GAN: one or the other is trained
use rule train_gan as train_flow with:
    input:
        program=f"{SCRIPTS}/train_flow.py",
        launcher=LAUNCHER,
        library=library("train_flow"),
        train=expand(f"{RESULTS}/dataset/train/part-{{part}}.parquet", part=PARTS),
        validation=expand(f"{RESULTS}/dataset/validation/part-{{part}}.parquet", part=PARTS),
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
    params:
        flags=to_flags(settings.train_flow),
        folder=subpath(output.model, parent=True),
        checkpoints=f"{RESULTS}/checkpoints/flow",
        on_nodes=on_nodes,
    message:
        "Train the flow"
