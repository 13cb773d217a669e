"""Generated bundles."""


rule sample:
    """Generate one bundle for every primary of a test shard."""
    input:
        program=f"{SCRIPTS}/sample.py",
        library=library("sample"),
        events=f"{RESULTS}/splits/test/part-{{part}}.parquet",
        normalization=f"{RESULTS}/dataset/normalization.json",
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        multiplicity_config=f"{RESULTS}/multiplicity/config.yaml",
        gan_model=f"{RESULTS}/gan/model.safetensors",
        gan_config=f"{RESULTS}/gan/config.yaml",
    output:
        events=f"{RESULTS}/samples/part-{{part}}.parquet",
    log:
        f"{LOGS}/sample/part-{{part}}.log",
    benchmark:
        f"{BENCHMARKS}/sample/part-{{part}}.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        flags=to_flags(settings.sample),
        multiplicity=subpath(input.multiplicity_model, parent=True),
        gan=subpath(input.gan_model, parent=True),
    message:
        "Generate bundles, shard {wildcards.part}"
    shell:
        "OMP_NUM_THREADS={threads} python {input.program}"
        " {params.flags}"
        " --events {input.events}"
        " --normalization {input.normalization}"
        " --multiplicity {params.multiplicity}"
        " --gan {params.gan}"
        " --output {output.events}"
        " 2>&1 | tee {log}"
