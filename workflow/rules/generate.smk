"""Bundles for the user's own primaries: ``snakemake generate``."""

import re

from fastsim.bundles.config.sample import GenerationConfig

GENERATED = f"{RESULTS}/generated"


def primaries_file():
    """Return the table of primaries that the config names."""
    file = settings.generate.primaries
    if not Path(file).is_file():
        raise InputError(f"{CONFIG_FILES}: generate.primaries: {file}: no such file")
    if re.search("[{}]", file):
        raise InputError(f"{file}: Snakemake takes braces for a wildcard; rename the file")
    return file


rule read_primaries:
    """Check the table of primaries and write it as an event table without muons."""
    input:
        program=f"{SCRIPTS}/read_primaries.py",
        library=library("read_primaries"),
        primaries=or_stop(primaries_file),
        summary=f"{RESULTS}/dataset/summary.json",
    output:
        events=f"{GENERATED}/primaries.parquet",
    log:
        f"{LOGS}/generate/read_primaries.log",
    benchmark:
        f"{BENCHMARKS}/generate/read_primaries.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        state=states([settings.generate.primaries]),
    message:
        "Read the primaries to generate bundles for"
    shell:
        "python {input.program}"
        " --primaries {input.primaries:q}"
        " --summary {input.summary}"
        " --output {output.events}"
        " 2>&1 | tee {log}"


use rule sample as generate with:
    input:
        program=f"{SCRIPTS}/sample.py",
        library=library("sample"),
        events=f"{GENERATED}/primaries.parquet",
        normalization=f"{RESULTS}/dataset/normalization.json",
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        model=f"{MODEL}/model.safetensors",
    output:
        events=f"{GENERATED}/bundles.parquet",
        timing=f"{GENERATED}/timing.json",
    log:
        f"{LOGS}/generate/generate.log",
    benchmark:
        f"{BENCHMARKS}/generate/generate.tsv"
    params:
        flags=to_flags(settings.generate, GenerationConfig),
    message:
        "Generate bundles for the given primaries"
