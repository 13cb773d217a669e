"""From events to normalised shards: split by shower, fit the normalisation, apply it, summarise."""


rule split:
    """Assign the showers of a shard to training, validation and test."""
    input:
        program=f"{SCRIPTS}/split.py",
        library=library("split"),
        # waits for the verdict on all files, but a new verdict is no new data
        quality=ancient(QUALITY),
        events=f"{RESULTS}/events/part-{{part}}.parquet",
    output:
        train=f"{RESULTS}/splits/train/part-{{part}}.parquet",
        validation=f"{RESULTS}/splits/validation/part-{{part}}.parquet",
        test=f"{RESULTS}/splits/test/part-{{part}}.parquet",
    log:
        f"{LOGS}/split/part-{{part}}.log",
    benchmark:
        f"{BENCHMARKS}/split/part-{{part}}.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        flags=to_flags(settings.split),
    message:
        "Split showers, shard {wildcards.part}"
    shell:
        "python {input.program}"
        " {params.flags}"
        " --events {input.events}"
        " --train {output.train}"
        " --validation {output.validation}"
        " --test {output.test}"
        " 2>&1 | tee {log}"


rule fit_normalization:
    """Fit the map between physical units and network inputs on the training showers."""
    input:
        program=f"{SCRIPTS}/fit_normalization.py",
        library=library("fit_normalization"),
        events=expand(f"{RESULTS}/splits/train/part-{{part}}.parquet", part=PARTS),
    output:
        normalization=f"{RESULTS}/dataset/normalization.json",
    log:
        f"{LOGS}/fit_normalization.log",
    benchmark:
        f"{BENCHMARKS}/fit_normalization.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        flags=to_flags(settings.fit_normalization),
    message:
        "Fit the normalisation on the training showers"
    shell:
        "python {input.program}"
        " {params.flags}"
        " --events {input.events}"
        " --output {output.normalization}"
        " 2>&1 | tee {log}"


rule normalize:
    """Write a shard's training, validation and test showers in network inputs."""
    input:
        program=f"{SCRIPTS}/normalize.py",
        library=library("normalize"),
        events=expand(f"{RESULTS}/splits/{{split}}/part-{{{{part}}}}.parquet", split=SPLITS),
        normalization=f"{RESULTS}/dataset/normalization.json",
    output:
        shards=expand(f"{RESULTS}/dataset/{{split}}/part-{{{{part}}}}.parquet", split=SPLITS),
    log:
        f"{LOGS}/normalize/part-{{part}}.log",
    benchmark:
        f"{BENCHMARKS}/normalize/part-{{part}}.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "Normalise shard {wildcards.part}"
    shell:
        "python {input.program}"
        " --events {input.events}"
        " --normalization {input.normalization}"
        " --output {output.shards}"
        " 2>&1 | tee {log}"


rule summarize_dataset:
    """Count what the splits hold."""
    input:
        program=f"{SCRIPTS}/summarize_dataset.py",
        library=library("summarize_dataset"),
        train=expand(f"{RESULTS}/splits/train/part-{{part}}.parquet", part=PARTS),
        validation=expand(f"{RESULTS}/splits/validation/part-{{part}}.parquet", part=PARTS),
        test=expand(f"{RESULTS}/splits/test/part-{{part}}.parquet", part=PARTS),
    output:
        summary=f"{RESULTS}/dataset/summary.json",
    log:
        f"{LOGS}/summarize_dataset.log",
    benchmark:
        f"{BENCHMARKS}/summarize_dataset.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    message:
        "Summarise the data"
    shell:
        "python {input.program}"
        " --train {input.train}"
        " --validation {input.validation}"
        " --test {input.test}"
        " --output {output.summary}"
        " 2>&1 | tee {log}"
