"""Parquet tables of any columns."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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
    schema = _open(paths[0]).schema_arrow
    with (
        atomic_path(output) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for path in paths:
            with _open(path) as file:
                if not file.schema_arrow.equals(schema):
                    raise InputError(f"{path}: its columns are not those of {paths[0]}")
                for group in range(file.num_row_groups):
                    writer.write_table(file.read_row_group(group))


def _open(path: str | Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({error})") from None
