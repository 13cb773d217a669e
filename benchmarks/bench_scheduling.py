"""Measure what Snakemake and Slurm cost beside the work of the jobs.

Run: python benchmarks/bench_scheduling.py

The time to see what is to do grows with the shards; the overhead of a job is that of the debug
preset's first stages, on this machine and, where a throw-away Slurm can be started, as Slurm jobs.
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.slurm.cluster import running_cluster, what_is_missing
from tests.slurm.conftest import ClusterCheckout, slurm
from tests.workflow.conftest import Checkout

SHARDS = (10, 100, 1000)
DRY_RUN_LIMIT = 10.0
"""Seconds, at the largest number of shards."""
FIRST_STAGES = ("--until", "normalize", "summarize_dataset")


def dry_run(checkout: Checkout, shards: int) -> tuple[int, float, float]:
    """Return jobs, time by the clock [s] and peak memory [MB] of a dry run from nothing."""
    config = {"output_dir": f"results/{shards}", "simulate": {"shards": shards, "showers": 10**5}}
    (checkout.folder / "shards.yaml").write_text(yaml.safe_dump(config))
    command = ["snakemake", "--dry-run", "--quiet", "host", "--profile", "profiles/slurm"]
    start = time.perf_counter()
    with subprocess.Popen(
        [*command, "--configfile", "shards.yaml"],
        cwd=checkout.folder,
        env=checkout.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        lines = process.stdout.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit("\n".join(lines))
    jobs = next(int(line.split()[1]) for line in lines if line.startswith("total"))
    return jobs, seconds, usage.ru_maxrss / 1e3


def seconds_of_programs(checkout: Checkout) -> dict[str, float]:
    """Return the time that the jobs' programs took by themselves, by rule and part."""
    folder = checkout.results / "benchmarks"
    files = sorted(folder.rglob("*.tsv"))
    rows = {file: next(csv.DictReader(file.open(), delimiter="\t")) for file in files}
    return {str(file.relative_to(folder)): float(row["s"]) for file, row in rows.items()}


def here(folder: Path) -> None:
    """Print the overhead of a job that runs on this machine."""
    checkout = Checkout.make(folder)
    start = time.perf_counter()
    checkout.snakemake(*FIRST_STAGES)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    checkout.snakemake(*FIRST_STAGES)
    empty = time.perf_counter() - start
    programs = seconds_of_programs(checkout)
    # two jobs at a time
    overhead = (seconds - empty - sum(programs.values()) / 2) / len(programs)
    print(f"here: {empty:.1f} s to find nothing to do, {overhead:.1f} s a job beside its program")


def on_slurm(folder: Path) -> None:
    """Print the overhead of a job on a throw-away Slurm of this machine."""
    checkout = ClusterCheckout(Checkout.make(folder / "checkout").folder)
    checkout.set_profile()
    with running_cluster(folder / "cluster"):
        checkout.snakemake(*FIRST_STAGES)
        fields = "%i|%V|%S|%e|%Z"
        lines = slurm("squeue", "--states", "all", "--noheader", "--format", fields)
    jobs = [line.split("|")[1:4] for line in lines if line.endswith(f"|{checkout.folder}")]
    times = [[datetime.fromisoformat(moment).timestamp() for moment in job] for job in jobs]
    programs = seconds_of_programs(checkout)
    waited = sum(start - submitted for submitted, start, _ in times) / len(times)
    beside = (sum(end - start for _, start, end in times) - sum(programs.values())) / len(times)
    print(
        f"Slurm: {beside:.1f} s a job beside its program, {waited:.1f} s from submission to start"
    )


def main() -> None:
    print(f"{os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkout = Checkout.make(folder / "dry")
        for shards in SHARDS:
            jobs, seconds, memory = dry_run(checkout, shards)
            print(f"dry run of {shards} shards, {jobs} jobs: {seconds:.1f} s, {memory:.0f} MB")
        verdict = "ok" if seconds < DRY_RUN_LIMIT else "MISSED"
        print(f"  at {shards} shards: goal below {DRY_RUN_LIMIT:g} s: {verdict}")
        here(folder / "here")
        if reason := what_is_missing():
            print(f"Slurm: not measured: {reason}")
        else:
            on_slurm(folder)


if __name__ == "__main__":
    main()
