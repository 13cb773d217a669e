"""Normalised shards: conditions, counts and ragged points, as a training reads them.

On disk (Parquet, zstd): ``conditions`` fixed_size_list<float32>[C], ``count`` int32 and one column
of points, list<fixed_size_list<float32>[P]>; every row group is read into flat arrays without
touching rows one by one. The name of the points column is the caller's (``muons`` for bundles).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fastsim.data.bounds import all_finite
from fastsim.data.parquet_blocks import iter_blocks, numbered
from fastsim.data.parquet_files import clear_errors, open_parquet
from fastsim.data.ragged import gather_indices, offsets_of
from fastsim.errors import InputError
from fastsim.files import atomic_path

FORMAT_VERSION = "1"


@dataclass(frozen=True)
class Shard:
    """A block of normalised events as flat arrays.

    Attributes:
        conditions: float32 (events, C).
        counts: int32 (events,), points per event.
        points: float32 (points, P), event after event.
    """

    conditions: np.ndarray
    counts: np.ndarray
    points: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def offsets(self) -> np.ndarray:
        """int64 (events + 1,): points of event ``i`` are ``offsets[i]:offsets[i + 1]``."""
        return offsets_of(self.counts)

    def select(self, rows: np.ndarray) -> "Shard":
        """Return the events at ``rows`` (a boolean mask or indices, in that order)."""
        rows = np.arange(len(self))[rows]
        positions, _ = gather_indices(self.offsets, rows)
        return Shard(self.conditions[rows], self.counts[rows], self.points[positions])

    @staticmethod
    def concatenate(shards: Sequence["Shard"]) -> "Shard":
        """Join shards in order; at least one is needed."""
        return Shard(
            np.concatenate([shard.conditions for shard in shards]),
            np.concatenate([shard.counts for shard in shards]),
            np.concatenate([shard.points for shard in shards]),
        )


def _schema(conditions: int, points: int, points_column: str) -> pa.Schema:
    value = pa.field("element", pa.float32(), nullable=False)
    point = pa.field("element", pa.list_(value, points), nullable=False)
    return pa.schema(
        [
            pa.field("conditions", pa.list_(value, conditions), nullable=False),
            pa.field("count", pa.int32(), nullable=False),
            pa.field(points_column, pa.list_(point), nullable=False),
        ]
    )


@contextmanager
def shard_writer(
    path: str | Path,
    metadata: Mapping[str, str],
    *,
    widths: tuple[int, int],
    points_column: str,
) -> Iterator[Callable[[Shard], None]]:
    """Yield a function that appends a block to one shard as a row group; written atomically.

    Blocks are best of about 1e5 points; one without events leaves no row group.

    Args:
        path: Parquet file to write; it appears when the block has ended well.
        metadata: kept in the schema (what normalised them, for instance).
        widths: numbers of condition and of point components (a shard may have no events).
        points_column: name of the column of points.
    """
    schema = _schema(*widths, points_column)
    schema = schema.with_metadata({"format_version": FORMAT_VERSION, **metadata})
    with (
        atomic_path(path) as temporary,
        # points hardly shrink: higher levels take time for a few per cent; and hardly a number
        # occurs twice: a dictionary would only take time and space
        pq.ParquetWriter(
            temporary, schema, compression="zstd", compression_level=-1, use_dictionary=False
        ) as writer,
    ):

        def append(block: Shard) -> None:
            if len(block):
                writer.write_batch(_to_batch(block, schema), row_group_size=len(block))

        yield append


def write_shard(
    path: str | Path,
    blocks: Iterable[Shard],
    metadata: Mapping[str, str],
    *,
    widths: tuple[int, int],
    points_column: str,
) -> None:
    """Write one shard of all ``blocks``; the other arguments as of :func:`shard_writer`."""
    with shard_writer(path, metadata, widths=widths, points_column=points_column) as append:
        for block in blocks:
            append(block)


def _to_batch(shard: Shard, schema: pa.Schema) -> pa.RecordBatch:
    conditions, points = (
        pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel())
        for values in (shard.conditions, shard.points)
    )
    points_type = schema.field(2).type
    offsets = pa.array(shard.offsets.astype(np.int32))
    points = pa.FixedSizeListArray.from_arrays(points, type=points_type.value_type)
    columns = [
        pa.FixedSizeListArray.from_arrays(conditions, type=schema.field(0).type),
        pa.array(shard.counts.astype(np.int32)),
        pa.ListArray.from_arrays(offsets, points, type=points_type),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


class ShardFile:
    """A shard on disk, checked: row groups in any order, or all of it in blocks.

    A context manager.

    Attributes:
        row_groups: how many it has.

    Args:
        path: Parquet file.
        points_column: name of the column of points.

    Raises:
        InputError: the file is no such shard.
    """

    def __init__(self, path: str | Path, *, points_column: str) -> None:
        self._path, self._points_column = path, points_column
        self._file = open_parquet(path)
        _check_schema(self._file.schema_arrow, path, points_column)
        self.row_groups = self._file.num_row_groups
        metadata = self._file.metadata
        rows = [metadata.row_group(group).num_rows for group in range(self.row_groups)]
        self._first_rows = offsets_of(np.array(rows, dtype=np.int64))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def read(self, group: int) -> Shard:
        """Return row group ``group``.

        Raises:
            InputError: it cannot be read, a value is not finite, or a count is not the length of
                its list.
        """
        with clear_errors(f"{self._path}: row group {group} is broken"):
            table = self._file.read_row_group(group)
        return self._shard(table.combine_chunks(), int(self._first_rows[group]))

    def __iter__(self) -> Iterator[Shard]:
        """Yield all events in blocks. Errors are as of read."""
        for row, batch in numbered(iter_blocks(self._file), self._path):
            yield self._shard(batch, row)

    def _shard(self, rows: pa.Table | pa.RecordBatch, first_row: int) -> Shard:
        names = ("conditions", "count", self._points_column)
        columns = [_whole(rows.column(name)) for name in names]
        return _checked(*columns, self._path, first_row, self._points_column)


def iter_shards(path: str | Path, *, points_column: str) -> Iterator[Shard]:
    """Yield the events of a shard in blocks; :class:`InputError` as by :class:`ShardFile`."""
    with ShardFile(path, points_column=points_column) as file:
        yield from file


def read_shards(paths: Sequence[str | Path], *, points_column: str) -> Shard:
    """Read shards whole, in the order given.

    Raises:
        InputError: as :func:`iter_shards`, or the files hold no event between them.
    """
    blocks = [block for path in paths for block in iter_shards(path, points_column=points_column)]
    if not any(len(block) for block in blocks):
        where = paths[0] if len(paths) == 1 else f"{paths[0]} ... {paths[-1]}"
        raise InputError(
            f"{where}: no events; at least one is needed (more of them, or a larger split)"
        )
    if len({(block.conditions.shape[1], block.points.shape[1]) for block in blocks}) > 1:
        raise InputError(f"{paths[0]} ... {paths[-1]}: shards differ in their widths")
    return Shard.concatenate(blocks)


def _check_schema(schema: pa.Schema, path: str | Path, points_column: str) -> None:
    for name in ("conditions", "count", points_column):
        if name not in schema.names:
            raise InputError(f"{path}: column {name} is missing; it is no normalised shard")
    conditions, points = schema.field("conditions").type, schema.field(points_column).type
    widths = [
        kind.list_size if pa.types.is_fixed_size_list(kind) else 0
        for kind in (conditions, getattr(points, "value_type", pa.null()))
    ]
    wanted = _schema(*(max(width, 1) for width in widths), points_column)
    if not schema.equals(wanted):
        found = ", ".join(f"{field.name}: {field.type}" for field in schema)
        raise InputError(f"{path}: columns are {found}; it is no normalised shard")


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _checked(
    vectors: pa.Array,
    counts: pa.Array,
    lists: pa.Array,
    path: str | Path,
    row: int,
    points_column: str,
) -> Shard:
    widths = (vectors.type.list_size, lists.type.value_type.list_size)
    conditions = vectors.flatten().to_numpy().reshape(-1, widths[0])
    points = lists.flatten().flatten().to_numpy().reshape(-1, widths[1])
    shard = Shard(conditions, counts.to_numpy(), points)
    lengths = lists.value_lengths()
    if not lengths.equals(counts):
        bad = int(np.flatnonzero(lengths.to_numpy() != shard.counts)[0])
        raise InputError(
            f"{path}: row {row + bad}: count {shard.counts[bad]}; "
            f"the row holds {lengths[bad]} {points_column}"
        )
    for name, values in (("conditions", conditions), (points_column, points)):
        if not all_finite(values):
            raise InputError(f"{path}: column {name} has values that are not finite")
    return shard
