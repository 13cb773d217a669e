"""Training, validation and test events: the split by shower, as every stage sees it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from fastsim.bundles.config.split import SplitConfig
from fastsim.bundles.events import Events, iter_events
from fastsim.data.splitting import assign_splits

SPLITS = ("train", "validation", "test")


def split_masks(events: Events, config: SplitConfig) -> dict[str, np.ndarray]:
    """Return a mask, bool (events,), for each of :data:`SPLITS`.

    It is a pure function of ``shower_id`` and the settings: the depths of a shower stay together,
    in any shard.
    """
    shares = {"validation": config.validation_share, "test": config.test_share, "train": 1.0}
    return assign_splits(events.shower_id, config.seed, shares)


def iter_split(paths: Iterable[Path], split: str, config: SplitConfig) -> Iterator[Events]:
    """Yield the events of one split in blocks, from event tables with all showers.

    Args:
        paths: event tables, read one after the other as by
            :func:`~fastsim.bundles.events.iter_events`, whose errors are raised.
        split: one of :data:`SPLITS`.
        config: of the split.
    """
    for path in paths:
        for events in iter_events(path):
            yield events.select(split_masks(events, config)[split])
