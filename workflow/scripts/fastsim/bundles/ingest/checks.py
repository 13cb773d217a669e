"""Which events cannot be used: their muons, and rows that were seen before."""

from collections.abc import Mapping

import numpy as np

from fastsim.bundles.events import Events

MAX_DISTANCE = 1e5
"""m in x and in y from the shower axis."""


def muon_faults(events: Events) -> dict[str, np.ndarray]:
    """Return the rows with an impossible muon, bool (rows,) by reason; empty if there are none."""
    energy, x, y = events.muon_columns
    primary_energy = np.repeat(events.primaries[:, 0], events.counts)
    # false for NaN and infinities too
    good = (energy > 0) & (energy <= primary_energy)
    good &= (np.abs(x) <= MAX_DISTANCE) & (np.abs(y) <= MAX_DISTANCE)
    if good.all():
        return {}
    bad = np.flatnonzero(~good)
    energy, x, y = (column[bad] for column in events.muon_columns)
    finite = np.isfinite(energy) & np.isfinite(x) & np.isfinite(y)
    in_energy = ~((energy > 0) & (energy <= primary_energy[bad]))
    far = (np.abs(x) > MAX_DISTANCE) | (np.abs(y) > MAX_DISTANCE)
    rows = np.searchsorted(events.offsets, bad, side="right") - 1
    faults = {}
    for reason, muons in (
        ("not finite", ~finite),
        ("muon energy", in_energy),
        ("muon position", far),
    ):
        faults[reason] = np.zeros(len(events), dtype=bool)
        faults[reason][rows[muons]] = True
    return faults


class Duplicates:
    """What tells rows of a shard apart, to find those that repeat an earlier one.

    Every row seen takes 8 bytes for each of its keys, and as many again for a moment now and then.
    """

    def __init__(self) -> None:
        self._seen: dict[str, _SeenKeys] = {}

    def find(self, keys: Mapping[str, np.ndarray], candidates: np.ndarray) -> np.ndarray:
        """Return which candidates share a key with an earlier one; the others are seen from now on.

        Args:
            keys: uint64 (rows,), by what they stand for; rows are told apart by every one of them.
            candidates: bool (rows,); other rows are not looked at.

        Returns:
            bool (rows,).
        """
        repeated = np.zeros(len(candidates), dtype=bool)
        rows = np.flatnonzero(candidates)
        for name, key in keys.items():
            seen = self._seen.setdefault(name, _SeenKeys())
            repeated[rows] |= seen.add(key[rows])
        return repeated


class _SeenKeys:
    """A growing set of 64-bit keys: sorted runs, each more than twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []

    def add(self, keys: np.ndarray) -> np.ndarray:
        """Add uint64 (rows,) and return which were there before, or earlier among themselves."""
        ordered = np.sort(keys)
        known = self._known(ordered)
        repeated = np.zeros(len(keys), dtype=bool)
        if known.any():
            # a stable sort tells the first of equal keys, and is needed only now
            order = np.argsort(keys, kind="stable")
            repeated[order] = known
            ordered = ordered[~known]
        self._runs.append(ordered)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            merged = np.concatenate([self._runs.pop(), self._runs.pop()])
            # the stable sort merges sorted runs in one pass
            merged.sort(kind="stable")
            self._runs.append(merged)
        return repeated

    def _known(self, ordered: np.ndarray) -> np.ndarray:
        known = np.zeros(len(ordered), dtype=bool)
        known[1:] = ordered[1:] == ordered[:-1]
        for run in self._runs:
            if len(run):
                place = np.minimum(np.searchsorted(run, ordered), len(run) - 1)
                known |= run[place] == ordered
        return known
