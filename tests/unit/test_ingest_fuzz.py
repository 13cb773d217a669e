"""Ingest of damaged files: a clear error or a correct result; no crash, hang or wrong number.

Damage that no checksum covers can be a valid file of other numbers: there the rows must only add
up. Where all is covered (Parquet pages and HDF5 chunks with checksums), the result is that of the
whole file or an error. Run as a program, this damages one kind of file again and again, a line a
case, so that a crash or a hang of a reader is an event of another process.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.unit.corsika_files import MU_PLUS, particles, shower, write
from tests.unit.ingest_files import (
    Shape,
    all_bits,
    as_events,
    hdf5_file,
    ingest,
    muonitron_file,
    some_rows,
)

from fastsim.bundles.events import to_table

ROOT = Path(__file__).parents[2]
MEMORY_BYTES = 3 * 2**30
PAGES = {"data_page_size": 256, "write_batch_size": 16, "row_group_size": 25}


def muonitron(path, rows, **options):
    muonitron_file(path, rows, Shape(options=PAGES | options))


def event_table(path, rows, **options):
    pq.write_table(to_table(as_events(rows)), path, **PAGES, **options)


def corsika(path, rows):
    rng = np.random.default_rng(1)
    showers = []
    for event in range(1, 6):
        momentum = np.column_stack([rng.normal(0, 1, (40, 2)), 10 ** rng.uniform(3, 4.5, 40)])
        muons = particles(MU_PLUS, momentum, rng.normal(0, 500, (40, 2)))
        showers.append(shower(muons, event=event, long_blocks=1))
    write(path, *showers)


def hdf5(path, rows, **options):
    hdf5_file(path, rows, **options)


CHUNKS = {"chunks": True, "compression": "gzip", "fletcher32": True}
KINDS = {
    "checked MuoniTron": lambda *a: muonitron(*a, write_page_checksum=True, compression="zstd"),
    "checked event table": lambda *a: event_table(*a, write_page_checksum=True),
    "checked HDF5": lambda *a: hdf5(*a, libver="latest", **CHUNKS),
    "MuoniTron": lambda *a: muonitron(*a, data_page_version="2.0", use_dictionary=False),
    "event table": lambda *a: event_table(*a, compression="none"),
    "HDF5": lambda *a: hdf5(*a, zeros=True),
    "old HDF5": lambda *a: hdf5(*a, dtype="f4", chunks=True, compression="lzf"),
    "CORSIKA": corsika,
}
CHECKED = [kind for kind in KINDS if kind.startswith("checked")]


def damaged(data, rng):
    """Return a copy of ``data`` with some bytes flipped, cut off, erased or swapped."""
    data = bytearray(data)
    size = len(data)

    def place():
        # what describes the numbers lies at the ends
        near = int(min(size, 10 ** rng.uniform(0, np.log10(size))))
        return (rng.integers(size), near - 1, size - near)[rng.integers(3)]

    match rng.integers(5):
        case 0:
            at = place()
            data[at] ^= 1 << rng.integers(8)
        case 1:
            for _ in range(rng.integers(1, 5)):
                data[place()] = rng.integers(256)
        case 2:
            del data[place() :]
        case 3:
            at, length = place(), rng.integers(1, 100)
            data[at : at + length] = bytes([rng.choice([0, 255])]) * len(data[at : at + length])
        case 4:
            length = rng.integers(1, size // 4)
            one, two = np.sort(rng.integers(0, size - 2 * length, 2))
            two += length
            data[one : one + length], data[two : two + length] = (
                data[two : two + length],
                data[one : one + length],
            )
    return bytes(data)


def problem(outcome, file, expected):
    """Return what is wrong with how ingest took a damaged file, or None.

    Args:
        outcome: of the damaged file.
        file: its path.
        expected: values of the whole file if all damage shows, else None.
    """
    if outcome.status:
        clear = outcome.errors.startswith(f"error: {file}: ") and outcome.errors.count("\n") == 1
        if outcome.status != 2 or not clear or len(outcome.errors) > 1000:
            return f"status {outcome.status}, {outcome.errors!r}"
        return f"left {outcome.files}" if outcome.files else None
    (counts,) = outcome.quality["files"].values()
    rejected = sum(counts["rejected"].values())
    if counts["rows"] != counts["kept"] + counts["outliers"] + rejected:
        return f"counts do not add up: {counts}"
    if (len(outcome.events), len(outcome.rejected)) != (counts["kept"], rejected):
        return f"rows are not those counted: {counts}"
    if expected is not None and (all_bits(outcome.events) != expected or rejected):
        return f"other numbers than those of the whole file: {counts}"
    return None


def main(first, count, kinds):
    """Print one line per kind and case: ``read``, ``refused`` or what is wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for kind in kinds:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = folder / "file"
            KINDS[kind](file, some_rows(showers=20, seed=3))
            whole = file.read_bytes()
            expected = all_bits(ingest(folder / "whole", file).events) if kind in CHECKED else None
            for case in range(first, first + count):
                print(kind, case, sep=": ", end=": ", flush=True)
                file.write_bytes(damaged(whole, np.random.default_rng([case, *kind.encode()])))
                outcome = ingest(folder / "out", file)
                wrong = problem(outcome, file, expected)
                print(wrong or ("refused" if outcome.status else "read"), flush=True)
                shutil.rmtree(outcome.folder, ignore_errors=True)


def fuzz(first, count, kinds, seconds):
    """Run cases in a process of their own; return how many were read and refused, by kind."""
    command = [sys.executable, "-m", f"tests.unit.{Path(__file__).stem}"]
    try:
        done = subprocess.run(
            [*command, str(first), str(count), *kinds],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")},
        )
    except subprocess.TimeoutExpired as error:
        pytest.fail(f"a case hangs, the last of {error.stdout.decode()[-200:]!r}")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"{lines[-1:]}: {done.stderr[-3000:]}"
    results = [line.split(": ", 2) for line in lines]
    assert [result for result in results if result[2] not in ("read", "refused")] == []
    assert len(results) == count * len(kinds)
    return Counter((kind, result) for kind, _, result in results)


def test_damaged_files_are_read_right_or_refused():
    counts = fuzz(0, 40, KINDS, seconds=200)
    assert min(counts[kind, "refused"] for kind in KINDS) > 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_files_are_read_right_or_refused(kind):
    fuzz(40, 450, [kind], seconds=300)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
