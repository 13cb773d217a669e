"""Other models of bundles beside the chosen one (``also_compare``): same primaries, same figures.

One job samples for all shards: it takes seconds, and Snakemake's time grows with the jobs.
"""


use rule sample as sample_compared with:
    input:
        program=f"{SCRIPTS}/sample.py",
        library=library("sample"),
        test=TEST_HASH,
        normalization=f"{RESULTS}/dataset/normalization.json",
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        # trained on shards from the jobs of the test events
        model=f"{RESULTS}/{{model}}/model.safetensors",
    output:
        events=expand(
            f"{RESULTS}/compared/{{{{model}}}}/samples/part-{{part}}.parquet", part=SAMPLE_PARTS
        ),
        timing=f"{RESULTS}/compared/{{model}}/samples/timing.json",
    log:
        f"{LOGS}/compared/{{model}}/sample.log",
    benchmark:
        f"{BENCHMARKS}/compared/{{model}}/sample.tsv"
    params:
        events=TEST_EVENTS,
        # fewer files than before hold more each, though they have the same names
        shards=len(SAMPLE_PARTS),
    message:
        "Generate bundles with the model {wildcards.model}"


use rule evaluate as evaluate_compared with:
    input:
        program=f"{SCRIPTS}/evaluate.py",
        library=library("evaluate"),
        test=TEST_HASH,
        # from the job of the samples
        timing=f"{RESULTS}/compared/{{model}}/samples/timing.json",
        normalization=f"{RESULTS}/dataset/normalization.json",
        model=f"{RESULTS}/{{model}}/model.safetensors",
    output:
        metrics=f"{RESULTS}/compared/{{model}}/metrics.json",
    log:
        f"{LOGS}/compared/{{model}}/evaluate.log",
    benchmark:
        f"{BENCHMARKS}/compared/{{model}}/evaluate.tsv"
    params:
        samples=expand(
            f"{RESULTS}/compared/{{{{model}}}}/samples/part-{{part}}.parquet", part=SAMPLE_PARTS
        ),
        timings=timing_of_all,
        # the lookups and the numbers of muons are those of the chosen model
        once="",
    message:
        "Evaluate the bundles of the model {wildcards.model}"
