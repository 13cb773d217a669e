"""Training, validation and test events: the split by shower, as every stage sees it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from fastsim.bundles.config.split import HeldOutConfig, SplitConfig
from fastsim.bundles.events import Events, iter_events
from fastsim.bundles.primaries import MASS_NUMBERS, mass_number
from fastsim.data.splitting import assign_splits

SPLITS = ("train", "validation", "test")


def split_masks(events: Events, config: SplitConfig) -> dict[str, np.ndarray]:
    """Return a mask, bool (events,), for each of :data:`SPLITS`.

    It is a pure function of ``shower_id``, primary and the settings: the depths of a shower stay
    together, in any shard. Showers that are held out are in the test or nowhere.
    """
    shares = {"validation": config.validation_share, "test": config.test_share, "train": 1.0}
    masks = assign_splits(events.shower_id, config.seed, shares)
    for held in held_out(events.primaries, config).values():
        for name in ("train", "validation"):
            masks[name] &= ~held
    return masks


def held_out(primaries: np.ndarray, config: HeldOutConfig) -> dict[str, np.ndarray]:
    """Return which events are of the held-out ``nucleus`` and ``energies``, bool (events,) each.

    Args:
        primaries: (events, 4) of an event table.
        config: what is held out; there is a mask of nothing else.
    """
    masks = {}
    if config.held_out_nucleus is not None:
        nucleons = mass_number(primaries[:, 1])
        masks["nucleus"] = nucleons == MASS_NUMBERS[config.held_out_nucleus]
    if config.held_out_log10_energy is not None:
        low, high = config.held_out_log10_energy
        log_energy = np.log10(primaries[:, 0].astype(np.float64))
        masks["energies"] = (low <= log_energy) & (log_energy < high)
    return masks


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
