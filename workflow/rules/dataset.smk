"""From events to normalised shards: split by shower, fit the normalisation, apply it, summarise.

Its id says which split a shower is in, so that the normalisation is fitted before any is written.
"""

EVENTS = expand(f"{RESULTS}/events/part-{{part}}.parquet", part=PARTS)
# what there is of each split: in physical units, and in network inputs
FORMS = ["splits", "dataset"]
# a line each that changes with the events, for rules that would list all of the shards as inputs
VALIDATION_HASH = f"{RESULTS}/dataset/validation.sha256"
TEST_HASH = f"{RESULTS}/dataset/test.sha256"
VALIDATION_SHARDS = expand(f"{RESULTS}/dataset/validation/part-{{part}}.parquet", part=PARTS)


rule fit_normalization:
    """Fit the map between physical units and network inputs on the training showers."""
    input:
        program=f"{SCRIPTS}/fit_normalization.py",
        library=library("fit_normalization"),
        # waits for the verdict on all files, but a new verdict is no new data
        quality=ancient(QUALITY),
        events=EVENTS,
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
        split=to_flags(settings.split),
    message:
        "Fit the normalisation on the training showers"
    shell:
        "python {input.program}"
        " {params.flags}"
        " {params.split}"
        " --events {input.events}"
        " --output {output.normalization}"
        " 2>&1 | tee {log}"


rule normalize:
    """Write a shard's training, validation and test showers, as they are and in network inputs."""
    input:
        program=f"{SCRIPTS}/normalize.py",
        library=library("normalize"),
        events=f"{RESULTS}/events/part-{{part}}.parquet",
        normalization=f"{RESULTS}/dataset/normalization.json",
    output:
        train=expand(f"{RESULTS}/{{form}}/train/part-{{{{part}}}}.parquet", form=FORMS),
        validation=expand(f"{RESULTS}/{{form}}/validation/part-{{{{part}}}}.parquet", form=FORMS),
        test=expand(f"{RESULTS}/{{form}}/test/part-{{{{part}}}}.parquet", form=FORMS),
    log:
        f"{LOGS}/normalize/part-{{part}}.log",
    benchmark:
        f"{BENCHMARKS}/normalize/part-{{part}}.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        flags=to_flags(settings.split),
    message:
        "Split and normalise shard {wildcards.part}"
    shell:
        "python {input.program}"
        " {params.flags}"
        " --events {input.events}"
        " --normalization {input.normalization}"
        " --train {output.train}"
        " --validation {output.validation}"
        " --test {output.test}"
        " 2>&1 | tee {log}"


rule summarize_dataset:
    """Count what the splits hold."""
    input:
        program=f"{SCRIPTS}/summarize_dataset.py",
        library=library("summarize_dataset"),
        quality=ancient(QUALITY),
        events=EVENTS,
    output:
        summary=f"{RESULTS}/dataset/summary.json",
        validation_hash=VALIDATION_HASH,
        test_hash=TEST_HASH,
    log:
        f"{LOGS}/summarize_dataset.log",
    benchmark:
        f"{BENCHMARKS}/summarize_dataset.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        flags=to_flags(settings.split),
    message:
        "Summarise the data"
    shell:
        "python {input.program}"
        " {params.flags}"
        " --events {input.events}"
        " --output {output.summary}"
        " --validation-hash {output.validation_hash}"
        " --test-hash {output.test_hash}"
        " 2>&1 | tee {log}"
