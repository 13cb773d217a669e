"""The row groups of shards as blocks, prepared for a training and read in any order."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fastsim.data.shards import Shard, ShardFile
from fastsim.errors import InputError


class PreparedBlocks:
    """Blocks of events, one a row group, that are read and prepared whenever they are asked for.

    One pass over all of them finds how large they are, and every mistake in the files.

    Attributes:
        events, points: int64 (blocks,), what each block holds once prepared.
        weights: float64 (blocks,), sum of the weights of each block's events; None without
            ``weigh``.
        widths: numbers of condition and of point components, prepared.

    Args:
        paths: shards; files and row groups are numbered in the order given.
        points_column: name of their column of points.
        prepare: what is done to a block. It treats every event for itself (it may leave one out),
            so that it does not matter how events are grouped, and gives the same each time.
        weigh: makes of prepared conditions (events, C) the events' weights, float64 (events,),
            positive and finite; None: there are none.

    Raises:
        InputError: a file is no shard, as :class:`~fastsim.data.shards.ShardFile`; shards differ
            in their widths; or no event is left.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        points_column: str,
        prepare: Callable[[Shard], Shard],
        weigh: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self._points_column, self._prepare = points_column, prepare
        self._places: list[tuple[str | Path, int]] = []
        sizes, weights, rows, widths = [], [], 0, {}
        for path in paths:
            with ShardFile(path, points_column=points_column) as file:
                for group in range(file.row_groups):
                    block = file.read(group)
                    rows += len(block)
                    block = prepare(block)
                    widths.setdefault(_widths(block), path)
                    sizes.append((len(block), len(block.points)))
                    if weigh is not None:
                        weights.append(weigh(block.conditions).sum())
                    self._places.append((path, group))
        if len(widths) > 1:
            first, other, *_ = widths.values()
            raise InputError(f"{first} and {other}: shards differ in their widths")
        self.events, self.points = np.array(sizes, dtype=np.int64).reshape(-1, 2).T
        if not self.events.any():
            where = paths[0] if len(paths) == 1 else f"{paths[0]} ... {paths[-1]}"
            raise InputError(f"{where}: {rows} events, none of use; at least one is needed")
        self.weights = None if weigh is None else np.array(weights)
        (self.widths,) = widths

    def totals(self, numbers: np.ndarray) -> tuple[int, int, tuple[int, int]]:
        """Return how many events and points the blocks of these numbers hold, and the widths."""
        return int(self.events[numbers].sum()), int(self.points[numbers].sum()), self.widths

    def read(self, block: int) -> Shard:
        """Return block number ``block``, prepared.

        Raises:
            InputError: the file is gone or is no longer what it was.
        """
        path, group = self._places[block]
        # opened each time: no more files are open than are being read, however many there are
        with ShardFile(path, points_column=self._points_column) as file:
            if group < file.row_groups:
                shard = self._prepare(file.read(group))
                sizes = (len(shard), len(shard.points))
                known = (self.events[block], self.points[block])
                if sizes == known and _widths(shard) == self.widths:
                    return shard
        raise InputError(f"{path}: row group {group} has changed since it was first read")


def _widths(shard: Shard) -> tuple[int, int]:
    return shard.conditions.shape[1], shard.points.shape[1]
