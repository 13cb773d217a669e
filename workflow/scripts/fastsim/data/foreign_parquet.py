"""Parquet files of users: opened with care, read in blocks of bounded size, lists taken apart."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fastsim.data.parquet_files import clear_errors, open_parquet
from fastsim.data.parquet_pages import check_pages
from fastsim.errors import InputError

VALUES_PER_BLOCK = 2**19
"""Values of the largest column in a block of rows, by the average of its row group."""
MAX_ROWS_PER_BLOCK = 2**16
READ_BUFFER_BYTES = 2**20


def open_foreign(path: Path) -> pq.ParquetFile:
    """Open a Parquet file for streaming; checksums of pages are verified where there are any.

    Raises:
        InputError: it is no complete Parquet file.
    """
    # a column chunk is read through a small buffer, not whole; no background reads
    return open_parquet(
        path, buffer_size=READ_BUFFER_BYTES, pre_buffer=False, page_checksum_verification=True
    )


def iter_batches(
    path: Path, columns: Callable[[pa.Schema], Sequence[str]]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the number of its first row and each block of rows, in order.

    A block holds about :data:`VALUES_PER_BLOCK` values of the widest column. The pages' headers are
    checked before any page is read (:func:`check_pages`), so that memory stays bounded: by the
    block, one page per column and, where muons are spread unevenly over the rows of a row group,
    by the densest run of rows that makes up a block.

    Args:
        path: a Parquet file.
        columns: returns the names of the columns to read, or raises InputError.

    Raises:
        InputError: the file is damaged, or holds another number of rows than it says.
    """
    with open_foreign(path) as file:
        names = list(columns(file.schema_arrow))
        with clear_errors(f"{path}: its footer is broken"):
            check_pages(path, file.metadata, set(names))
        row = 0
        for group in range(file.num_row_groups):
            metadata = file.metadata.row_group(group)
            size = _rows_per_block(metadata)
            stop = row + metadata.num_rows
            with clear_errors(f"{path}: row group {group} is broken"):
                for batch in file.iter_batches(size, row_groups=[group], columns=names):
                    yield row, batch
                    row += batch.num_rows
            if row != stop:
                raise InputError(f"{path}: row group {group} has rows up to {row}, not {stop}")
        if row != file.metadata.num_rows:
            raise InputError(f"{path}: has {row} rows, its footer says {file.metadata.num_rows}")


def _rows_per_block(metadata: pq.RowGroupMetaData) -> int:
    values = max(metadata.column(index).num_values for index in range(metadata.num_columns))
    rows = VALUES_PER_BLOCK * metadata.num_rows // max(values, 1)
    return max(1, min(rows, MAX_ROWS_PER_BLOCK))


def is_list(kind: pa.DataType) -> bool:
    """Tell whether values of ``kind`` are lists that :func:`unnest` takes apart."""
    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def unnest(lists: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return the offsets of ``lists``, integers (rows + 1,), and their values, uncopied.

    Offsets start at 0. A null list is empty, or, of fixed size, a run of values without meaning.
    """
    if pa.types.is_fixed_size_list(lists.type):
        size = lists.type.list_size
        offsets = np.arange(len(lists) + 1, dtype=np.int64) * size
        return offsets, lists.values.slice(lists.offset * size, len(lists) * size)
    offsets = lists.offsets.to_numpy()
    first = offsets[0]
    values = lists.values.slice(first, offsets[-1] - first)
    return offsets - first if first else offsets, values


def nulls(array: pa.Array) -> np.ndarray:
    """Return where ``array`` is null, bool (rows,)."""
    return array.is_null().to_numpy(zero_copy_only=False)


def rows_with(flagged: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return which rows hold a flagged value.

    Args:
        flagged: bool (values,).
        offsets: integers (rows + 1,), starting at 0.

    Returns:
        bool (rows,).
    """
    rows = np.zeros(len(offsets) - 1, dtype=bool)
    rows[np.searchsorted(offsets, np.flatnonzero(flagged), side="right") - 1] = True
    return rows
