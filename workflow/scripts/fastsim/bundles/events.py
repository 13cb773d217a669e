"""The event table: Arrow schema, units, invariants, reading and writing.

One row is one shower seen at one slant depth; rows of a shower share ``shower_id``. ``simulate``
and ``sample`` write this table, and every later stage reads it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fastsim.data.bounds import all_between
from fastsim.data.parquet_blocks import iter_blocks, numbered, read_ahead
from fastsim.data.parquet_files import open_parquet
from fastsim.data.ragged import gather_indices, offsets_of
from fastsim.errors import InputError
from fastsim.files import atomic_path

FORMAT_VERSION = "1"
MUON_MASS = 0.1056584
"""GeV (Particle Data Group, 2024): energies of muons are total energies, so none is below it."""

MUONS_PER_ROW_GROUP = 100_000
VALUES_PER_PAGE = 2**18
"""About the muons of the largest usual row group: a column of one is a page."""

UNITS = {
    "primary_energy": "GeV",
    "primary_mass": "GeV",
    "zenith": "rad",
    "slant_depth": "m",
    "muon_energy": "GeV",
    "muon_x": "m",
    "muon_y": "m",
}
PRIMARY_COLUMNS = ("primary_energy", "primary_mass", "zenith", "slant_depth")
MUON_COLUMNS = ("muon_energy", "muon_x", "muon_y")

_IDS = [pa.field(name, pa.uint64(), nullable=False) for name in ("event_id", "shower_id")]
_PRIMARY = [
    pa.field(name, pa.float32(), nullable=False, metadata={"unit": UNITS[name]})
    for name in PRIMARY_COLUMNS
]
_MUONS = [
    pa.field(
        name,
        pa.list_(pa.field("element", pa.float32(), nullable=False)),
        nullable=False,
        metadata={"unit": UNITS[name]},
    )
    for name in MUON_COLUMNS
]
SCHEMA = pa.schema(_IDS + _PRIMARY + _MUONS)


@dataclass(frozen=True)
class Events:
    """A block of events as flat arrays; muons of event ``i`` are ``offsets[i]:offsets[i + 1]``.

    Attributes:
        event_id, shower_id: uint64 (events,).
        primaries: float32 (events, 4), columns as :data:`PRIMARY_COLUMNS` (GeV, GeV, rad, m).
        offsets: int64 (events + 1,), starts at 0.
        muon_energy, muon_x, muon_y: float32 (muons,) (GeV, m, m), apart as they are stored, so that
            neither reading nor writing copies them.
    """

    event_id: np.ndarray
    shower_id: np.ndarray
    primaries: np.ndarray
    offsets: np.ndarray
    muon_energy: np.ndarray
    muon_x: np.ndarray
    muon_y: np.ndarray

    def __len__(self) -> int:
        return len(self.event_id)

    @property
    def muon_columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The muons' arrays in the order of :data:`MUON_COLUMNS`."""
        return self.muon_energy, self.muon_x, self.muon_y

    @property
    def muons(self) -> np.ndarray:
        """float32 (muons, 3), columns as :data:`MUON_COLUMNS`: a copy, made anew each time."""
        return np.stack(self.muon_columns).T

    @property
    def counts(self) -> np.ndarray:
        """Muons per event, int64 (events,)."""
        return np.diff(self.offsets)

    def select(self, rows: np.ndarray) -> "Events":
        """Return the events at ``rows`` (a boolean mask or indices, in that order)."""
        rows = np.arange(len(self))[rows]
        positions, offsets = gather_indices(self.offsets, rows)
        return Events(
            self.event_id[rows],
            self.shower_id[rows],
            self.primaries[rows],
            offsets,
            *(column[positions] for column in self.muon_columns),
        )

    @staticmethod
    def concatenate(blocks: Sequence["Events"]) -> "Events":
        """Join blocks in order; at least one is needed."""
        counts = np.concatenate([block.counts for block in blocks])
        return Events(
            np.concatenate([block.event_id for block in blocks]),
            np.concatenate([block.shower_id for block in blocks]),
            np.concatenate([block.primaries for block in blocks]),
            offsets_of(counts),
            *map(np.concatenate, zip(*(block.muon_columns for block in blocks), strict=True)),
        )


