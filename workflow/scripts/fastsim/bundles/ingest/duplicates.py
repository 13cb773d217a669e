"""Rows of a shard that repeat an earlier one."""

import numpy as np

from fastsim.bundles.ingest.convert import Candidates


class Duplicates:
    """What tells rows of a shard apart, to find those that repeat an earlier one.

    Every row seen takes 8 bytes for each of its keys, and as many again for a moment now and then.
    """

    def __init__(self) -> None:
        self._events = _SeenKeys()
        self._sightings = _SeenSightings()

    def find(self, block: Candidates, good: np.ndarray) -> np.ndarray:
        """Return which good rows share a key with an earlier one; the others are seen from now on.

        Args:
            block: rows are told apart by every one of its keys.
            good: bool (rows,); other rows are not looked at.

        Returns:
            bool (rows,).
        """
        repeated = np.zeros(len(good), dtype=bool)
        rows = np.flatnonzero(good)
        if "event" in block.keys:
            repeated[rows] |= self._events.add(block.keys["event"][rows])
        if "sighting" in block.keys:
            shower_id, depth = block.events.shower_id[rows], block.events.primaries[rows, 3]
            repeated[rows] |= self._sightings.add(block.keys["sighting"][rows], shower_id, depth)
        return repeated


class _SeenSightings:
    """A growing set of showers at depths, quick while the rows of each shower lie together.

    Mostly they do, by ascending depth. Then none can be repeated unless its shower was seen before,
    and showers are ten to a hundred times fewer than rows. The keys of the rows wait for the first
    block that is otherwise; from it on they are compared.
    """

    def __init__(self) -> None:
        self._showers, self._keys = _SeenKeys(), _SeenKeys()
        self._together = True
        self._waiting = [np.empty(0, dtype=np.uint64)]
        self._last = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.float32)

    def add(self, keys: np.ndarray, shower_id: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Add rows and return which were there before, or earlier among themselves.

        Args:
            keys: uint64 (rows,), one for each shower and depth.
            shower_id: uint64 (rows,).
            depth: float32 (rows,), finite.
        """
        if self._together:
            self._together = self._lie_together(shower_id, depth)
            if self._together:
                self._waiting.append(keys)
                return np.zeros(len(keys), dtype=bool)
            waited = np.concatenate(self._waiting)
            self._waiting.clear()
            self._keys.add(waited)
        return self._keys.add(keys)

    def _lie_together(self, shower_id: np.ndarray, depth: np.ndarray) -> bool:
        """Tell whether all rows of a shower follow one another, by depth, also after the last."""
        shower_id = np.concatenate([self._last[0], shower_id])
        depth = np.concatenate([self._last[1], depth])
        starts = np.ones(len(shower_id), dtype=bool)
        starts[1:] = shower_id[1:] != shower_id[:-1]
        # the last row's shower was added with its block
        starts[: len(self._last[0])] = False
        self._last = shower_id[-1:], depth[-1:]
        ascending = starts[1:] | (depth[1:] > depth[:-1])
        return bool(ascending.all()) and not self._showers.add(shower_id[starts]).any()


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
