"""Ingest of several files: shards, copies, large events, large files."""

import itertools
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.unit.ingest_files import (
    Shape,
    all_bits,
    as_events,
    bits,
    hdf5_file,
    ingest,
    muonitron_file,
    some_rows,
    without_ids,
)

from fastsim.bundles.events import Events, write_events
from fastsim.bundles.ingest.rows import RawRows
from fastsim.bundles.ingest.shard import in_background
from fastsim.data.ragged import offsets_of


def test_large_events_are_kept_apart(tmp_path):
    rows = some_rows()
    counts = np.diff(rows.offsets)
    file = muonitron_file(tmp_path / "a", rows)
    outcome = ingest(tmp_path / "out", file, max_muons_per_event=6)
    assert (counts > 6).any()
    for events, chosen in ((outcome.events, counts <= 6), (outcome.outliers, counts > 6)):
        expected = as_events(rows).select(chosen)
        assert bits(events.primaries) == bits(expected.primaries)
        assert bits(events.offsets) == bits(expected.offsets)
        assert bits(events.muons) == bits(expected.muons)
    (quality,) = outcome.quality["files"].values()
    assert quality["outliers"] == (counts > 6).sum()
    assert quality["kept"] == (counts <= 6).sum()


def test_blocks_are_written_in_their_order_by_another_thread():
    written, threads = [], set()

    def append(block):
        threads.add(threading.get_ident())
        written.append(block)

    with in_background(append) as hand_over:
        for block in range(50):
            hand_over(block)
    assert written == list(range(50))
    assert threads.isdisjoint({threading.get_ident()})


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_what_writing_raises_is_raised(broken):
    """Also of the last block; what comes after the broken one is not written."""
    written = []

    def append(block):
        if block == broken:
            raise OSError("no space left")
        written.append(block)

    def write_all():
        with in_background(append) as hand_over:
            for block in range(3):
                hand_over(block)

    with pytest.raises(OSError, match="no space left"):
        write_all()
    assert written == list(range(broken))


def shards_of(files, shards):
    """Cut a list into contiguous, near-equal parts."""
    cuts = [len(files) * shard // shards for shard in range(shards + 1)]
    return [files[start:stop] for start, stop in itertools.pairwise(cuts)]


def test_sharding_changes_no_event(tmp_path):
    """Ids and values depend on the rows alone: not on the shard, the order, or the neighbours."""
    tables = [some_rows(showers=5, seed=seed) for seed in range(6)]
    files = []
    for seed, rows in enumerate(tables):
        rows.ids[:, 0] = seed
        file = tmp_path / f"{seed}"
        match seed % 3:
            case 0:
                files.append(muonitron_file(file, rows))
            case 1:
                files.append(muonitron_file(file, without_ids(rows)))
            case 2:
                files.append(hdf5_file(file, rows))
    found = []
    for number, parts in enumerate(
        [shards_of(files, 1), shards_of(files, 2), shards_of(files, 3), [files[::-1]]]
    ):
        outcomes = [ingest(tmp_path / f"{number}-{i}", part) for i, part in enumerate(parts)]
        assert [outcome.status for outcome in outcomes] == [0] * len(parts)
        events = Events.concatenate([outcome.events for outcome in outcomes])
        assert len(events) == sum(map(len, tables))
        found.append(all_bits(events.select(np.argsort(events.event_id))))
    assert all(other == found[0] for other in found[1:])


def test_a_copy_of_a_file_is_all_duplicates_within_a_shard_whatever_its_format(tmp_path):
    rows = some_rows()
    first = muonitron_file(tmp_path / "a", rows)
    ingested = ingest(tmp_path / "once", first)
    other_ids = replace(ingested.events, event_id=np.arange(len(rows), dtype=np.uint64))
    write_events(tmp_path / "c", other_ids, "test")
    files = [
        first,
        tmp_path / "c",
        hdf5_file(tmp_path / "b", rows),
        ingested.folder / "events.parquet",
    ]
    outcome = ingest(tmp_path / "out", files)
    assert outcome.status == 0
    assert bits(outcome.events.muons) == bits(rows.muons)
    assert len(outcome.rejected) == 3 * len(rows)
    for file in files[1:]:
        assert outcome.quality["files"][str(file)]["rejected"] == {"duplicate": len(rows)}


SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
# the kernel's own peak of this program; getrusage's begins with that of the process it came from
RUN = """
import ingest
ingest.main()
with open("/proc/self/status") as status:
    print(next(line for line in status if line.startswith("VmHWM")).split()[1])
"""


def peak_memory(folder, muons):
    """Return the peak memory [MB] of ingest of one file with one row group, and its size [MB]."""
    rng = np.random.default_rng(2)
    rows = muons // 8
    primaries = np.column_stack(
        [
            10 ** rng.uniform(4, 7, rows),
            np.full(rows, 13.05),
            rng.uniform(0, 1, rows),
            np.full(rows, 2000.0),
        ]
    )
    ids = np.column_stack([np.zeros(rows), np.arange(rows)]).astype(np.uint64)
    bundle = np.abs(rng.normal(100, 20, (muons, 3))).astype(np.float32)
    offsets = offsets_of(np.bincount(rng.integers(0, rows, muons), minlength=rows))
    options = {"compression": "none", "use_dictionary": False, "row_group_size": rows}
    file = folder / f"{muons}.parquet"
    muonitron_file(file, RawRows(0, ids, primaries, offsets, bundle), Shape(options=options))
    assert pq.read_metadata(file).num_row_groups == 1
    outputs = [
        f"--{name}={folder / str(muons) / name}"
        for name in ("output", "rejected", "outliers", "quality")
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN, "--files", str(file), *outputs],
        capture_output=True,
        text=True,
        check=False,
        cwd=SCRIPTS,
    )
    assert done.returncode == 0, done.stderr
    summary, peak = done.stdout.splitlines()
    assert summary == f"ingest output: {rows} rows, 0 outliers, 0 rejected"
    return int(peak) / 1024, file.stat().st_size / 1e6


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_does_not_grow_with_the_file(tmp_path):
    small, small_size = peak_memory(tmp_path, 3_600_000)
    large, large_size = peak_memory(tmp_path, 14_400_000)
    assert 40 < small_size < 70
    assert 180 < large_size < 260
    assert large < 1000
    # what grows is 8 bytes a row, to tell repeated rows, and as many again for a moment
    assert large < small + 60, f"{small:.0f} MB for {small_size:.0f}, {large:.0f} MB"
