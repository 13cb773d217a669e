"""MuoniTron Parquet: one row is one shower at one depth, muons as nested lists.

Columns: ``primary`` list<float> = [E GeV, zenith rad, mass, depth m], or with five or more entries
[E, zenith, mass, time, depth, ...]; ``muons`` list<list<float>>, one [E GeV, x m, y m] a muon;
``primary_major_id`` and ``primary_minor_id``, both or neither. Lists may be large or of fixed size
at any level, numbers of single or double precision.

A damaged byte inside a page that has no checksum (Arrow writes none by default) can be a valid
number and cannot be seen; where there are checksums they are verified.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from fastsim.bundles.ingest.rows import RawRows
from fastsim.data.foreign_parquet import is_list, iter_batches, nulls, rows_with, unnest
from fastsim.data.ragged import gather_indices, offsets_of
from fastsim.errors import InputError

ID_COLUMNS = ("primary_major_id", "primary_minor_id")
COLUMNS = (*ID_COLUMNS, "primary", "muons")

SHORT_PRIMARY = 4
"""Entries of a primary without a time."""
MUON_ENTRIES = 3


def read_muonitron(path: Path) -> Iterator[RawRows]:
    """Yield the rows of a MuoniTron Parquet file in blocks.

    Raises:
        InputError: a column is missing or of another type, or the file is damaged.
    """
    for first_row, batch in iter_batches(path, lambda schema: _columns(schema, path)):
        faults: dict[str, np.ndarray] = {}
        primaries = _primaries(batch.column("primary"), faults)
        offsets, muons = _muons(batch.column("muons"), faults)
        ids = _ids(batch, faults) if ID_COLUMNS[0] in batch.schema.names else None
        yield RawRows(first_row, ids, primaries, offsets, muons, faults)


def _columns(schema: pa.Schema, path: Path) -> list[str]:
    """Return the columns to read after a check of their types."""
    names = [name for name in COLUMNS if name in schema.names]
    missing = [name for name in COLUMNS if name not in names]
    # both ids may be missing, one may not
    if missing and missing != list(ID_COLUMNS):
        raise InputError(
            f"{path}: column {missing[-1]} is missing; needed are primary and muons, and "
            f"{ID_COLUMNS[0]} and {ID_COLUMNS[1]}, both or neither"
        )
    for name in names:
        if schema.names.count(name) > 1:
            raise InputError(f"{path}: column {name} occurs {schema.names.count(name)} times")
        kind = schema.field(name).type
        if name in ID_COLUMNS:
            good, wanted = pa.types.is_integer(kind), "an integer"
        else:
            depth = 1 if name == "primary" else 2
            good, wanted = _is_nested(kind, depth), "list<" * depth + "float" + ">" * depth
        if not good:
            raise InputError(f"{path}: column {name} is {kind}; {wanted} is needed")
    return names


def _is_nested(kind: pa.DataType, depth: int) -> bool:
    for _ in range(depth):
        if not is_list(kind):
            return False
        kind = kind.value_type
    return pa.types.is_float32(kind) or pa.types.is_float64(kind)


def _ids(batch: pa.RecordBatch, faults: dict[str, np.ndarray]) -> np.ndarray:
    columns = [batch.column(name) for name in ID_COLUMNS]
    bad = np.zeros(batch.num_rows, dtype=bool)
    ids = np.empty((batch.num_rows, 2), dtype=np.uint64)
    for place, column in enumerate(columns):
        numbers = column.fill_null(0).to_numpy()
        bad |= nulls(column) | (numbers < 0)
        ids[:, place] = numbers.astype(np.uint64)
    faults["shower id"] = bad
    return ids


def _primaries(lists: pa.Array, faults: dict[str, np.ndarray]) -> np.ndarray:
    """Return energy, mass, zenith and depth, float64 (rows, 4), not finite where there are none."""
    offsets, values = unnest(lists)
    lengths = np.diff(offsets)
    flat = values.to_numpy(zero_copy_only=False)
    faults["null value"] = nulls(lists)
    if values.null_count:
        faults["null value"] |= rows_with(nulls(values), offsets)
    short = lengths < SHORT_PRIMARY
    faults["primary length"] = short
    if len(lists) and (lengths == lengths[0]).all() and not short[0]:
        depth = 3 if lengths[0] == SHORT_PRIMARY else 4
        return flat.reshape(len(lists), -1)[:, [0, 2, 1, depth]].astype(np.float64)
    primaries = np.full((len(lists), 4), np.nan)
    start, length = offsets[:-1][~short], lengths[~short]
    depth = np.where(length == SHORT_PRIMARY, 3, 4)
    for column, entry in enumerate((0, 2, 1, depth)):
        primaries[~short, column] = flat[start + entry]
    return primaries


def _muons(lists: pa.Array, faults: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the offsets of the rows and the muons (muons, 3), a view of Arrow's where possible.

    Rows with a muon of another length have no muons and the fault ``muon length``.
    """
    offsets, inner = unnest(lists)
    starts, values = unnest(inner)
    flat = values.to_numpy(zero_copy_only=False)
    if lists.null_count:
        faults["null value"] |= nulls(lists)
    if inner.null_count:
        faults["null value"] |= rows_with(nulls(inner), offsets)
    wrong = np.diff(starts) != MUON_ENTRIES
    if not wrong.any():
        if values.null_count:
            missing = nulls(values).reshape(-1, MUON_ENTRIES).any(axis=1)
            faults["null value"] |= rows_with(missing, offsets)
        return offsets.astype(np.int64), flat.reshape(-1, MUON_ENTRIES)
    bad = rows_with(wrong, offsets)
    faults["muon length"] = bad
    counts = np.where(bad, 0, np.diff(offsets))
    kept, _ = gather_indices(offsets, np.flatnonzero(~bad))
    entries = starts[kept, None] + np.arange(MUON_ENTRIES)
    if values.null_count:
        missing = nulls(values)[entries].any(axis=1)
        faults["null value"] |= rows_with(missing, offsets_of(counts))
    return offsets_of(counts), flat[entries]
