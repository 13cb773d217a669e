"""The trained models on showers that nobody has looked at: ``snakemake blind_test``.

They are simulated as the others, with another seed and one depth each, so that events are
independent; nothing is trained or chosen with them.
"""

BLIND = f"{RESULTS}/blind_test"
BLIND_PARTS = part_names(settings.blind_test.shards)
BLIND_EVENTS = expand(f"{BLIND}/events/part-{{part}}.parquet", part=BLIND_PARTS)
BLIND_SHOWERS = settings.simulate.model_copy(
    update={"seed": settings.blind_test.seed, "one_depth_per_shower": True}
)
BLIND_MODELS = [settings.bundle_model, *settings.compared_models]

# the first of the showers again, with other models of hadronic interactions
HADRONIC_PARTS = BLIND_PARTS[: settings.blind_test.hadronic_shards]
OTHER_SIMULATIONS = expand(
    f"{BLIND}/hadronic/{{hadronic}}", hadronic=settings.blind_test.hadronic_models
)


use rule simulate as simulate_blind with:
    output:
        events=f"{BLIND}/events/part-{{part}}.parquet",
    log:
        f"{LOGS}/blind_test/simulate/part-{{part}}.log",
    benchmark:
        f"{BENCHMARKS}/blind_test/simulate/part-{{part}}.tsv"
    params:
        flags=to_flags(BLIND_SHOWERS, ShowerConfig),
        showers=blind_shower_range,
    message:
        "Simulate air showers of the blind test, shard {wildcards.part}"


use rule simulate as simulate_hadronic with:
    output:
        events=f"{BLIND}/hadronic/{{hadronic}}/part-{{part}}.parquet",
    log:
        f"{LOGS}/blind_test/hadronic/{{hadronic}}/part-{{part}}.log",
    benchmark:
        f"{BENCHMARKS}/blind_test/hadronic/{{hadronic}}/part-{{part}}.tsv"
    params:
        flags=other_hadronic_flags,
        showers=blind_shower_range,
    message:
        "Simulate air showers with {wildcards.hadronic}, shard {wildcards.part}"


use rule sample as sample_blind with:
    input:
        program=f"{SCRIPTS}/sample.py",
        library=library("sample"),
        events=BLIND_EVENTS,
        normalization=f"{RESULTS}/dataset/normalization.json",
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        model=f"{RESULTS}/{{model}}/model.safetensors",
    output:
        events=expand(f"{BLIND}/{{{{model}}}}/samples/part-{{part}}.parquet", part=BLIND_PARTS),
        timing=f"{BLIND}/{{model}}/samples/timing.json",
    log:
        f"{LOGS}/blind_test/{{model}}/sample.log",
    benchmark:
        f"{BENCHMARKS}/blind_test/{{model}}/sample.tsv"
    params:
        events=BLIND_EVENTS,
    message:
        "Generate bundles of the blind test with the model {wildcards.model}"


use rule evaluate as evaluate_blind with:
    input:
        program=f"{SCRIPTS}/evaluate.py",
        library=library("evaluate"),
        # from the job of the samples
        timing=f"{BLIND}/{{model}}/samples/timing.json",
        normalization=f"{RESULTS}/dataset/normalization.json",
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        model=f"{RESULTS}/{{model}}/model.safetensors",
    output:
        metrics=f"{BLIND}/{{model}}/metrics.json",
    log:
        f"{LOGS}/blind_test/{{model}}/evaluate.log",
    benchmark:
        f"{BENCHMARKS}/blind_test/{{model}}/evaluate.tsv"
    params:
        events=BLIND_EVENTS,
        samples=expand(f"{BLIND}/{{{{model}}}}/samples/part-{{part}}.parquet", part=BLIND_PARTS),
        timings=timing_of_all,
    message:
        "Evaluate the model {wildcards.model} on the blind test"


rule compare_hadronic:
    """Measure other hadronic models and the trained ones by the same figures."""
    input:
        program=f"{SCRIPTS}/compare_hadronic.py",
        library=library("compare_hadronic"),
        events=expand(f"{BLIND}/events/part-{{part}}.parquet", part=HADRONIC_PARTS),
        others=expand(
            "{folder}/part-{part}.parquet",
            folder=[
                *OTHER_SIMULATIONS,
                *expand(f"{BLIND}/{{model}}/samples", model=BLIND_MODELS),
            ],
            part=HADRONIC_PARTS,
        ),
    output:
        differences=f"{BLIND}/hadronic.json",
    log:
        f"{LOGS}/blind_test/compare_hadronic.log",
    benchmark:
        f"{BENCHMARKS}/blind_test/compare_hadronic.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        flags=to_flags(settings.evaluate),
        others=[
            *OTHER_SIMULATIONS,
            *expand(f"{BLIND}/{{model}}/samples", model=BLIND_MODELS),
        ],
    message:
        "Compare hadronic models with the trained ones"
    shell:
        "OMP_NUM_THREADS={threads} python {input.program}"
        " {params.flags}"
        " --events {input.events}"
        " --others {params.others}"
        " --output {output.differences}"
        " 2>&1 | tee {log}"


rule blind_test:
    """Put the figures of merit of the blind test beside their goals."""
    input:
        program=f"{SCRIPTS}/blind_test.py",
        library=library("blind_test"),
        events=BLIND_EVENTS,
        # the samples behind them come first
        metrics=expand(f"{BLIND}/{{model}}/metrics.json", model=BLIND_MODELS),
        differences=f"{BLIND}/hadronic.json",
        runs=expand(f"{RESULTS}/{{run}}/config.yaml", run=["multiplicity", *BLIND_MODELS]),
    output:
        page=f"{BLIND}/results.md",
        figure=f"{BLIND}/results.png",
    log:
        f"{LOGS}/blind_test.log",
    benchmark:
        f"{BENCHMARKS}/blind_test.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        showers=settings.blind_test.model_dump_json(),
        simulation=settings.simulate.model_dump_json(),
        split=settings.split.model_dump_json(),
        runs=[f"{RESULTS}/{run}" for run in ["multiplicity", *BLIND_MODELS]],
    message:
        "Write the results of the blind test"
    shell:
        "OMP_NUM_THREADS={threads} python {input.program}"
        " --events {input.events}"
        " --metrics {input.metrics}"
        " --differences {input.differences}"
        " --runs {params.runs}"
        " --showers {params.showers:q}"
        " --simulation {params.simulation:q}"
        " --split {params.split:q}"
        " --page {output.page}"
        " --figure {output.figure}"
        " 2>&1 | tee {log}"
