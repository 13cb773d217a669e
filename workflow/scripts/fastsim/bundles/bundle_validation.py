"""How well generated bundles do against validation bundles."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fastsim.bundles.events import Events
from fastsim.bundles.observables import event_observables, muon_observables
from fastsim.bundles.representation import Normalization, energy_radius
from fastsim.data.ragged import offsets_of
from fastsim.data.shards import Shard
from fastsim.errors import InputError
from fastsim.stats.distances import wasserstein_distance
from fastsim.stats.two_sample import classifier_auc

Generate = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]
"""Normalised muons, float64 (muons, 3), of conditions, counts and ids of events, and a seed."""

MAX_EVENTS = 30_000
MUON_FEATURES = ("log10_energy", "log10_radius")
EVENT_FEATURES = (
    "log10_bundle_energy",
    "log10_leading_energy",
    "width_log10_energy",
    "mean_log10_radius",
    "width_log10_radius",
    "energy_radius_correlation",
)


@dataclass(frozen=True)
class Score:
    """One evaluation.

    Attributes:
        auc: of trees that tell generated from real events; the best model has the lowest.
        w1_sum: physics score, the sum of the Wasserstein-1 distances of :data:`MUON_FEATURES` and
            :data:`EVENT_FEATURES`, each in standard deviations of the real sample.
        generated: normalised energies and radii, (muons, 2).
    """

    auc: float
    w1_sum: float
    generated: np.ndarray


class Validation:
    """Real validation bundles and what a model makes of their conditions and counts.

    Attributes:
        shard: the bundles, normalised.

    Args:
        shard: normalised validation events; of those with muons, a random 30,000 at most count.
        normalization: what they were normalised with.
        seed: of the choice, of the generated bundles and of the classifier.

    Raises:
        InputError: fewer than two showers have muons; those of one energy, mass and zenith count
            as one.
    """

    def __init__(self, shard: Shard, normalization: Normalization, seed: int) -> None:
        rows = np.flatnonzero(shard.counts > 0)
        if len(rows) > MAX_EVENTS:
            rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_EVENTS, replace=False))
        self.shard = shard.select(rows)
        # rows of one shower differ in depth, the last condition, only
        _, self._showers = np.unique(self.shard.conditions[:, :-1], axis=0, return_inverse=True)
        if self._showers.max(initial=0) < 1:
            raise InputError(
                "validation shards: two showers with muons are needed; energy, mass and zenith "
                "tell them apart"
            )
        self._normalization = normalization
        self._seed = seed
        self.real = energy_radius(self.shard.points)
        self._events = self._physical(self.shard.points)
        self._observables = event_observables(self._events)

    def __len__(self) -> int:
        return len(self.shard)

    def _physical(self, points: np.ndarray) -> Events:
        primaries = self._normalization.primaries_of(self.shard.conditions)
        counts = self.shard.counts
        return Events(
            np.arange(len(counts), dtype=np.uint64),
            self._showers.astype(np.uint64),
            primaries,
            offsets_of(counts),
            *self._normalization.denormalize(primaries, counts, points).T,
        )

    def score(self, generate: Generate) -> Score:
        """Generate one bundle per validation event, with the same noise each time, and compare."""
        shard = self.shard
        ids = np.arange(len(shard), dtype=np.uint64)
        points = generate(shard.conditions, shard.counts, ids, self._seed)
        events = self._physical(points)
        observables = event_observables(events)
        auc = classifier_auc(
            self._observables.to_numpy(),
            observables.to_numpy(),
            self._showers,
            self._showers,
            self._seed,
        )
        real_muons, muons = muon_observables(self._events), muon_observables(events)
        w1_sum = sum(_w1(real_muons[name], muons[name]) for name in MUON_FEATURES)
        w1_sum += sum(_w1(self._observables[name], observables[name]) for name in EVENT_FEATURES)
        return Score(auc, w1_sum, energy_radius(points))


def _w1(real: pd.Series, generated: pd.Series) -> float:
    """Return the Wasserstein-1 distance in standard deviations of ``real``, if it has any."""
    return wasserstein_distance(real.to_numpy(), generated.to_numpy()) / (real.std(ddof=0) or 1.0)
