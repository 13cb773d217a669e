"""The batches of a training, from events that stay on the device or are streamed from disk."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fastsim.data.batches import Window, epoch_windows, runs
from fastsim.data.flat_events import FlatEvents, JointBatch
from fastsim.data.free_memory import free_memory
from fastsim.data.prepared_blocks import PreparedBlocks
from fastsim.data.ragged import gather_indices, offsets_of
from fastsim.data.shards import Shard
from fastsim.data.window_reader import WindowReader
from fastsim.errors import InputError

# events of a window when nothing is said and not all of them fit into memory
STREAMED_WINDOW = 2**18


class EventBatches:
    """An endless stream of joint batches of normalised events, epoch after epoch.

    Events are shuffled within windows (:func:`~fastsim.data.batches.epoch_windows`) and batches are
    cut within windows (:func:`~fastsim.data.batches.runs`). Every epoch has each event once; with
    ``weigh`` it has as many events, drawn in proportion to their weights. When the prepared events
    fit into ``resident_memory`` they are kept on the device. Otherwise a window is on the device,
    while a thread reads the next into the memory of the host: there are never more than two, and
    those that batches still in use were taken from. For the same seed and ``shuffle_window`` both
    give the same batches. Only where ``shuffle_window``
    is None and the events neither fit into memory nor into one window do they differ: residents are
    shuffled all together, streamed ones in windows of :data:`STREAMED_WINDOW`.

    Attributes:
        events, points: of all shards, prepared; an epoch has as many events.
        widths: numbers of condition and of point components, prepared.
        resident: whether all events are kept on the device.
        epoch, position: of the next batch; ``position`` counts events and is 0 after the last batch
            of an epoch.
        waited: seconds spent in :meth:`next` since construction.

    Args:
        paths: shards.
        points_column: name of their column of points.
        prepare: applied to each block of a shard, as in
            :class:`~fastsim.data.prepared_blocks.PreparedBlocks`.
        device: where the batches are wanted.
        batch_events: events in a full batch.
        max_points: points in a batch of more than one event.
        seed: of the order of events.
        shuffle_window: events that are shuffled among themselves, at least; None for all.
        resident_memory: bytes that events may take on the device; None for half of what is free.
            Processes that share a training must be given the same.
        weigh: makes of prepared conditions (events, C) the events' weights, as in
            :class:`~fastsim.data.prepared_blocks.PreparedBlocks`; it treats every event for itself.
            None: each event once.

    Raises:
        InputError: as :class:`~fastsim.data.prepared_blocks.PreparedBlocks`.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        points_column: str,
        prepare: Callable[[Shard], Shard],
        device: torch.device,
        batch_events: int,
        max_points: int,
        seed: int,
        shuffle_window: int | None,
        resident_memory: int | None,
        weigh: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self._blocks = PreparedBlocks(
            paths, points_column=points_column, prepare=prepare, weigh=weigh
        )
        self._device, self._seed, self._weigh = device, seed, weigh
        self._batch_events, self._max_points = batch_events, max_points
        self.events, self.points = int(self._blocks.events.sum()), int(self._blocks.points.sum())
        self.widths = self._blocks.widths
        if resident_memory is None:
            resident_memory = free_memory(device) // 2
        needed = FlatEvents.bytes_of(self.events, self.points, self.widths)
        self.resident = needed <= resident_memory
        if shuffle_window is None and not self.resident:
            shuffle_window = STREAMED_WINDOW
        if shuffle_window is not None and shuffle_window >= self.events:
            shuffle_window = None
        self._shuffle_window = shuffle_window
        self.waited = 0.0
        # what batches are taken from: all events, or the window that is being used up
        self._held: FlatEvents | None = None
        if self.resident:
            blocks, everything = self._blocks, np.arange(len(self._blocks.events))
            self._held = FlatEvents.join(
                map(blocks.read, everything), *blocks.totals(everything), device
            )
        else:
            self._reader = WindowReader(self._blocks)
        self._go_to(epoch=0, position=0)

    def _go_to(self, epoch: int, position: int) -> None:
        self.epoch, self.position = epoch, position
        # the events left in the window, as rows of what is held; found when they are needed
        self._rows: np.ndarray | None = None
        self._batches: Iterator[slice] = iter(())

    def next(self) -> JointBatch:
        """Return the next batch.

        Raises:
            InputError: a file is gone or has changed since it was first read.
        """
        began = time.perf_counter()
        if self._rows is None:
            self._open_window()
        part = next(self._batches)
        batch = JointBatch(self._held, self._rows[part])
        self.position += part.stop - part.start
        if self.position == self.events:
            self._go_to(self.epoch + 1, 0)
        elif part.stop == len(self._rows):
            self._go_to(self.epoch, self.position)
        self.waited += time.perf_counter() - began
        return batch

    def _windows(self, epoch: int) -> list[Window]:
        blocks = self._blocks
        return epoch_windows(blocks.events, self._shuffle_window, self._seed, epoch, blocks.weights)

    def _open_window(self) -> None:
        """Make ready the batches from ``position`` to the end of the window that it lies in."""
        windows = self._windows(self.epoch)
        stops = np.cumsum([window.events for window in windows])
        number = int(np.searchsorted(stops, self.position, side="right"))
        window = windows[number]
        if self.resident:
            rows = gather_indices(offsets_of(self._blocks.events), window.blocks)[0]
        else:
            # the window before makes room for this one
            self._held = None
            following = windows[number + 1 :] or self._windows(self.epoch + 1)
            self._held = self._reader.take(window.blocks, following[0].blocks).to(self._device)
            rows = np.arange(len(self._held.counts))
        rows = rows[self._order(window, rows)]
        self._rows = rows[self.position - (stops[number] - window.events) :]
        self._batches = runs(self._held.counts[self._rows], self._batch_events, self._max_points)

    def _order(self, window: Window, rows: np.ndarray) -> np.ndarray:
        """Return the places in ``rows``, the window's events, that its batches are cut from."""
        if self._weigh is None:
            return window.permutation()
        index = torch.from_numpy(rows).to(self._device)
        conditions = self._held.conditions.index_select(0, index)
        return window.draw(self._weigh(conditions.cpu().numpy()))

    def state_dict(self) -> dict[str, Any]:
        """Return where the stream stands, as plain values; the same for all processes."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "shuffle_window": self._shuffle_window,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken, wherever the events were then.

        Raises:
            InputError: all events were shuffled together then, and are streamed now.
        """
        if state["shuffle_window"] != self._shuffle_window and not self.resident:
            needed = FlatEvents.bytes_of(self.events, self.points, self.widths)
            raise InputError(
                f"resident_memory: the checkpoint was made with all {self.events} events in "
                f"memory, shuffled together, and now less is free; they take {-(-needed // 2**20)} "
                "MiB, which the key must be at least"
            )
        self._shuffle_window = state["shuffle_window"]
        self._go_to(state["epoch"], state["position"])

    def close(self) -> None:
        """End the thread that reads, if there is one."""
        if not self.resident:
            self._reader.close()
