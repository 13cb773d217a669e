"""Files as the users of ingest have them, in every shape, and the program run on them."""

import contextlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fastsim.bundles.events import Events, read_events, write_events
from fastsim.bundles.ingest.rows import RawRows
from fastsim.data.ragged import offsets_of

MASSES = (0.938, 3.73, 13.05, 25.13, 52.10)


def some_rows(showers: int = 20, depths: int = 3, seed: int = 1, dtype: str = "f4") -> RawRows:
    """Return rows that ingest keeps: each shower at some depths, ids (7, shower), 0 to 8 muons."""
    rng = np.random.default_rng(seed)
    rows = showers * depths
    primaries = np.empty((rows, 4))
    primaries[:, 0] = np.repeat(10 ** rng.uniform(4, 7, showers), depths)
    primaries[:, 1] = np.repeat(rng.choice(MASSES, showers), depths)
    primaries[:, 2] = np.repeat(rng.uniform(0, 1.2, showers), depths)
    primaries[:, 3] = np.tile(1500.0 + 100.0 * np.arange(depths), showers)
    counts = rng.integers(0, 9, rows)
    muons = np.column_stack(
        # all below the energy of an iron nucleon at 1e4 GeV
        [10 ** rng.uniform(0, 2, counts.sum()), rng.normal(0, 10, (counts.sum(), 2))]
    )
    ids = np.column_stack([np.full(rows, 7), np.repeat(np.arange(showers), depths)])
    return RawRows(
        0,
        ids.astype(np.uint64),
        primaries.astype(dtype).astype(np.float64),
        offsets_of(counts),
        muons.astype(dtype),
    )


@dataclass(frozen=True)
class Shape:
    """How a MuoniTron file is laid out; lists are "list", "large" or "fixed".

    Attributes:
        primary, inner, outer: kind of the primary's list, of a muon's, and of a row's muons (fixed
            only where all rows have as many).
        number: Arrow's type of the numbers.
        entries: of a primary; 5 and more have a time at index 3.
        options: keywords of ``pyarrow.parquet.write_table``.
    """

    primary: str = "list"
    inner: str = "list"
    outer: str = "list"
    number: pa.DataType = field(default_factory=pa.float32)
    entries: int = 4
    options: dict = field(default_factory=dict)


def nested(values: pa.Array, offsets: np.ndarray, kind: str) -> pa.Array:
    """Return lists of ``values``; fixed-size ones are as long as the first."""
    if kind == "fixed":
        size = int(offsets[1]) if len(offsets) > 1 else 3
        return pa.FixedSizeListArray.from_arrays(values, size)
    if kind == "large":
        return pa.LargeListArray.from_arrays(pa.array(offsets), values)
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def muonitron_table(rows: RawRows, shape: Shape) -> pa.Table:
    """Return the Arrow table of MuoniTron's columns."""
    energy, mass, zenith, depth = rows.primaries.T
    entries = [energy, zenith, mass, depth]
    if shape.entries > 4:
        other = [np.full(len(rows), -1.0)] * (shape.entries - 5)
        entries = [energy, zenith, mass, np.full(len(rows), 0.25), depth, *other]
    every_primary = np.arange(len(rows) + 1) * shape.entries
    every_muon = np.arange(len(rows.muons) + 1) * 3
    primary = pa.array(np.column_stack(entries).ravel()).cast(shape.number)
    muons = nested(pa.array(rows.muons.ravel()).cast(shape.number), every_muon, shape.inner)
    columns = {
        "primary": nested(primary, every_primary, shape.primary),
        "muons": nested(muons, rows.offsets, shape.outer),
    }
    if rows.ids is not None:
        columns |= {
            "primary_major_id": np.ascontiguousarray(rows.ids[:, 0]),
            "primary_minor_id": np.ascontiguousarray(rows.ids[:, 1]),
        }
    return pa.table(columns)


def muonitron_file(path: Path, rows: RawRows, shape: Shape | None = None) -> Path:
    """Write ``rows`` as MuoniTron Parquet."""
    shape = shape or Shape()
    pq.write_table(muonitron_table(rows, shape), path, **shape.options)
    return path


