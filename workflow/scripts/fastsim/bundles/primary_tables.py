"""Tables of primaries to generate bundles for: the four columns of a primary, CSV or Parquet."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from fastsim.bundles.events import PRIMARY_COLUMNS, UNITS, Events
from fastsim.bundles.ingest.conventions import Conventions
from fastsim.bundles.primary_range import PrimaryRange
from fastsim.data.foreign_parquet import iter_batches
from fastsim.data.parquet_files import ARROW_ERRORS, one_line
from fastsim.errors import InputError


def read_primaries(path: Path, trained: PrimaryRange) -> np.ndarray:
    """Return the primaries of a table, float32 (rows, 4) in GeV, GeV, rad, m, in its order.

    Args:
        path: a CSV file (``.csv``) or a Parquet file with :data:`events.PRIMARY_COLUMNS`; other
            columns play no part.
        trained: what the models know.

    Raises:
        InputError: a column or all rows are missing, a value is no number, or a row is no primary
            or outside the training.
    """
    stated = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
    if not len(stated):
        raise InputError(f"{path}: has no rows; a primary a row is needed")
    primaries, faults = Conventions().canonical(stated)
    row = _first(np.any(list(faults.values()), axis=0))
    if row is not None:
        reason = next(name for name, bad in faults.items() if bad[row])
        raise InputError(
            f"{path}: row {row} ({_told(stated[row])}) is no primary, {reason}; finite values, the "
            "mass of a nucleus in GeV and a zenith below pi/2 rad are needed"
        )
    primaries = primaries.astype(np.float32)
    inside = trained.holds_about(primaries)
    row = _first(~inside.all(axis=1))
    if row is not None:
        columns = " and ".join(np.array(PRIMARY_COLUMNS)[~inside[row]])
        raise InputError(
            f"{path}: row {row} ({_told(stated[row])}): {columns} outside what the models were "
            f"trained on: {trained}"
        )
    return primaries


def without_muons(primaries: np.ndarray) -> Events:
    """Return events of ``primaries`` (rows, 4), each a shower with the number of its row as ids."""
    ids = np.arange(len(primaries), dtype=np.uint64)
    offsets = np.zeros(len(primaries) + 1, dtype=np.int64)
    return Events(ids, ids, primaries, offsets, *np.empty((3, 0), dtype=np.float32))


def _read_csv(path: Path) -> np.ndarray:
    types = dict.fromkeys(PRIMARY_COLUMNS, pa.float64())
    try:
        with csv.open_csv(path) as header:
            _check_names(header.schema.names, path)
        table = csv.read_csv(
            path,
            # on one thread its messages have the number of the line
            read_options=csv.ReadOptions(use_threads=False),
            convert_options=csv.ConvertOptions(
                column_types=types, include_columns=list(PRIMARY_COLUMNS)
            ),
        )
    except ARROW_ERRORS as error:
        raise InputError(
            f"{path}: cannot be read as CSV ({one_line(error)}); a line of names, and numbers in "
            f"the columns {', '.join(PRIMARY_COLUMNS)}, are needed"
        ) from None
    # no number is none: it becomes NaN, which no primary is
    return np.column_stack([column.to_numpy() for column in table.columns])


def _read_parquet(path: Path) -> np.ndarray:
    blocks = [
        np.column_stack(
            [
                # integers too large to be exact are none of a primary, which is told later
                batch.column(name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
                for name in PRIMARY_COLUMNS
            ]
        )
        for _, batch in iter_batches(path, lambda schema: _columns(schema, path))
    ]
    return np.concatenate([np.empty((0, len(PRIMARY_COLUMNS))), *blocks])


def _check_names(names: list[str], path: Path) -> None:
    for name in PRIMARY_COLUMNS:
        times = names.count(name)
        if times != 1:
            problem = f"occurs {times} times" if times else "is missing"
            raise InputError(
                f"{path}: column {name} {problem}; one each of {', '.join(PRIMARY_COLUMNS)} is "
                f"needed, found are {names}"
            )


def _columns(schema: pa.Schema, path: Path) -> tuple[str, ...]:
    _check_names(schema.names, path)
    for name in PRIMARY_COLUMNS:
        kind = schema.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            raise InputError(f"{path}: column {name} is {kind}; numbers are needed")
    return PRIMARY_COLUMNS


def _first(chosen: np.ndarray) -> int | None:
    return int(chosen.argmax()) if chosen.any() else None


def _told(primary: np.ndarray) -> str:
    """Return a primary in words, as the table has it."""
    return ", ".join(
        f"{name} {value:.6g} {UNITS[name]}"
        for name, value in zip(PRIMARY_COLUMNS, primary, strict=True)
    )
