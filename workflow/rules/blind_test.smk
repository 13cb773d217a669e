"""The trained models on showers that nobody has looked at: ``snakemake blind_test``.

They are simulated as the others, with another seed and one depth each, so that events are
independent; nothing is trained or chosen with them.
"""

BLIND = f"{RESULTS}/blind_test"
BLIND_SHOWERS = settings.simulate.model_copy(
    update={"seed": settings.blind_test.seed, "one_depth_per_shower": True}
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
