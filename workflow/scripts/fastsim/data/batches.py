"""Batches of ragged events under a budget of points, and their shares for several processes.

A step's batch is the same whatever the number of processes; each takes a contiguous share of it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np


class BatchStream:
    """An endless sequence of batches of event numbers, epoch after epoch.

    Every epoch visits each event once, in an order that is a pure function of seed and epoch.
    A batch ends at ``batch_events`` events, or before the event with which it would exceed
    ``max_points`` points; an event larger than that is a batch of its own, never dropped. The last
    batch of an epoch holds what is left.

    Args:
        counts: int (events,), points of each event; at least one event.
        batch_events: events in a full batch.
        max_points: points in a batch of more than one event.
        seed: of the order of events.
    """

    def __init__(self, counts: np.ndarray, batch_events: int, max_points: int, seed: int) -> None:
        self._counts = np.asarray(counts, dtype=np.int64)
        self._batch_events = batch_events
        self._max_points = max_points
        self._seed = seed
        self._load(epoch=0, position=0)

    def _load(self, epoch: int, position: int) -> None:
        self.epoch = epoch
        self.position = position
        rng = np.random.default_rng((self._seed, epoch))
        self._order = rng.permutation(len(self._counts))
        # points up to and including each event of the order
        self._cumulative = np.cumsum(self._counts[self._order])

    def next(self) -> np.ndarray:
        """Return the event numbers of the next batch, int64 (events of the batch,)."""
        if self.position == len(self._order):
            self._load(self.epoch + 1, 0)
        start = self.position
        self.position = _stop(self._cumulative, start, self._batch_events, self._max_points)
        return self._order[start : self.position]

    def state_dict(self) -> dict[str, Any]:
        """Return where the sequence stands."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue as after ``state_dict`` was taken."""
        self._load(state["epoch"], state["position"])


def runs(counts: np.ndarray, batch_events: int, max_points: int) -> Iterator[slice]:
    """Yield consecutive runs of events, cut as by :class:`BatchStream`, in the order given."""
    cumulative = np.cumsum(counts, dtype=np.int64)
    start = 0
    while start < len(counts):
        stop = _stop(cumulative, start, batch_events, max_points)
        yield slice(start, stop)
        start = stop


def _stop(cumulative: np.ndarray, start: int, batch_events: int, max_points: int) -> int:
    """Return where the batch that begins at ``start`` ends; ``cumulative`` includes each event."""
    before = cumulative[start - 1] if start else 0
    fitting = int(np.searchsorted(cumulative, before + max_points, side="right"))
    return min(max(fitting, start + 1), start + batch_events, len(cumulative))


def share(counts: np.ndarray, rank: int, world_size: int) -> slice:
    """Return the contiguous share of a batch that ``rank`` takes, about equal in points.

    The shares of all ranks cover the batch without overlap; one may be empty.

    Args:
        counts: int (events,), points of each event of the batch.
        rank: 0 to ``world_size - 1``.
        world_size: number of processes.
    """
    cumulative = np.cumsum(counts)
    total = cumulative[-1] if len(counts) else 0
    edges = np.searchsorted(cumulative, total * np.arange(1, world_size) / world_size)
    edges = [0, *(edges + 1).clip(max=len(counts)).tolist(), len(counts)]
    return slice(edges[rank], edges[rank + 1])
