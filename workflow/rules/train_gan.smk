"""Which energies and positions the muons have."""


rule train_gan:
    """Train the conditional WGAN-GP, one process per GPU or one on the CPU.

    Checkpoints lie in an undeclared folder, since Snakemake removes declared outputs before a retry.
    """
    input:
        program=f"{SCRIPTS}/train_gan.py",
        library=library("train_gan"),
        train=expand(f"{RESULTS}/dataset/train/part-{{part}}.parquet", part=PARTS),
        validation=expand(f"{RESULTS}/dataset/validation/part-{{part}}.parquet", part=PARTS),
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
        flags=to_flags(settings.train_gan),
        folder=subpath(output.model, parent=True),
        checkpoints=f"{RESULTS}/checkpoints/gan",
    message:
        "Train the WGAN-GP"
    shell:
        "OMP_NUM_THREADS={threads} torchrun --standalone"
        " --signals-to-handle SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1"
        " --nproc-per-node $(({resources.gpu} > 0 ? {resources.gpu} : 1))"
        " {input.program}"
        " {params.flags}"
        " --train {input.train}"
        " --validation {input.validation}"
        " --normalization {input.normalization}"
        " --checkpoints {params.checkpoints}"
        " --output-dir {params.folder}"
        " {resources.tracking}"
        " 2>&1 | tee {log}"
