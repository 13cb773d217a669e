"""Write events in the layouts of MuoniTron's users, so that their code reads generated bundles.

Both layouts name a shower by two ids, here the upper and the lower half of ``shower_id``: reading
an export back gives the same showers. They have no place for ``event_id``. Values are those of the
event table, in its units; none is rounded.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fastsim.bundles.config.sample import Layout
from fastsim.bundles.events import Events
from fastsim.errors import InputError
from fastsim.files import atomic_path

_MUONITRON = pa.schema(
    [
        ("primary_major_id", pa.uint64()),
        ("primary_minor_id", pa.uint64()),
        ("primary", pa.list_(pa.float32())),
        ("muons", pa.list_(pa.list_(pa.float32()))),
    ]
)
_HDF5_CHUNK_ROWS = 8192


def write_muonitron(path: str | Path, blocks: Iterable[Events]) -> None:
    """Write MuoniTron's Parquet table atomically, one row group per block, as the blocks come.

    Columns: ``primary_major_id`` and ``primary_minor_id`` uint64, ``primary`` list<float32> =
    [energy GeV, zenith rad, mass GeV, slant depth m], ``muons`` list<list<float32>>, an inner list
    [energy GeV, x m, y m] a muon; an event without muons has the empty list.

    Args:
        path: Parquet file to write; it appears when all blocks are written.
        blocks: the events in order.

    Raises:
        InputError: a block has more muons than 32-bit offsets can count.
    """
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, _MUONITRON, compression="zstd") as writer,
    ):
        for events in blocks:
            writer.write_batch(_muonitron_batch(events), row_group_size=max(len(events), 1))


def _muonitron_batch(events: Events) -> pa.RecordBatch:
    muons = events.muons
    if muons.size > np.iinfo(np.int32).max:
        raise InputError(f"{len(muons)} muons in one block; at most 715827882 are allowed")
    E, mass, zenith, depth = events.primaries.T
    major, minor = _ids(events)
    columns = [
        pa.array(major),
        pa.array(minor),
        _rows(np.column_stack([E, zenith, mass, depth])),
        pa.ListArray.from_arrays(pa.array(events.offsets.astype(np.int32)), _rows(muons)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_MUONITRON)


def _rows(values: np.ndarray) -> pa.ListArray:
    """Return a matrix as one list a row; the values are shared."""
    rows, width = values.shape
    offsets = np.arange(0, rows * width + 1, width, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values.ravel()))


def write_hdf5(path: str | Path, blocks: Iterable[Events]) -> None:
    """Write the older HDF5 layout atomically, as the blocks come; its datasets can be extended.

    Datasets: ``primaries`` float64 (N, 7) = [major id, minor id, energy GeV, zenith rad, mass GeV,
    time, slant depth m], ``muons`` float64 (M, 6) = [major id, minor id, energy GeV, x m, y m,
    time] event after event, ``counts`` int64 (N,) muons an event, 0 for none. Events have no
    times: these columns are 0.

    Args:
        path: HDF5 file to write; it appears when all blocks are written.
        blocks: the events in order.
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        for name, width, kind in (
            ("primaries", (7,), "f8"),
            ("muons", (6,), "f8"),
            ("counts", (), "i8"),
        ):
            file.create_dataset(
                name,
                shape=(0, *width),
                maxshape=(None, *width),
                chunks=(_HDF5_CHUNK_ROWS, *width),
                dtype=kind,
                compression="gzip",
                shuffle=True,
            )
        for events in blocks:
            E, mass, zenith, depth = events.primaries.T
            ids = np.column_stack(_ids(events))
            times = np.zeros(len(events))
            _append(file["primaries"], np.column_stack([ids, E, zenith, mass, times, depth]))
            ids, times = np.repeat(ids, events.counts, axis=0), np.zeros(len(events.muon_energy))
            _append(file["muons"], np.column_stack([ids, *events.muon_columns, times]))
            _append(file["counts"], events.counts)


def _append(dataset: h5py.Dataset, rows: np.ndarray) -> None:
    written = len(dataset)
    dataset.resize(written + len(rows), axis=0)
    dataset[written:] = rows


def _ids(events: Events) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper and the lower 32 bits of the showers' ids, uint64 (events,) each."""
    return events.shower_id >> np.uint64(32), events.shower_id & np.uint64(0xFFFFFFFF)


WRITERS: dict[Layout, Callable[[str | Path, Iterable[Events]], None]] = {
    "muonitron": write_muonitron,
    "hdf5": write_hdf5,
}
