"""The order of ragged events in an epoch, their batches under a budget of points, and shares.

A step's batch is the same whatever the number of processes; each takes a contiguous share of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Window:
    """Events that are shuffled among themselves.

    Attributes:
        blocks: int64, numbers of the blocks that hold them, one after the other.
        events: how many are taken, at least one: all of them, or as many draws by weight.
        seed: of their order.
    """

    blocks: np.ndarray
    events: int
    seed: np.random.SeedSequence

    def permutation(self) -> np.ndarray:
        """Return the order, int64 (events,): places in the joined blocks; always the same."""
        return np.random.default_rng(self.seed).permutation(self.events)

    def draw(self, weights: np.ndarray) -> np.ndarray:
        """Return events drawn by weight, int64 (events,): places in the joined blocks, mixed.

        The draws are always the same. An event comes as often as its share of the weights asks for,
        rounded down or up by chance, so that the mean over many seeds is that share.

        Args:
            weights: float64, of each event of the joined blocks; positive and finite.
        """
        random = np.random.default_rng(self.seed)
        times = apportion(weights, self.events, random.random())
        return random.permutation(np.repeat(np.arange(len(weights)), times))


def epoch_windows(
    sizes: np.ndarray,
    window: int | None,
    seed: int,
    epoch: int,
    weights: np.ndarray | None = None,
) -> list[Window]:
    """Return the windows of an epoch, which hold every event once, or as many draws by weight.

    They are a pure function of the arguments. Blocks come in a permuted order, and a window ends
    with the block that fills it; the last one holds what is left. Where one window would hold all
    events, their permutation alone decides, and it is that of all events. With weights, a window
    has its share of the draws, rounded down or up by chance; one without any is left out.

    Args:
        sizes: int (blocks,), events of each block.
        window: events that fill a window; None for all.
        seed, epoch: both 0 or above.
        weights: float64 (blocks,), sum of the weights of each block's events; None: no weights.
    """
    root = np.random.SeedSequence((seed, epoch))
    blocks = np.flatnonzero(sizes)
    if window is None or sizes.sum() <= window:
        return [Window(blocks, int(sizes.sum()), root)]
    random = np.random.default_rng(root)
    blocks = random.permutation(blocks)
    ends = np.cumsum(sizes[blocks])
    stops = [0]
    while stops[-1] < len(blocks):
        filled = (ends[stops[-1] - 1] if stops[-1] else 0) + window
        stops.append(min(int(np.searchsorted(ends, filled)) + 1, len(blocks)))
    parts = [blocks[start:stop] for start, stop in pairwise(stops)]
    events = np.array([sizes[part].sum() for part in parts])
    if weights is not None:
        shares = np.array([weights[part].sum() for part in parts])
        events = apportion(shares, int(sizes.sum()), random.random())
    return [
        Window(part, int(number), child)
        for part, number, child in zip(parts, events, root.spawn(len(parts)), strict=True)
        if number
    ]


def apportion(weights: np.ndarray, total: int, offset: float) -> np.ndarray:
    """Return whole numbers, int64 (n,), in proportion to weights, whose sum is ``total``.

    Each is its exact share rounded down or up, and over offsets the mean is that share (systematic
    sampling).

    Args:
        weights: float64 (n,), at least one; positive and finite.
        total: 0 or above.
        offset: uniform in [0, 1).
    """
    cumulative = np.cumsum(weights)
    edges = np.floor(cumulative * (total / cumulative[-1]) + offset).astype(np.int64)
    # a rounding error must change neither the sum nor a sign
    edges = np.minimum(edges, total)
    edges[-1] = total
    return np.diff(edges, prepend=0)


def runs(counts: np.ndarray, batch_events: int, max_points: int) -> Iterator[slice]:
    """Yield consecutive batches of events in the order given.

    A batch ends at ``batch_events`` events, or before the event with which it would exceed
    ``max_points`` points; an event larger than that is a batch of its own, never dropped. The last
    batch holds what is left. Begun anew where a batch ended, the same batches follow.

    Args:
        counts: int (events,), points of each event.
        batch_events: events in a full batch.
        max_points: points in a batch of more than one event.
    """
    cumulative = np.cumsum(counts, dtype=np.int64)
    start = 0
    while start < len(counts):
        before = cumulative[start - 1] if start else 0
        fitting = int(np.searchsorted(cumulative, before + max_points, side="right"))
        stop = min(max(fitting, start + 1), start + batch_events, len(counts))
        yield slice(start, stop)
        start = stop


def share(counts: np.ndarray, rank: int, world_size: int) -> slice:
    """Return the contiguous share of a batch that ``rank`` takes, about equal in points.

    The shares of all ranks cover the batch without overlap; one may be empty. None has more points
    than the batch's over ``world_size`` plus those of its largest event.

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
