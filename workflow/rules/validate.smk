"""Generated against simulated bundles: figures of merit, plots, report."""

from fastsim.bundles.config.split import HeldOutConfig

TEMPLATE = os.path.normpath(f"{SCRIPTS}/../report/report.html.j2")
TRAINING_EVENTS = expand(f"{RESULTS}/splits/train/part-{{part}}.parquet", part=PARTS)
COMPARED = expand(f"{RESULTS}/compared/{{model}}/metrics.json", model=settings.compared_models)


rule evaluate:
    """Measure how far generated bundles are from simulated ones."""
    input:
        program=f"{SCRIPTS}/evaluate.py",
        library=library("evaluate"),
        test=TEST_HASH,
        # what the test shards were made of, and with; their own jobs have read or written the rest
        samples=SAMPLES,
        normalization=f"{RESULTS}/dataset/normalization.json",
        # config.yaml, metrics.json and timing.json come from the same jobs
        multiplicity_model=f"{RESULTS}/multiplicity/model.safetensors",
        model=f"{MODEL}/model.safetensors",
    output:
        metrics=f"{RESULTS}/validation/metrics.json",
    log:
        f"{LOGS}/evaluate.log",
    benchmark:
        f"{BENCHMARKS}/evaluate.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 4
    resources:
        mem_mb=5000,
        runtime=120,
    params:
        flags=to_flags(settings.evaluate),
        held_out=to_flags(settings.split, HeldOutConfig),
        spectral_index=SPECTRAL_INDEX,
        events=TEST_EVENTS,
        training=TRAINING_EVENTS,
        samples=SAMPLES,
        timings=TIMINGS,
        once=measured_once,
        model=subpath(input.model, parent=True),
    message:
        "Evaluate the generated bundles"
    shell:
        "OMP_NUM_THREADS={threads} python {input.program}"
        " {params.flags}"
        " {params.held_out}"
        " --events {params.events}"
        " --samples {params.samples}"
        " --timings {params.timings}"
        " --training {params.training}"
        " {params.once}"
        " --model {params.model}"
        " --normalization {input.normalization}"
        " --spectral-index {params.spectral_index}"
        " --output {output.metrics}"
        " 2>&1 | tee {log}"


rule plot:
    """Draw the figures."""
    input:
        program=f"{SCRIPTS}/plot.py",
        library=library("plot"),
        test=TEST_HASH,
        ensemble=ENSEMBLE,
        summary=f"{RESULTS}/dataset/summary.json",
        metrics=f"{RESULTS}/validation/metrics.json",
        quality=QUALITY,
        normalization=f"{RESULTS}/dataset/normalization.json",
        multiplicity_history=f"{RESULTS}/multiplicity/history.csv",
        model_history=f"{MODEL}/history.csv",
        model_config=f"{MODEL}/config.yaml",
    output:
        figures=report(
            directory(f"{RESULTS}/validation/figures"),
            patterns=["{name}.png"],
            caption="../report/figure.rst",
            category="Figures",
        ),
    log:
        f"{LOGS}/plot.log",
    benchmark:
        f"{BENCHMARKS}/plot.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=2500,
        runtime=30,
    params:
        flags=to_flags(settings.plot),
        spectral_index=SPECTRAL_INDEX,
        # measured before they are drawn
        events=TEST_EVENTS,
        samples=SAMPLES,
        multiplicity=subpath(input.multiplicity_history, parent=True),
        quality=QUALITY_FLAG,
        members=MEMBER_FOLDERS,
        model=subpath(input.model_history, parent=True),
    message:
        "Draw the figures"
    shell:
        "python {input.program}"
        " {params.flags}"
        " --events {params.events}"
        " --samples {params.samples}"
        " --members {params.members}"
        " --summary {input.summary}"
        " --metrics {input.metrics}"
        " {params.quality}"
        " --multiplicity {params.multiplicity}"
        " --normalization {input.normalization}"
        " --model {params.model}"
        " --spectral-index {params.spectral_index}"
        " --output-dir {output.figures}"
        " 2>&1 | tee {log}"


rule report:
    """Put table and figures on one page that opens anywhere."""
    input:
        program=f"{SCRIPTS}/report.py",
        library=library("report"),
        template=TEMPLATE,
        metrics=f"{RESULTS}/validation/metrics.json",
        compared=COMPARED,
        ensemble=ENSEMBLE,
        summary=f"{RESULTS}/dataset/summary.json",
        quality=QUALITY,
        figures=f"{RESULTS}/validation/figures",
        multiplicity_config=f"{RESULTS}/multiplicity/config.yaml",
        model_config=f"{MODEL}/config.yaml",
    output:
        report=report(
            f"{RESULTS}/report.html",
            caption="../report/report.rst",
            category="Report",
        ),
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{BENCHMARKS}/report.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        multiplicity=subpath(input.multiplicity_config, parent=True),
        quality=QUALITY_FLAG,
        ensemble=ENSEMBLE_FLAG,
        model=subpath(input.model_config, parent=True),
    message:
        "Write the report"
    shell:
        "python {input.program}"
        " --metrics {input.metrics}"
        " --compared {input.compared}"
        " {params.ensemble}"
        " {params.quality}"
        " --summary {input.summary}"
        " --figures {input.figures}"
        " --multiplicity {params.multiplicity}"
        " --model {params.model}"
        " --output {output.report}"
        " 2>&1 | tee {log}"
