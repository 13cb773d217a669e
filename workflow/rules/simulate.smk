"""Air showers and their muons at the depths, when `events.source` is simulate."""

from fastsim.bundles.config.simulate import ShowerConfig

PARTS = part_names(settings.simulate.shards)
QUALITY = []
QUALITY_FLAG = ""
SPECTRAL_INDEX = settings.simulate.spectral_index


rule simulate:
    """Simulate a shard's air showers and bring their muons through the ice."""
    input:
        program=f"{SCRIPTS}/simulate.py",
        library=library("simulate"),
    output:
        events=f"{RESULTS}/events/part-{{part}}.parquet",
    log:
        f"{LOGS}/simulate/part-{{part}}.log",
    benchmark:
        f"{BENCHMARKS}/simulate/part-{{part}}.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1500,
        runtime=120,
    params:
        flags=to_flags(settings.simulate, ShowerConfig),
        showers=shower_range,
    message:
        "Simulate air showers, shard {wildcards.part}"
    shell:
        "python {input.program}"
        " {params.flags}"
        " {params.showers}"
        " --output {output.events}"
        " 2>&1 | tee {log}"
