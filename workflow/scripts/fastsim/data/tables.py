"""Parquet tables of any columns."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from fastsim.data.parquet_files import clear_errors, open_parquet
from fastsim.errors import InputError
from fastsim.files import atomic_path


def concatenate(paths: Sequence[str | Path], output: str | Path) -> None:
    """Write the rows of several Parquet files of one schema into one, file after file.

    A row group is in memory at a time. The schema's metadata is the first file's.

    Args:
        paths: at least one file.
        output: Parquet file to write, atomically.

    Raises:
        InputError: a file cannot be read, or has other columns than the first.
    """
    schema = open_parquet(paths[0]).schema_arrow
    with (
        atomic_path(output) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for path in paths:
            with open_parquet(path) as file:
                if not file.schema_arrow.equals(schema):
                    raise InputError(f"{path}: its columns are not those of {paths[0]}")
                for group in range(file.num_row_groups):
                    with clear_errors(f"{path}: row group {group} is broken"):
                        rows = file.read_row_group(group)
                    writer.write_table(rows)
