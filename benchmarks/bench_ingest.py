"""Compare ingest and the readers with bare Arrow decoding of the same columns, in one run.

Run: python benchmarks/bench_ingest.py [events, a multiple of 20,000]

Rates are by the clock, best of twelve rounds; a busy machine spoils them, so the CPU time of all
threads stands beside them. Every measurement has a process of its own, which first does the same
with a small file, so that the start of the program is left out.
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
from fastsim.data.ragged import offsets_of
from fastsim.data.shards import Shard, iter_shards, write_shard

INGEST = Path(__file__).resolve().parents[1] / "workflow/scripts/ingest.py"

EVENTS = 1_000_000
WARM_UP_EVENTS = 20_000
DEPTHS = 10
MEAN_MUONS = 8.0
SHAPE = 0.5
"""Of the negative binomial of N: a quarter of the events have no muon."""
ROUNDS = 12

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
    energy = np.minimum(10 ** rng.normal(2.5, 0.5, muons), 9e3)
    points = np.column_stack([energy, rng.normal(0.0, 10.0, (muons, 2))])
    return primaries.astype(np.float32), counts, points.astype(np.float32)


def write_muonitron(path: Path, events: int) -> None:
    """Write showers as list<list<float>> with Arrow's own settings, which are most users'."""
    blocks = []
    rng = np.random.default_rng(1)
    for first in range(0, events, WARM_UP_EVENTS):
        primaries, counts, muons = showers(WARM_UP_EVENTS, rng)
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


def measure(function: Callable[[Path], None], small: Path, path: Path) -> np.ndarray:
    """Return the time by the clock [s], the CPU time [s] and the peak memory [MB] of the process.

    ``function`` has been called with ``small`` before.
    """
    function(small)
    start, start_cpu = time.perf_counter(), time.process_time()
    function(path)
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    return np.array([seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3])


def verdict(good: bool) -> str:
    return "ok" if good else "MISSED"


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    print(f"{events} events of {MEAN_MUONS:g} muons on average, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {"small": WARM_UP_EVENTS, "one": events, "two": 2 * events}
        files = {size: folder / f"{size}.parquet" for size in sizes}
        for size, number in sizes.items():
            in_new_process(write_muonitron, files[size], number)
        tables = {size: file.with_suffix(".output") for size, file in files.items()}
        shards = {size: file.with_suffix(".shard") for size, file in files.items()}
        for size in ("small", "one"):
            in_new_process(ingest, files[size])
            in_new_process(write_shards, tables[size], shards[size])
        kinds = (
            ("MuoniTron Parquet", files, ingest, "ingest, checked and written", INGEST_LIMIT),
            ("event table", tables, read_event_table, "training reader", READER_LIMIT),
            ("normalised shard", shards, read_shard, "training reader", READER_LIMIT),
        )
        for kind, paths, reader, what, limit in kinds:
            measured = {decode: [], reader: []}
            # in turns, so that a slow moment of the machine meets both
            for _ in range(ROUNDS):
                for function, figures in measured.items():
                    figures.append(in_new_process(measure, function, paths["small"], paths["one"]))
            bare, ours = (np.min(figures, axis=0) for figures in measured.values())
            share = bare[0] / ours[0]
            print(f"{kind}, {paths['one'].stat().st_size / 1e6:.0f} MB")
            print(f"  bare decoding: {events / bare[0]:.3g} events/s ({bare[1]:.2f} s of CPU)")
            print(
                f"  {what}: {events / ours[0]:.3g} events/s ({ours[1]:.2f} s of CPU), "
                f"{share:.2f} of bare decoding (at least {limit}: {verdict(share >= limit)})"
            )
            if reader is ingest:
                peak = np.max(measured[ingest], axis=0)[2]
                of_two = in_new_process(measure, ingest, files["small"], files["two"])[2]
                print(
                    f"  peak memory of ingest: {peak:.0f} MB, of a file of twice the size "
                    f"{of_two:.0f} MB (below {MEMORY_LIMIT}: "
                    f"{verdict(max(peak, of_two) < MEMORY_LIMIT)})"
                )


if __name__ == "__main__":
    main()
