"""Bins of the primary: energy, nucleus, zenith and depth."""

from typing import Any

import numpy as np

from fastsim.bundles.events import Events
from fastsim.bundles.primaries import mass_number

ENERGY_BINS_PER_DECADE = 2
ZENITH_BINS = 3
MOST_DEPTHS = 8
MIN_SHOWERS = 30
"""A bin of (E, mass, zenith, depth) with fewer showers is left out."""
MIN_MUONS = 30
"""A bin with fewer muons is left out: its error would be a guess."""


class PrimaryBins:
    """Populated bins of (energy, mass, zenith, depth): half decades, nuclei, thirds, depths.

    Attributes:
        rows: for each bin the rows of its events.

    Args:
        events: what is put into bins.
        zenith_bins: of equal width in the cosine; 1: all zeniths together.
        min_muons: of a bin that is kept.
    """

    def __init__(
        self, events: Events, zenith_bins: int = ZENITH_BINS, min_muons: int = MIN_MUONS
    ) -> None:
        energy, mass, zenith, depth = np.asarray(events.primaries, dtype=np.float64).T
        self._events = events
        self._nucleons = mass_number(mass)
        log_energy, cosine = np.log10(energy), np.cos(zenith)
        depths = np.unique(depth)
        # half decades have the same edges in every run
        first, last = np.floor(log_energy.min()), np.ceil(log_energy.max())
        width = 1.0 / ENERGY_BINS_PER_DECADE
        self._edges = {
            "log10_primary_energy": np.arange(first, last + width, width),
            "cos_zenith": np.linspace(cosine.min(), cosine.max(), zenith_bins + 1),
            "slant_depth": _depth_edges(depths),
        }
        index = [
            _bin_of(values, edges)
            for values, edges in zip((log_energy, cosine, depth), self._edges.values(), strict=True)
        ]
        self._keys, inverse = np.unique(
            np.column_stack([*index, self._nucleons]), axis=0, return_inverse=True
        )
        order = np.argsort(inverse, kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
        kept = [
            i
            for i, rows in enumerate(groups)
            if len(np.unique(events.shower_id[rows])) >= MIN_SHOWERS
            and events.counts[rows].sum() >= min_muons
        ]
        self.rows = [groups[i] for i in kept]
        self._keys = self._keys[kept]

    def description(self) -> dict[str, list[Any]]:
        """Return limits, nucleus, events and observed <N> of the bins, one list a quantity."""
        result: dict[str, list[Any]] = {}
        for column, (name, edges) in enumerate(self._edges.items()):
            index = self._keys[:, column]
            result[name] = np.column_stack([edges[index], edges[index + 1]]).tolist()
        result["mass_number"] = self._keys[:, 3].tolist()
        result["events"] = [len(rows) for rows in self.rows]
        result["mean_n"] = [float(self._events.counts[rows].mean()) for rows in self.rows]
        return result


def _depth_edges(depths: np.ndarray) -> np.ndarray:
    """Return edges midway between a few depths, or equal bins over many."""
    if len(depths) > MOST_DEPTHS:
        return np.linspace(depths[0], depths[-1], MOST_DEPTHS + 1)
    middle = 0.5 * (depths[1:] + depths[:-1])
    return np.concatenate([depths[:1], middle, depths[-1:]])


def _bin_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
