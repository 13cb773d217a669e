"""Bundles made of the training events without any network: what a generator must beat.

Three lookups, each for given primaries and, unlike the models, with the true numbers of muons:

* ``marginals``: every muon on its own, from the fitted, invertible maps of the ``fitted``
  representation, which are the marginals of energy and radius given primary and N with the
  correlation of the two. What a generator adds to the data layer is what it does better.
* ``nearest``: the bundle of the training event nearest in primary and N, whole and as found.
* ``neighbours``: independent muons out of the bundles of the 40 nearest training events.

All numbers drawn are functions of the seed and the event id, like those of the generator.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from fastsim.bundles.events import Events, iter_events
from fastsim.bundles.representation import (
    FittedMuons,
    Normalization,
    muon_inputs,
    seed_conditions,
)
from fastsim.bundles.representation_fit import fit_fitted
from fastsim.data.counter_random import normals, uniforms
from fastsim.data.parquet_files import open_parquet
from fastsim.data.ragged import gather_indices, offsets_of
from fastsim.errors import InputError

LOOKUPS = {
    "marginals": "marginals with their correlation",
    "nearest": "nearest training bundle",
    "neighbours": "independent muons of the 40 nearest",
}
"""Key in ``metrics.json`` to the name in tables."""

NEIGHBOURS = 40
COUNT_WEIGHT = 1.5
"""Weight of log N beside standardised conditions; half and twice of it change no AUC by 0.005."""
# streams 0 to 2 belong to the generation
_MARGINAL_STREAM, _NEIGHBOUR_STREAM, _THINNING_STREAM = 16, 17, 18


def read_training_events(paths: Sequence[str | Path], most: int, seed: int) -> Events:
    """Return about ``most`` random events of the training shards, or all if they are fewer.

    Which ones depends on the seed and their ids, not on the shards they lie in.

    Raises:
        InputError: a file is no event table, or fewer than 40 of the events have muons.
    """
    total = 0
    for path in paths:
        with open_parquet(path) as file:
            total += file.metadata.num_rows
    blocks = (block for path in paths for block in iter_events(path))
    kept = list(_thinned(blocks, most / max(total, 1), seed))
    filled = sum(int((block.counts > 0).sum()) for block in kept)
    if filled < NEIGHBOURS:
        raise InputError(
            f"{filled} training events have muons; the lookups need at least {NEIGHBOURS}"
        )
    return Events.concatenate(kept)


def _thinned(blocks: Iterable[Events], share: float, seed: int) -> Iterable[Events]:
    for block in blocks:
        draw = uniforms(seed, block.event_id, 1, stream=_THINNING_STREAM)[:, 0]
        yield block if share >= 1.0 else block.select(draw < share)


class Lookups:
    """The three lookups of one training sample.

    Args:
        training: training events; those without muons play no part, at least 40 have some.
        normalization: of the dataset; its maps are the marginals if they are the fitted ones,
            otherwise such maps are fitted here.
        seed: of all that is drawn.
    """

    def __init__(self, training: Events, normalization: Normalization, seed: int) -> None:
        self._training = training.select(training.counts > 0)
        self._seed = seed
        conditions = seed_conditions(self._training.primaries)
        width = conditions.std(axis=0)
        self._centre, self._width = conditions.mean(axis=0), np.where(width > 0, width, 1.0)
        self._tree = cKDTree(self._coordinates(self._training.primaries, self._training.counts))
        maps = normalization.muons
        fitted = isinstance(maps, FittedMuons)
        self._maps = maps if fitted else fit_fitted(lambda: [self._training])

    def all(self, events: Events) -> dict[str, Events]:
        """Return bundles of every one of :data:`LOOKUPS` for the primaries and N of ``events``."""
        _, rows = self._tree.query(
            self._coordinates(events.primaries, events.counts), k=NEIGHBOURS, workers=1
        )
        return {
            "marginals": self._marginals(events),
            "nearest": self._nearest(events, rows[:, 0]),
            "neighbours": self._neighbours(events, rows),
        }

    def _coordinates(self, primaries: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the points (events, 5) between which distances are taken."""
        scaled = (seed_conditions(primaries) - self._centre) / self._width
        return np.column_stack([scaled, COUNT_WEIGHT * np.log(np.maximum(counts, 1))])

    def _marginals(self, events: Events) -> Events:
        ids, number = _muon_labels(events)
        normalized = normals(self._seed, ids, 3, stream=_MARGINAL_STREAM, index=number)
        inputs = muon_inputs(events.primaries, events.counts)
        # two normal coordinates: the azimuth is uniform
        muons = self._maps.denormalize(inputs, normalized)
        return _with_muons(events, events.offsets, muons.astype(np.float32))

    def _nearest(self, events: Events, rows: np.ndarray) -> Events:
        filled = np.flatnonzero(events.counts > 0)
        positions, _ = gather_indices(self._training.offsets, rows[filled])
        counts = np.zeros(len(events), dtype=np.int64)
        counts[filled] = self._training.counts[rows[filled]]
        return _with_muons(events, offsets_of(counts), self._training.muons[positions])

    def _neighbours(self, events: Events, rows: np.ndarray) -> Events:
        ids, number = _muon_labels(events)
        draw = uniforms(self._seed, ids, 1, stream=_NEIGHBOUR_STREAM, index=number)[:, 0]
        # the muons of an event's 40 bundles in one line, those of the next event behind them
        sizes = self._training.counts[rows]
        ends = np.cumsum(sizes)
        totals = sizes.sum(axis=1)
        first = np.cumsum(totals) - totals
        event = np.repeat(np.arange(len(events)), events.counts)
        place = first[event] + (draw * totals[event]).astype(np.int64)
        bundle = np.searchsorted(ends, place, side="right")
        within = place - (ends - sizes.ravel())[bundle]
        position = self._training.offsets[rows.ravel()[bundle]] + within
        return _with_muons(events, events.offsets, self._training.muons[position])


def _muon_labels(events: Events) -> tuple[np.ndarray, np.ndarray]:
    """Return event id and number within its event of every muon, (muons,) each."""
    counts = events.counts
    number = np.arange(counts.sum()) - np.repeat(events.offsets[:-1], counts)
    return np.repeat(events.event_id, counts), number


def _with_muons(events: Events, offsets: np.ndarray, muons: np.ndarray) -> Events:
    """Return the same events with float32 ``muons`` (M, 3) instead."""
    energy, x, y = np.ascontiguousarray(muons.T)
    return replace(events, offsets=offsets, muon_energy=energy, muon_x=x, muon_y=y)
