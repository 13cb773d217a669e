"""Which format a file has, found from its content, never from its name."""

from pathlib import Path
from typing import Literal

import h5py

from fastsim.bundles.events import SCHEMA
from fastsim.bundles.ingest.muonitron import COLUMNS as MUONITRON_COLUMNS
from fastsim.data.foreign_parquet import open_foreign
from fastsim.errors import InputError

Format = Literal["muonitron", "hdf5", "events", "corsika"]

ALLOWED = (
    "allowed are MuoniTron Parquet, the event table (Parquet), HDF5 with primaries, muons and "
    "counts, and CORSIKA 7 DAT files"
)
FORTRAN_RECORD_MARKER = 4
"""Bytes before the first block of a CORSIKA file that was written as Fortran records."""


def detect_format(path: Path) -> Format:
    """Return the format of a local file: magic bytes first, then the columns of a Parquet file.

    Raises:
        InputError: the file cannot be read, is empty, or has none of the formats.
    """
    try:
        with path.open("rb") as file:
            start = file.read(16)
        is_hdf5 = h5py.is_hdf5(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not start:
        raise InputError(f"{path}: is empty; {ALLOWED}")
    if is_hdf5:
        return "hdf5"
    if start.startswith(b"PAR1"):
        return _parquet_format(path)
    if b"RUNH" in (start[:4], start[FORTRAN_RECORD_MARKER:][:4]):
        return "corsika"
    raise InputError(f"{path}: starts with {start[:8]!r}; {ALLOWED}")


def _parquet_format(path: Path) -> Format:
    with open_foreign(path) as file:
        names = file.schema_arrow.names
    if set(MUONITRON_COLUMNS) & set(names):
        return "muonitron"
    if set(SCHEMA.names) & set(names):
        return "events"
    listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    raise InputError(
        f"{path}: has the columns {listed or '(none)'}; MuoniTron Parquet has "
        f"{', '.join(MUONITRON_COLUMNS)}, the event table {', '.join(SCHEMA.names)}"
    )
