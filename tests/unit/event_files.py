"""Shards whose events say which they are, and streams of batches from them."""

import numpy as np
import torch

from fastsim.data.event_batches import EventBatches
from fastsim.data.shards import Shard, write_shard

CPU = torch.device("cpu")
RESIDENT, STREAMED = 2**40, 0


def write_files(folder, files):
    """Write shards whose events and points say which they are; return their paths."""
    paths, first = [], 0
    for number, blocks in enumerate(files):
        shards = []
        for counts in blocks:
            events = np.arange(first, first + len(counts), dtype=np.float32)
            place = np.concatenate([np.arange(count) for count in [*counts, 0]])
            points = np.column_stack([np.repeat(events, counts), place, -place])
            conditions = np.column_stack([events, np.array(counts)])
            shards.append(
                Shard(
                    conditions.astype(np.float32),
                    np.array(counts, dtype=np.int32),
                    points.astype(np.float32),
                )
            )
            first += len(counts)
        paths.append(folder / f"{number}.parquet")
        write_shard(paths[-1], shards, {}, widths=(2, 3), points_column="muons")
    return paths


def filled_events(shard):
    """Leave out empty events, and a component of the points."""
    shard = shard.select(shard.counts > 0)
    return Shard(shard.conditions, shard.counts, shard.points[:, :2])


def by_points(conditions):
    """Weigh the events of :func:`write_files` by the square of their points."""
    return conditions[:, 1].astype(np.float64) ** 2


def stream(
    paths, memory, window=None, *, events=4, budget=30, seed=1, prepare=filled_events, weigh=None
):
    return EventBatches(
        paths,
        points_column="muons",
        prepare=prepare,
        device=CPU,
        batch_events=events,
        max_points=budget,
        seed=seed,
        shuffle_window=window,
        resident_memory=memory,
        weigh=weigh,
    )


def take(batches, number):
    """Return the tensors of the next batches."""
    return [batches.next().gather(slice(None)) for _ in range(number)]


def epoch_of(batches):
    """Return the batches of the epoch that is about to begin."""
    epoch, taken = batches.epoch, []
    while batches.epoch == epoch:
        taken.append(batches.next())
    return taken