def hdf5_file(
    path: Path,
    rows: RawRows,
    dtype: str = "f8",
    width: int = 7,
    zeros: bool = False,
    libver: str = "earliest",
    **storage,
) -> Path:
    """Write ``rows`` in the older HDF5 layout.

    Args:
        path: file to write.
        rows: what to write, with ids.
        dtype: of primaries and muons.
        width: columns of the primaries: 7, or 6 without a time.
        zeros: whether events without muons are a row of zeros with count 1.
        libver: HDF5's oldest format to use.
        storage: keywords of ``create_dataset``; none for contiguous datasets.
    """
    counts = np.diff(rows.offsets)
    energy, mass, zenith, depth = rows.primaries.T
    time = [np.full(len(rows), 0.5)] * (width - 6)
    primaries = np.column_stack([rows.ids, energy, zenith, mass, *time, depth])
    muons = np.column_stack(
        [np.repeat(rows.ids, counts, axis=0), rows.muons, np.ones(len(rows.muons))]
    )
    if zeros:
        muons = np.insert(muons, rows.offsets[:-1][counts == 0], 0.0, axis=0)
        counts = np.maximum(counts, 1)
    with h5py.File(path, "w", libver=libver) as file:
        for name, data, kind in (
            ("primaries", primaries, dtype),
            ("muons", muons, dtype),
            ("counts", counts, "i8"),
        ):
            file.create_dataset(name, data=data.astype(kind), **storage)
    return path


def without_ids(rows: RawRows) -> RawRows:
    """Return ``rows`` as a file without the id columns has them."""
    return RawRows(0, None, rows.primaries, rows.offsets, rows.muons)


def bits(array: np.ndarray) -> tuple:
    """Return what two arrays share that are equal bit for bit."""
    return array.shape, array.dtype, array.tobytes()


def as_events(rows: RawRows, first_id: int = 5) -> Events:
    """Return ``rows`` in canonical units as events with ids that only an event table can have."""
    return Events(
        np.arange(len(rows), dtype=np.uint64) + np.uint64(first_id),
        rows.ids[:, 0] ^ rows.ids[:, 1],
        rows.primaries.astype(np.float32),
        rows.offsets,
        *rows.muons.astype(np.float32).T,
    )


def all_bits(events: Events) -> dict[str, tuple]:
    """Return :func:`bits` of each array by name."""
    return {part.name: bits(getattr(events, part.name)) for part in fields(events)}


def event_table_file(path: Path, rows: RawRows) -> Path:
    """Write ``rows`` as our own event table."""
    write_events(path, as_events(rows), "test")
    return path


WRITERS = {"muonitron": muonitron_file, "hdf5": hdf5_file, "events": event_table_file}


@dataclass(frozen=True)
class Outcome:
    """What the program left: its exit status, standard error, and the folder of its outputs."""

    status: int
    errors: str
    folder: Path

    @property
    def files(self) -> list[str]:
        """Names of all files in the folder, hidden ones too."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    @property
    def events(self) -> Events:
        return read_events(self.folder / "events.parquet")

    @property
    def outliers(self) -> Events:
        return read_events(self.folder / "outliers.parquet")

    @property
    def rejected(self) -> list[dict]:
        return pq.read_table(self.folder / "rejected.parquet").to_pylist()

    @property
    def quality(self) -> dict:
        return json.loads((self.folder / "quality.json").read_text())


def ingest(folder: Path, files: Path | Sequence[Path], **settings: object) -> Outcome:
    """Run the program on ``files`` in this process; outputs go to ``folder``.

    Args:
        folder: for the four outputs.
        files: one or several.
        settings: keys of IngestConfig.
    """
    import ingest as program

    files = [files] if isinstance(files, Path) else files
    arguments = ["ingest.py", "--files", *map(str, files)]
    for name in ("output", "rejected", "outliers", "quality"):
        suffix = "json" if name == "quality" else "parquet"
        stem = "events" if name == "output" else name
        arguments += [f"--{name}", str(folder / f"{stem}.{suffix}")]
    for key, value in settings.items():
        arguments += [f"--{key.replace('_', '-')}", json.dumps(value)]
    errors, status = io.StringIO(), 0
    with (
        mock.patch("sys.argv", arguments),
        contextlib.redirect_stderr(errors),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        try:
            program.main()
        except SystemExit as stop:
            status = stop.code
    return Outcome(status, errors.getvalue(), folder)


def assert_refused(outcome: Outcome, file: Path, message: str) -> None:
    """One line that starts with the file and holds the message; status 2; nothing is left."""
    assert outcome.status == 2, outcome.errors
    assert outcome.errors.count("\n") == 1
    assert outcome.errors.startswith(f"error: {file}: "), outcome.errors
    assert re.search(message, outcome.errors), outcome.errors
    assert outcome.files == []