def to_table(events: Events) -> pa.Table:
    """Return the Arrow table of ``events``; the columns share one offsets array."""
    if events.offsets[-1] > np.iinfo(np.int32).max:
        raise InputError(f"{events.offsets[-1]} muons in one table; at most 2^31 - 1 are allowed")
    offsets = pa.array(events.offsets.astype(np.int32))
    columns = [pa.array(events.event_id), pa.array(events.shower_id)]
    columns += [pa.array(np.ascontiguousarray(column)) for column in events.primaries.T]
    columns += [
        pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(column)), type=field.type)
        for column, field in zip(events.muon_columns, _MUONS, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def from_batch(batch: pa.RecordBatch) -> Events:
    """Return one record batch of the event table as flat arrays."""
    lists = [batch.column(name) for name in MUON_COLUMNS]
    # copied by Arrow, whose memory is used again: numpy's is new to the system each time
    primaries = pa.concat_arrays([batch.column(name) for name in PRIMARY_COLUMNS])
    offsets = lists[0].offsets.cast(pa.int64())
    return Events(
        batch.column("event_id").to_numpy(),
        batch.column("shower_id").to_numpy(),
        # stored column by column, as they are checked and written
        primaries.to_numpy().reshape(len(PRIMARY_COLUMNS), -1).T,
        pc.subtract(offsets, offsets[0]).to_numpy(),
        *(column.flatten().to_numpy() for column in lists),
    )


@contextmanager
def event_writer(
    path: str | Path, producer: str, seed: int | None = None
) -> Iterator[Callable[[Events], None]]:
    """Yield a function that appends events to one shard, written atomically as they come.

    Units and origin go into the shard's metadata. Small blocks are gathered into row groups of
    about :data:`MUONS_PER_ROW_GROUP` muons.

    Args:
        path: Parquet file to write; it appears when the block has ended well.
        producer: name of the stage that made the events.
        seed: the seed they were drawn with, if any.
    """
    metadata = {"format_version": FORMAT_VERSION, "producer": producer}
    metadata |= {f"unit.{name}": unit for name, unit in UNITS.items()}
    if seed is not None:
        metadata["seed"] = str(seed)
    waiting: list[Events] = []

    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(
            temporary,
            SCHEMA.with_metadata(metadata),
            # muons hardly shrink: higher levels take time for a few per cent
            compression="zstd",
            compression_level=-1,
            # hardly a number occurs twice: a dictionary would only take time and space
            use_dictionary=False,
            # whole columns of a row group at once: a tenth faster, and a little smaller
            write_batch_size=VALUES_PER_PAGE,
            max_rows_per_page=VALUES_PER_PAGE,
        ) as writer,
    ):

        def flush() -> None:
            """Write what waits, all of it: to keep a rest for the next block would copy both."""
            if not waiting:
                return
            events = waiting[0] if len(waiting) == 1 else Events.concatenate(waiting)
            table = to_table(events).replace_schema_metadata(metadata)
            for start, stop in pairwise(_row_group_bounds(events.offsets)):
                writer.write_table(table.slice(start, stop - start))
            waiting.clear()

        def append(events: Events) -> None:
            waiting.append(events)
            if sum(len(block) + block.offsets[-1] for block in waiting) > MUONS_PER_ROW_GROUP:
                flush()

        yield append
        flush()


def write_events(path: str | Path, events: Events, producer: str, seed: int | None = None) -> None:
    """Write one shard whole, rows in their order; arguments as of :func:`event_writer`."""
    with event_writer(path, producer, seed) as append:
        append(events)


def _row_group_bounds(offsets: np.ndarray) -> np.ndarray:
    """Cut rows evenly into groups of about :data:`MUONS_PER_ROW_GROUP` muons and rows together."""
    # a row counts as well, since it may have no muon
    sizes = offsets + np.arange(len(offsets))
    groups = max(sizes[-1] // MUONS_PER_ROW_GROUP, 1)
    return np.unique(np.searchsorted(sizes, np.linspace(0, sizes[-1], groups + 1)))


def iter_events(path: str | Path) -> Iterator[Events]:
    """Yield the events of a shard in blocks, checked; the next is decoded meanwhile.

    Raises:
        InputError: the file is no event table, or a row breaks an invariant (lists of one length,
            finite values, energies above zero).
    """
    with open_parquet(path) as file:
        if not file.schema_arrow.equals(SCHEMA):
            problem = _schema_problem(file.schema_arrow)
            raise InputError(f"{path}: {problem}")
        for row, batch in numbered(read_ahead(iter_blocks(file)), path):
            yield _checked(batch, path, row)


def read_events(paths: str | Path | Sequence[str | Path]) -> Events:
    """Read one or several shards whole, in the order given (checked as by :func:`iter_events`)."""
    if isinstance(paths, str | Path):
        paths = [paths]
    empty = from_batch(pa.RecordBatch.from_pylist([], schema=SCHEMA))
    return Events.concatenate([empty, *(block for path in paths for block in iter_events(path))])


def _schema_problem(schema: pa.Schema) -> str:
    for field in SCHEMA:
        if field.name not in schema.names:
            return f"column {field.name} is missing; it is no event table"
        if schema.field(field.name).type != field.type:
            found = schema.field(field.name).type
            return f"column {field.name} is {found}; {field.type} is needed"
    extra = [name for name in schema.names if name not in SCHEMA.names]
    return f"columns differ from the event table (unexpected: {', '.join(extra) or 'nulls'})"


def _checked(batch: pa.RecordBatch, path: str | Path, first_row: int) -> Events:
    for name in SCHEMA.names:
        if batch.column(name).null_count:
            raise InputError(f"{path}: column {name} has nulls; none are allowed")
    offsets = batch.column("muon_energy").offsets
    for name in ("muon_x", "muon_y"):
        if not batch.column(name).offsets.equals(offsets):
            raise InputError(f"{path}: {name} and muon_energy differ in length within a row")
    events = from_batch(batch)
    row = _first_bad(events.primaries.T, positive=2)
    if row is not None:
        raise InputError(
            f"{path}: row {first_row + row}: primary {events.primaries[row].tolist()}; "
            "finite values and a positive energy and mass are needed"
        )
    muon = _first_bad(events.muon_columns, positive=1)
    if muon is not None:
        row = int(np.searchsorted(events.offsets, muon, side="right")) - 1
        values = [float(column[muon]) for column in events.muon_columns]
        raise InputError(
            f"{path}: row {first_row + row}: muon {values}; "
            "finite values and a positive energy are needed"
        )
    return events


def _first_bad(columns: Sequence[np.ndarray], positive: int) -> int | None:
    """Return the first row not finite, or not above 0 in the first columns, or None."""
    first = []
    # column by column, since looking row by row takes thirty times as long
    for place, column in enumerate(columns):
        least = 0.0 if place < positive else -np.inf
        if not all_between(column, least, np.inf):
            first.append(int(np.argmin((column > least) & (column < np.inf))))
    return min(first, default=None)
