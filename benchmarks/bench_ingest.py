"""Compare ingest and the readers with bare Arrow decoding of the same columns, in one run.

Run: python benchmarks/bench_ingest.py [events, a multiple of 20,000]

Bare decoding and ours take turns in one process, and every pair gives a ratio, so that a machine
whose speed wanders meets both. Each has read the file once before, since a training reads it many
times: the system's first pages of memory are not measured. The ratio told is the median, with the
quartiles; rates are medians by the clock, and the CPU time of all threads stands beside them.
"""

import contextlib
import multiprocessing
import os
import resource
import runpy
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

from fastsim.bundles.events import iter_events
from fastsim.bundles.primaries import energy_per_nucleon
from fastsim.data.ragged import offsets_of
from fastsim.data.shards import Shard, iter_shards, write_shard

INGEST = Path(__file__).resolve().parents[1] / "workflow/scripts/ingest.py"

EVENTS = 1_000_000
BLOCK_EVENTS = 20_000
"""Written at a time."""
DEPTHS = 10
MEAN_MUONS = 8.0
SHAPE = 0.5
"""Of the negative binomial of N: a quarter of the events have no muon."""
ROUNDS = 25

INGEST_LIMIT, READER_LIMIT = 0.3, 0.9
"""Least rate as a share of the rate of bare decoding."""
MEMORY_LIMIT = 1000
"""MB."""


def showers(events: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw primaries (events, 4) in MuoniTron's order, counts (events,) and muons (muons, 3)."""
    number = events // DEPTHS
    E = 10 ** rng.uniform(4, 7, number)
    mass = rng.choice([0.938, 3.73, 13.05, 25.13, 52.10], number)
    zenith = np.arccos(rng.uniform(0.5, 1.0, number))
    shower = np.column_stack([E, zenith, mass])
    depth = np.tile(1500.0 + 100.0 * np.arange(DEPTHS), number)
    primaries = np.column_stack([np.repeat(shower, DEPTHS, axis=0), depth])
    counts = rng.poisson(rng.gamma(SHAPE, MEAN_MUONS / SHAPE, len(primaries)))
    muons = counts.sum()
    # below what a nucleon of the primary has, or rows would be rejected
    limit = 0.5 * energy_per_nucleon(primaries[:, 0], primaries[:, 2])
    energy = np.minimum(10 ** rng.normal(2.5, 0.5, muons), np.repeat(limit, counts))
    points = np.column_stack([energy, rng.normal(0.0, 10.0, (muons, 2))])
    return primaries.astype(np.float32), counts, points.astype(np.float32)


def write_muonitron(path: Path, events: int) -> None:
    """Write showers as list<list<float>> with Arrow's own settings, which are most users'."""
    blocks = []
    rng = np.random.default_rng(1)
    for first in range(0, events, BLOCK_EVENTS):
        primaries, counts, muons = showers(BLOCK_EVENTS, rng)
        row = first + np.arange(len(primaries))
        columns = {
            "primary_major_id": pa.array(np.ones(len(row), np.uint64)),
            "primary_minor_id": pa.array((row // DEPTHS).astype(np.uint64)),
            "primary": lists(primaries),
            "muons": pa.ListArray.from_arrays(offsets_of(counts).astype(np.int32), lists(muons)),
        }
        blocks.append(pa.table(columns))
    pq.write_table(pa.concat_tables(blocks), path)


def lists(values: np.ndarray) -> pa.ListArray:
    """Return the rows of a matrix as lists."""
    ends = np.arange(0, values.size + 1, values.shape[1], dtype=np.int32)
    return pa.ListArray.from_arrays(ends, values.ravel())


def write_shards(events: Path, path: Path) -> None:
    """Write a normalised shard of the same events; what the numbers are costs nothing."""

    def normalised() -> Iterator[Shard]:
        for block in iter_events(events):
            yield Shard(block.primaries / 1e3, block.counts.astype(np.int32), block.muons / 500)

    write_shard(path, normalised(), {}, widths=(4, 3), points_column="muons")


def decode(path: Path) -> None:
    """Let Arrow decode every column to flat values and offsets, and look at none."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for column in batch.columns:
                while pa.types.is_nested(column.type):
                    if pa.types.is_list(column.type):
                        column.offsets.to_numpy()
                    column = column.flatten()
                column.to_numpy()


def ingest(path: Path) -> None:
    """Run the program; its outputs lie beside the file."""
    arguments = ["ingest.py", "--files", str(path)]
    for name in ("output", "rejected", "outliers", "quality"):
        arguments += [f"--{name}", str(path.with_suffix(f".{name}"))]
    sys.argv = arguments
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        runpy.run_path(str(INGEST), run_name="__main__")


def read_event_table(path: Path) -> None:
    for _ in iter_events(path):
        pass


def read_shard(path: Path) -> None:
    for _ in iter_shards(path, points_column="muons"):
        pass


def in_new_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the function returns in a process that starts from nothing."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(function, *arguments).result()


def take_turns(function: Callable[[Path], None], path: Path) -> np.ndarray:
    """Return seconds by the clock and of CPU, (rounds, [bare decoding, function], 2)."""
    both = decode, function
    for each in both:
        each(path)
    figures = np.empty((ROUNDS, 2, 2))
    for round_number in range(ROUNDS):
        # neither is always the first
        for place in np.roll([0, 1], round_number):
            start = np.array([time.perf_counter(), time.process_time()])
            both[place](path)
            figures[round_number, place] = [time.perf_counter(), time.process_time()] - start
    return figures


def peak_memory(function: Callable[[Path], None], path: Path) -> float:
    """Return the peak memory [MB] of this process after one call."""
    function(path)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def verdict(good: bool) -> str:
    return "ok" if good else "MISSED"


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    print(f"{events} events of {MEAN_MUONS:g} muons on average, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, twice = folder / "one.parquet", folder / "two.parquet"
        in_new_process(write_muonitron, file, events)
        in_new_process(write_muonitron, twice, 2 * events)
        table, shard = file.with_suffix(".output"), file.with_suffix(".shard")
        peaks = [in_new_process(peak_memory, ingest, path) for path in (file, twice)]
        in_new_process(write_shards, table, shard)
        for kind, path, reader, what, limit in (
            ("MuoniTron Parquet", file, ingest, "ingest, checked and written", INGEST_LIMIT),
            ("event table", table, read_event_table, "training reader", READER_LIMIT),
            ("normalised shard", shard, read_shard, "training reader", READER_LIMIT),
        ):
            figures = in_new_process(take_turns, reader, path)
            low, share, high = np.percentile(figures[:, 0, 0] / figures[:, 1, 0], [25, 50, 75])
            bare, ours = np.median(figures, axis=0)
            print(f"{kind}, {path.stat().st_size / 1e6:.0f} MB")
            print(f"  bare decoding: {events / bare[0]:.3g} events/s ({bare[1]:.2f} s of CPU)")
            print(
                f"  {what}: {events / ours[0]:.3g} events/s ({ours[1]:.2f} s of CPU), "
                f"{share:.2f} of bare decoding, quartiles {low:.2f} and {high:.2f} "
                f"(at least {limit}: {verdict(share >= limit)})"
            )
        print(
            f"peak memory of ingest: {peaks[0]:.0f} MB, of a file of twice the size "
            f"{peaks[1]:.0f} MB (below {MEMORY_LIMIT}: {verdict(max(peaks) < MEMORY_LIMIT)})"
        )


if __name__ == "__main__":
    main()
