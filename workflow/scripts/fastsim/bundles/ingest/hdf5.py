"""The older HDF5 layout: one table of primaries, one of all muons, and counts that join them.

Datasets: ``primaries`` (N, 7) = [major, minor, E, zenith, mass, time, depth], or (N, 6) without the
time; ``muons`` (M, 6) = [major, minor, E, x, y, time]; ``counts`` (N,). An event without muons has
count 0, or count 1 and one muon whose energy and position are zero.

Numbers damaged in a dataset without a checksum filter (fletcher32) cannot be seen.
"""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from fastsim.bundles.ingest.rows import RawRows
from fastsim.data.foreign_parquet import rows_with
from fastsim.data.parquet_files import one_line
from fastsim.data.ragged import offsets_of
from fastsim.errors import InputError

WIDTHS = {"primaries": (6, 7), "muons": (6,), "counts": ()}
INTEGERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
FLOATS = ("float32", "float64")
DTYPES = {"primaries": FLOATS, "muons": FLOATS, "counts": (*FLOATS, *INTEGERS)}
MAX_MUONS_PER_ROW = 5_000_000
MUONS_PER_BLOCK = 2**18
ROWS_PER_BLOCK = 2**16
MAX_CHUNK_BYTES = 128 * 2**20
"""A chunk is decompressed whole."""
MAX_COMPRESSION = 5000
"""Most bytes of data per byte of file; gzip reaches 1032."""

# what h5py raises for a damaged file
HDF5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError, OverflowError)


def read_hdf5(path: Path) -> Iterator[RawRows]:
    """Yield the rows of an HDF5 file in blocks of about :data:`MUONS_PER_BLOCK` muons.

    Raises:
        InputError: a dataset is missing, of another shape or damaged, or the counts do not add up
            to the muons.
    """
    blocks = _read(path)
    while True:
        try:
            rows = next(blocks, None)
        except HDF5_ERRORS as error:
            raise InputError(f"{path}: cannot be read as HDF5 ({one_line(error)})") from None
        if rows is None:
            return
        yield rows


def _read(path: Path) -> Iterator[RawRows]:
    with h5py.File(path, "r") as file:
        primaries, muons, counts = (_dataset(file, name, path) for name in WIDTHS)
        if len(counts) != len(primaries):
            raise InputError(f"{path}: {len(counts)} counts for {len(primaries)} primaries")
        total = sum(int(block.sum()) for _, block in _count_blocks(counts, path))
        if total != len(muons):
            raise InputError(f"{path}: counts add up to {total}, there are {len(muons)} muons")
        first_muon = 0
        for first_row, block in _count_blocks(counts, path):
            for start, stop in _muon_blocks(block):
                number = int(block[start:stop].sum())
                yield _rows(
                    first_row + start,
                    primaries[first_row + start : first_row + stop],
                    block[start:stop],
                    muons[first_muon : first_muon + number],
                )
                first_muon += number


def _dataset(file: h5py.File, name: str, path: Path) -> h5py.Dataset:
    """Return a dataset after checks of what reading it would take."""
    if not isinstance(file.get(name), h5py.Dataset):
        found = ", ".join(list(file)[:10]) or "nothing"
        raise InputError(
            f"{path}: dataset {name} is missing; needed are {', '.join(WIDTHS)}, found {found}"
        )
    dataset = file[name]
    where = f"{path}: dataset {name}"
    shapes = [(width,) for width in WIDTHS[name]] or [()]
    if dataset.ndim == 0 or dataset.shape[1:] not in shapes:
        wanted = " or ".join(f"(rows, {width})" for width in WIDTHS[name]) or "(rows,)"
        raise InputError(f"{where} has the shape {dataset.shape}; {wanted} is needed")
    if dataset.dtype not in DTYPES[name]:
        wanted = " or ".join(DTYPES[name])
        raise InputError(f"{where} is {dataset.dtype}; {wanted} is needed")
    chunk = int(np.prod(dataset.chunks or (0,), dtype=object)) * dataset.dtype.itemsize
    if chunk > MAX_CHUNK_BYTES:
        raise InputError(f"{where} has chunks of {chunk} bytes; at most {MAX_CHUNK_BYTES} allowed")
    stored = dataset.id.get_storage_size()
    claimed = int(np.prod(dataset.shape, dtype=object)) * dataset.dtype.itemsize
    if claimed > MAX_COMPRESSION * stored:
        raise InputError(
            f"{where} claims {claimed} bytes and stores {stored}; at most {MAX_COMPRESSION} times "
            "as many are allowed"
        )
    return dataset


def _count_blocks(counts: h5py.Dataset, path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first row and the counts, int64, of blocks of rows."""
    for first in range(0, len(counts), ROWS_PER_BLOCK):
        block = counts[first : first + ROWS_PER_BLOCK]
        bad = ~((block >= 0) & (block <= MAX_MUONS_PER_ROW) & (block == np.rint(block)))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputError(
                f"{path}: count {block[row]} of row {first + row}; whole numbers from 0 to "
                f"{MAX_MUONS_PER_ROW} are needed"
            )
        yield first, block.astype(np.int64)


def _muon_blocks(counts: np.ndarray) -> Iterator[tuple[int, int]]:
    """Cut rows into runs of at most :data:`MUONS_PER_BLOCK` muons, or one row."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = ends[start] - counts[start]
        stop = int(np.searchsorted(ends, before + MUONS_PER_BLOCK, side="right"))
        yield start, (stop := max(stop, start + 1))
        start = stop


def _rows(first_row: int, primaries: np.ndarray, counts: np.ndarray, muons: np.ndarray) -> RawRows:
    offsets = offsets_of(counts)
    place_holder = np.repeat(counts == 1, counts) & (muons[:, 2:5] == 0).all(axis=1)
    ids, id_fault = _exact_ids(primaries[:, :2])
    other = (muons[:, :2] != np.repeat(primaries[:, :2], counts, axis=0)).any(axis=1)
    faults = {"shower id": id_fault, "muon ids": rows_with(other & ~place_holder, offsets)}
    depth = primaries.shape[1] - 1
    return RawRows(
        first_row,
        ids,
        primaries[:, [2, 4, 3, depth]].astype(np.float64),
        offsets_of(counts - rows_with(place_holder, offsets)),
        muons[~place_holder, 2:5],
        faults,
    )


def _exact_ids(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ids as uint64 (rows, 2) and which rows have one that is not exact."""
    limit = 2.0 ** (np.finfo(columns.dtype).nmant + 1)
    good = (columns >= 0) & (columns < limit) & (columns == np.rint(columns))
    return np.where(good, columns, 0).astype(np.uint64), ~good.all(axis=1)
