"""Parquet files opened, and one clear line for what pyarrow raises on damaged ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fastsim.errors import InputError

ARROW_ERRORS = (OSError, MemoryError, UnicodeDecodeError, OverflowError, pa.ArrowException)
"""What pyarrow raises for a damaged file."""


@contextmanager
def clear_errors(problem: str) -> Iterator[None]:
    """Raise what pyarrow raises in the block as :class:`InputError`: ``problem`` and reason."""
    try:
        yield
    except ARROW_ERRORS as error:
        raise InputError(f"{problem} ({one_line(error)})") from None


def open_parquet(path: str | Path, **options: Any) -> pq.ParquetFile:
    """Open a Parquet file, with ``options`` of :class:`pyarrow.parquet.ParquetFile`.

    Raises:
        InputError: it is no complete Parquet file.
    """
    with clear_errors(f"{path}: cannot be read as Parquet"):
        file = pq.ParquetFile(path, **options)
        # a damaged schema or name of a column shows only now
        str(file.schema_arrow)
        return file


def one_line(error: Exception) -> str:
    """Return an error's message without line breaks."""
    return " ".join(str(error).split())
