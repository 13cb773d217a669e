"""Ragged events as flat tensors on a device, gathered by index."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch

from fastsim.data.ragged import offsets_of
from fastsim.data.shards import Shard


@dataclass(frozen=True)
class FlatEvents:
    """Events whose points lie one after the other.

    Attributes:
        counts: int64 (events,), points of each event, on the host.
        conditions: float32 (events, C), on the device, as the rest.
        lengths: int64 (events,), as ``counts``.
        starts: int64 (events,), place of each event's first point.
        points: float32 (points, P).
    """

    counts: np.ndarray
    conditions: torch.Tensor
    lengths: torch.Tensor
    starts: torch.Tensor
    points: torch.Tensor

    @staticmethod
    def bytes_of(events: int, points: int, widths: tuple[int, int]) -> int:
        """Return the bytes of the tensors of so many events and points of these widths."""
        conditions, components = widths
        return events * (4 * conditions + 8 + 8) + points * 4 * components

    @classmethod
    def join(
        cls,
        blocks: Iterable[Shard],
        events: int,
        points: int,
        widths: tuple[int, int],
        device: torch.device,
    ) -> "FlatEvents":
        """Join ``blocks`` as they come, so that memory holds the result and one block.

        Args:
            blocks: in the order wanted.
            events, points: how many there are in all blocks.
            widths: numbers of condition and of point components.
            device: where the tensors are kept.
        """
        counts = np.empty(events, dtype=np.int64)
        conditions = torch.empty((events, widths[0]), device=device)
        flat = torch.empty((points, widths[1]), device=device)
        event = point = 0
        for block in blocks:
            stops = event + len(block), point + len(block.points)
            counts[event : stops[0]] = block.counts
            conditions[event : stops[0]] = _tensor(block.conditions)
            flat[point : stops[1]] = _tensor(block.points)
            event, point = stops
        starts = torch.from_numpy(offsets_of(counts)[:-1])
        lengths = torch.from_numpy(counts)
        return cls(counts, conditions, lengths.to(device), starts.to(device), flat)

    def to(self, device: torch.device) -> "FlatEvents":
        """Return the same events on ``device``."""
        tensors = ("conditions", "lengths", "starts", "points")
        return replace(self, **{name: getattr(self, name).to(device) for name in tensors})

    def gather(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return events with their points, in the order of ``rows``.

        Args:
            rows: int64 (b,), event numbers.

        Returns:
            conditions (b, C), counts int64 (b,) and points (p, P), on the device.
        """
        # known here, so that a GPU need not be waited for
        points = int(self.counts[rows].sum())
        index = torch.from_numpy(rows)
        if self.points.is_cuda:
            # from other memory, the copy would wait for the GPU after all
            index = index.pin_memory()
        index = index.to(self.points.device, non_blocking=True)
        # twice as fast as indexing by brackets
        lengths = self.lengths.index_select(0, index)
        shift = self.starts.index_select(0, index) - (torch.cumsum(lengths, 0) - lengths)
        shift = torch.repeat_interleave(shift, lengths, output_size=points)
        positions = torch.arange(points, device=index.device) + shift
        conditions = self.conditions.index_select(0, index)
        return conditions, lengths, self.points.index_select(0, positions)


def _tensor(values: np.ndarray) -> torch.Tensor:
    # what comes straight from a file is read-only, which torch.from_numpy warns of
    return torch.from_numpy(np.require(values, np.float32, ["C", "W"]))


class JointBatch:
    """The events of one step, over all processes.

    Attributes:
        counts: int64 (B,), points of each event, on the host.
    """

    def __init__(self, events: FlatEvents, rows: np.ndarray) -> None:
        self._events, self._rows = events, rows
        self.counts = events.counts[rows]

    def gather(self, part: slice) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the events of ``part``, a slice of the batch's rows, as tensors on the device.

        Returns:
            conditions (b, C), counts int64 (b,) and points (p, P); ``b`` may be 0.
        """
        return self._events.gather(self._rows[part])
