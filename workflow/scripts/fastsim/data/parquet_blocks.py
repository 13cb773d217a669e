"""Parquet tables in blocks of bounded size."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fastsim.data.parquet_files import clear_errors

VALUES_PER_BLOCK = 2**21
"""Values of all columns in a block of rows, by the average of the file."""


def iter_blocks(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Yield all rows of an open file in order, in blocks of about :data:`VALUES_PER_BLOCK` values.

    A block may reach over several row groups, which costs less than to start anew at each.
    """
    return file.iter_batches(_rows_per_block(file.metadata))


def read_ahead(blocks: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield ``blocks``, of which a thread decodes one ahead; what it raises is raised here.

    It pays where blocks are looked at: Arrow decodes columns in parallel, but not while it waits.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        ahead = thread.submit(next, blocks, None)
        while (block := ahead.result()) is not None:
            ahead = thread.submit(next, blocks, None)
            yield block


def numbered(
    blocks: Iterator[pa.RecordBatch], path: str | Path
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the number of its first row and each of ``blocks``, which are read from ``path``.

    Raises:
        InputError: the file is damaged.
    """
    row = 0
    while True:
        with clear_errors(f"{path}: rows from {row} on are broken"):
            block = next(blocks, None)
        if block is None:
            return
        yield row, block
        row += block.num_rows


def _rows_per_block(metadata: pq.FileMetaData) -> int:
    values = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        values += sum(group.column(column).num_values for column in range(group.num_columns))
    return max(1, VALUES_PER_BLOCK * metadata.num_rows // max(values, 1))
