"""Trainings of the chosen model of bundles with other seeds, and how far they differ (``ensemble``).

The first member is the model that everything else is about.
"""

OTHER_MEMBERS = range(2, settings.ensemble + 1)
MEMBER_FOLDERS = expand(f"{RESULTS}/ensemble/member-{{member}}/samples", member=OTHER_MEMBERS)
MEMBER_SAMPLES = expand("{folder}/part-{part}.parquet", folder=MEMBER_FOLDERS, part=SAMPLE_PARTS)
ENSEMBLE = f"{RESULTS}/ensemble/metrics.json" if MEMBER_FOLDERS else []
ENSEMBLE_FLAG = f"--ensemble {ENSEMBLE}" if MEMBER_FOLDERS else ""


use rule train_gan as train_gan_member with:
    output:
        model=f"{RESULTS}/gan/member-{{member}}/model.safetensors",
        config=f"{RESULTS}/gan/member-{{member}}/config.yaml",
        history=f"{RESULTS}/gan/member-{{member}}/history.csv",
        metrics=f"{RESULTS}/gan/member-{{member}}/metrics.json",
        timing=f"{RESULTS}/gan/member-{{member}}/timing.json",
    log:
        f"{LOGS}/train_gan_member/{{member}}.log",
    benchmark:
        f"{BENCHMARKS}/train_gan_member/{{member}}.tsv"
    params:
        flags=gan_member_flags,
        checkpoints=f"{RESULTS}/checkpoints/ensemble/gan/{{member}}",
        on_nodes=on_nodes,
    message:
        "Train the WGAN-GP, member {wildcards.member}"


use rule train_flow as train_flow_member with:
    output:
        model=f"{RESULTS}/flow/member-{{member}}/model.safetensors",
        config=f"{RESULTS}/flow/member-{{member}}/config.yaml",
        history=f"{RESULTS}/flow/member-{{member}}/history.csv",
        metrics=f"{RESULTS}/flow/member-{{member}}/metrics.json",
        timing=f"{RESULTS}/flow/member-{{member}}/timing.json",
    log:
        f"{LOGS}/train_flow_member/{{member}}.log",
    benchmark:
        f"{BENCHMARKS}/train_flow_member/{{member}}.tsv"
    params:
        flags=flow_member_flags,
        checkpoints=f"{RESULTS}/checkpoints/ensemble/flow/{{member}}",
        on_nodes=on_nodes,
    message:
        "Train the flow, member {wildcards.member}"


use rule sample as sample_member with:
    input:
        program=f"{SCRIPTS}/sample.py",
        library=library("sample"),
        test=TEST_HASH,
        normalization=f"{RESULTS}/dataset/normalization.json",
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        # trained on shards from the jobs of the test events
        model=f"{MODEL}/member-{{member}}/model.safetensors",
    output:
        events=expand(
            f"{RESULTS}/ensemble/member-{{{{member}}}}/samples/part-{{part}}.parquet",
            part=SAMPLE_PARTS,
        ),
        timing=f"{RESULTS}/ensemble/member-{{member}}/samples/timing.json",
    log:
        f"{LOGS}/sample_member/{{member}}.log",
    benchmark:
        f"{BENCHMARKS}/sample_member/{{member}}.tsv"
    params:
        events=TEST_EVENTS,
        # fewer files than before hold more each, though they have the same names
        shards=len(SAMPLE_PARTS),
    message:
        "Generate bundles with member {wildcards.member}"


rule evaluate_ensemble:
    """Measure how far the members differ, beside how far they are from the truth."""
    input:
        program=f"{SCRIPTS}/evaluate_ensemble.py",
        library=library("evaluate_ensemble"),
        events=TEST_EVENTS,
        samples=SAMPLES,
        members=MEMBER_SAMPLES
        or refuse("ensemble is 1: it takes two trainings or more to see how far they differ"),
    output:
        metrics=f"{RESULTS}/ensemble/metrics.json",
    log:
        f"{LOGS}/evaluate_ensemble.log",
    benchmark:
        f"{BENCHMARKS}/evaluate_ensemble.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        members=MEMBER_FOLDERS,
    message:
        "Evaluate the ensemble"
    shell:
        "OMP_NUM_THREADS={threads} python {input.program}"
        " --events {input.events}"
        " --samples {input.samples}"
        " --members {params.members}"
        " --output {output.metrics}"
        " 2>&1 | tee {log}"
