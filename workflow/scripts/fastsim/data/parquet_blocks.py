"""Parquet tables in blocks of bounded size, the next one decoded while the last is worked on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq

VALUES_PER_BLOCK = 2**20
"""Values of the largest column in a block of rows, by the average of the file."""


def iter_blocks(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Yield all rows of an open file in order, in blocks of about :data:`VALUES_PER_BLOCK` values.

    A block may reach over several row groups, which costs less than to start anew at each.
    A thread reads one block ahead; what it raises is raised here.
    """
    batches = file.iter_batches(_rows_per_block(file.metadata))
    with ThreadPoolExecutor(max_workers=1) as thread:
        ahead = thread.submit(next, batches, None)
        while (batch := ahead.result()) is not None:
            ahead = thread.submit(next, batches, None)
            yield batch


def _rows_per_block(metadata: pq.FileMetaData) -> int:
    values = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        values += max(group.column(column).num_values for column in range(group.num_columns))
    return max(1, VALUES_PER_BLOCK * metadata.num_rows // max(values, 1))
