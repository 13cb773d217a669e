"""Event tables, ours or written again by another program: kept as they are, checked row by row."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from fastsim.bundles.events import MUON_COLUMNS, PRIMARY_COLUMNS, SCHEMA, Events
from fastsim.bundles.ingest.conventions import Conventions
from fastsim.bundles.ingest.convert import Candidates, sighting_keys
from fastsim.data.foreign_parquet import is_list, iter_batches, nulls, rows_with, unnest
from fastsim.data.ragged import gather_indices, offsets_of
from fastsim.errors import InputError

ID_COLUMNS = ("event_id", "shower_id")


def read_event_table(path: Path) -> Iterator[Candidates]:
    """Yield the rows of an event table in blocks, with the ids they have.

    Columns may be nullable and lists of any kind, since programs that copy tables change that.

    Raises:
        InputError: a column is missing or of another type, or the file is damaged.
    """
    for first_row, batch in iter_batches(path, lambda schema: _columns(schema, path)):
        faults = {"null value": np.zeros(batch.num_rows, dtype=bool)}
        ids = [batch.column(name) for name in ID_COLUMNS]
        faults["shower id"] = nulls(ids[0]) | nulls(ids[1])
        event_id, shower_id = (column.fill_null(0).to_numpy() for column in ids)
        primary = [batch.column(name) for name in PRIMARY_COLUMNS]
        for column in primary:
            faults["null value"] |= nulls(column)
        primaries = np.column_stack([column.to_numpy(zero_copy_only=False) for column in primary])
        offsets, muons = _muons([batch.column(name) for name in MUON_COLUMNS], faults)
        stated = primaries.astype(np.float64)
        faults |= Conventions().canonical(stated)[1]
        yield Candidates(
            first_row,
            stated,
            Events(event_id, shower_id, primaries, offsets, *muons),
            ~nulls(ids[1]),
            {"event": event_id, "sighting": sighting_keys(shower_id, primaries)},
            faults,
        )


def _columns(schema: pa.Schema, path: Path) -> list[str]:
    for field in SCHEMA:
        if schema.names.count(field.name) != 1:
            times = schema.names.count(field.name)
            problem = "is missing; it is no event table" if not times else f"occurs {times} times"
            raise InputError(f"{path}: column {field.name} {problem}")
        kind = schema.field(field.name).type
        if field.name in MUON_COLUMNS:
            good = is_list(kind) and kind.value_type == field.type.value_type
        else:
            good = kind == field.type
        if not good:
            raise InputError(f"{path}: column {field.name} is {kind}; {field.type} is needed")
    return SCHEMA.names


def _muons(
    columns: list[pa.Array], faults: dict[str, np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the offsets of the rows and the columns of the muons, float32 (muons,) each.

    Rows whose lists differ in length have no muons and the fault ``muon length``.
    """
    lists = [unnest(column) for column in columns]
    for column, (offsets, values) in zip(columns, lists, strict=True):
        faults["null value"] |= nulls(column)
        if values.null_count:
            faults["null value"] |= rows_with(nulls(values), offsets)
    flat = [values.to_numpy(zero_copy_only=False) for _, values in lists]
    counts = np.diff(lists[0][0])
    differ = np.zeros(len(counts), dtype=bool)
    for offsets, _ in lists[1:]:
        differ |= np.diff(offsets) != counts
    if not differ.any():
        return lists[0][0].astype(np.int64), flat
    faults["muon length"] = differ
    kept = np.flatnonzero(~differ)
    flat = [
        values[gather_indices(offsets, kept)[0]]
        for (offsets, _), values in zip(lists, flat, strict=True)
    ]
    return offsets_of(np.where(differ, 0, counts)), flat
