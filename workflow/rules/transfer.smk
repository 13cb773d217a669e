"""The trained models on showers of another program: ``snakemake transfer``.

The files of ``transfer.files`` are ingested as a user's own are. What is inside the range of the
training is put beside the built-in simulation and the models, all of the same primaries.
"""

from fastsim.bundles.config.transfer import ResimulateConfig

TRANSFER = f"{RESULTS}/transfer"
TRAINED_ALTITUDE = settings.simulate.surface_altitude
ALTITUDES = [TRAINED_ALTITUDE]
if settings.transfer.surface_altitude not in (None, TRAINED_ALTITUDE):
    ALTITUDES.append(settings.transfer.surface_altitude)


rule select_transfer:
    """Choose the showers inside the range of the training, each at one depth."""
    input:
        program=f"{SCRIPTS}/select_transfer.py",
        library=library("select_transfer"),
        events=expand(f"{INGESTED}/part-{{part}}.parquet", part=FILE_PARTS),
        # not before it is known that few rows were refused
        quality=FILE_QUALITY,
    output:
        events=f"{TRANSFER}/events.parquet",
        selection=f"{TRANSFER}/selection.json",
    log:
        f"{LOGS}/transfer/select_transfer.log",
    benchmark:
        f"{BENCHMARKS}/transfer/select_transfer.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        simulation=settings.simulate.model_dump_json(),
        seed=settings.transfer.seed,
    message:
        "Select showers for the transfer"
    shell:
        "python {input.program}"
        " --events {input.events}"
        " --simulation {params.simulation:q}"
        " --seed {params.seed}"
        " --output {output.events}"
        " --selection {output.selection}"
        " 2>&1 | tee {log}"


rule resimulate:
    """Simulate the primaries of these showers with the built-in simulation."""
    input:
        program=f"{SCRIPTS}/resimulate.py",
        library=library("resimulate"),
        events=f"{TRANSFER}/events.parquet",
    output:
        events=f"{TRANSFER}/simulated/{{altitude}}.parquet",
    log:
        f"{LOGS}/transfer/resimulate/{{altitude}}.log",
    benchmark:
        f"{BENCHMARKS}/transfer/resimulate/{{altitude}}.tsv"
    wildcard_constraints:
        altitude=r"[\d.e-]+",
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1500,
        runtime=120,
    params:
        flags=resimulation_flags,
    message:
        "Simulate the primaries of the transfer, surface at {wildcards.altitude} m"
    shell:
        "python {input.program}"
        " {params.flags}"
        " --events {input.events}"
        " --output {output.events}"
        " 2>&1 | tee {log}"


use rule sample as sample_transfer with:
    input:
        program=f"{SCRIPTS}/sample.py",
        library=library("sample"),
        events=f"{TRANSFER}/events.parquet",
        normalization=f"{RESULTS}/dataset/normalization.json",
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        model=f"{RESULTS}/{{model}}/model.safetensors",
    output:
        events=f"{TRANSFER}/models/{{model}}.parquet",
        timing=f"{TRANSFER}/models/{{model}}.json",
    log:
        f"{LOGS}/transfer/sample/{{model}}.log",
    benchmark:
        f"{BENCHMARKS}/transfer/sample/{{model}}.tsv"
    message:
        "Generate bundles of the transfer with the model {wildcards.model}"


rule transfer:
    """Measure simulation and models against the showers."""
    input:
        program=f"{SCRIPTS}/transfer.py",
        library=library("transfer"),
        events=f"{TRANSFER}/events.parquet",
        selection=f"{TRANSFER}/selection.json",
        simulated=expand(
            f"{TRANSFER}/simulated/{{altitude}}.parquet", altitude=map("{:.10g}".format, ALTITUDES)
        ),
        models=expand(
            f"{TRANSFER}/models/{{model}}.parquet",
            model=[settings.bundle_model, *settings.compared_models],
        ),
    output:
        differences=f"{TRANSFER}/differences.json",
        page=f"{TRANSFER}/results.md",
    log:
        f"{LOGS}/transfer.log",
    benchmark:
        f"{BENCHMARKS}/transfer.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        flags=to_flags(settings.evaluate),
        muon_energy_min=settings.ingest.muon_energy_min,
    message:
        "Compare simulation and models with the showers of the transfer"
    shell:
        "OMP_NUM_THREADS={threads} python {input.program}"
        " {params.flags}"
        " --events {input.events}"
        " --selection {input.selection}"
        " --simulated {input.simulated}"
        " --models {input.models}"
        " --muon-energy-min {params.muon_energy_min}"
        " --differences {output.differences}"
        " --page {output.page}"
        " 2>&1 | tee {log}"
