"""The user's own showers: read, checked, and what was refused."""

from fastsim.bundles.config.ingest import IngestConfig


rule ingest:
    """Check a shard's share of the files and bring it to the event table."""
    input:
        program=f"{SCRIPTS}/ingest.py",
        library=library("ingest"),
        files=local_files_of,
    output:
        events=f"{INGESTED}/part-{{part}}.parquet",
        rejected=f"{INGESTED}/rejected/part-{{part}}.parquet",
        outliers=f"{INGESTED}/outliers/part-{{part}}.parquet",
        quality=f"{INGESTED}/quality/part-{{part}}.json",
    log:
        f"{LOGS}/ingest/part-{{part}}.log",
    benchmark:
        f"{BENCHMARKS}/ingest/part-{{part}}.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1500,
        runtime=120,
        # no parameter: another place of the token makes no other events
        token_file=TOKEN_FLAG,
    params:
        flags=to_flags(settings.ingest, IngestConfig),
        files=file_arguments,
        states=states_of_files,
    message:
        "Ingest files, shard {wildcards.part}"
    shell:
        "python {input.program}"
        " {params.flags}"
        " --files {params.files}"
        " {resources.token_file}"
        " --output {output.events}"
        " --rejected {output.rejected}"
        " --outliers {output.outliers}"
        " --quality {output.quality}"
        " 2>&1 | tee {log}"


rule collect_quality:
    """Say of all files what was refused and why; stop if it is too much."""
    input:
        program=f"{SCRIPTS}/collect_quality.py",
        library=library("collect_quality"),
        events=expand(f"{INGESTED}/part-{{part}}.parquet", part=FILE_PARTS),
        rejected=expand(f"{INGESTED}/rejected/part-{{part}}.parquet", part=FILE_PARTS),
        outliers=expand(f"{INGESTED}/outliers/part-{{part}}.parquet", part=FILE_PARTS),
        quality=expand(f"{INGESTED}/quality/part-{{part}}.json", part=FILE_PARTS),
    output:
        quality=FILE_QUALITY,
        rejected=f"{INGESTED}/rejected.parquet",
        outliers=f"{INGESTED}/outliers.parquet",
    log:
        f"{LOGS}/collect_quality.log",
    benchmark:
        f"{BENCHMARKS}/collect_quality.tsv"
    conda:
        "../envs/environment.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        max_rejected_fraction=settings.ingest.max_rejected_fraction,
    message:
        "Collect what was refused"
    shell:
        "python {input.program}"
        " --max-rejected-fraction {params.max_rejected_fraction}"
        " --events {input.events}"
        " --shard-quality {input.quality}"
        " --shard-rejected {input.rejected}"
        " --shard-outliers {input.outliers}"
        " --quality {output.quality}"
        " --rejected {output.rejected}"
        " --outliers {output.outliers}"
        " 2>&1 | tee {log}"
