"""Generated bundles, and their export in the layouts of MuoniTron's users."""

from fastsim.bundles.config.sample import GenerationConfig

TEST_EVENTS = expand(f"{RESULTS}/splits/test/part-{{part}}.parquet", part=PARTS)
SAMPLE_PARTS = part_names(min(settings.sample.shards, len(PARTS)))
SAMPLES = expand(f"{RESULTS}/samples/part-{{part}}.parquet", part=SAMPLE_PARTS)
TIMINGS = expand(f"{RESULTS}/samples/part-{{part}}.json", part=SAMPLE_PARTS)
EXPORT_LAYOUTS = {"parquet": "muonitron", "h5": "hdf5"}
EXPORTS = expand(
    f"{RESULTS}/samples/export/part-{{part}}.{{suffix}}",
    part=SAMPLE_PARTS,
    suffix=[
        suffix for suffix, layout in EXPORT_LAYOUTS.items() if layout in settings.sample.export
    ],
)


rule sample:
    """Generate one bundle for every primary of a share of the test shards."""
    input:
        program=f"{SCRIPTS}/sample.py",
        library=library("sample"),
        events=test_events_of,
        normalization=f"{RESULTS}/dataset/normalization.json",
        # the config.yaml of each comes from the same job
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        model=f"{MODEL}/model.safetensors",
    output:
        events=f"{RESULTS}/samples/part-{{part}}.parquet",
        timing=f"{RESULTS}/samples/part-{{part}}.json",
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
        flags=to_flags(settings.sample, GenerationConfig),
        events=input_events,
        multiplicity=subpath(input.multiplicity_model, parent=True),
        model=subpath(input.model, parent=True),
    message:
        "Generate bundles, shard {wildcards.part}"
    shell:
        "OMP_NUM_THREADS={threads} python {input.program}"
        " {params.flags}"
        " --events {params.events}"
        " --normalization {input.normalization}"
        " --multiplicity {params.multiplicity}"
        " --model {params.model}"
        " --output {output.events}"
        " --timing {output.timing}"
        " 2>&1 | tee {log}"


rule export:
    """Write a shard of generated bundles as MuoniTron Parquet or HDF5."""
    input:
        program=f"{SCRIPTS}/export.py",
        library=library("export"),
        events=f"{RESULTS}/samples/part-{{part}}.parquet",
    output:
        events=f"{RESULTS}/samples/export/part-{{part}}.{{suffix}}",
    log:
        f"{LOGS}/export/part-{{part}}.{{suffix}}.log",
    benchmark:
        f"{BENCHMARKS}/export/part-{{part}}.{{suffix}}.tsv"
    wildcard_constraints:
        suffix="|".join(EXPORT_LAYOUTS),
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        layout=lookup(dpath="{suffix}", within=EXPORT_LAYOUTS),
    message:
        "Export bundles, shard {wildcards.part}, {params.layout}"
    shell:
        "python {input.program}"
        " --events {input.events}"
        " --layout {params.layout}"
        " --output {output.events}"
        " 2>&1 | tee {log}"
