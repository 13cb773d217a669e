"""A sample of bundles with its observables computed once, and the list of those compared."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from fastsim.bundles.events import Events
from fastsim.bundles.observables import event_observables, muon_observables
from fastsim.stats.comparison import Sample


@dataclass(frozen=True)
class Observable:
    """An observable compared between real and generated bundles.

    Attributes:
        name: key in ``metrics.json``.
        column: of :func:`muon_observables` or :func:`event_observables`.
        per_muon: whether each muon or each bundle is an entry.
        label: axis label with unit.
        min_muons: bundles with fewer muons are left out.
    """

    name: str
    column: str
    per_muon: bool
    label: str
    min_muons: int = 1


OBSERVABLES = (
    Observable("log10_muon_energy", "log10_energy", True, r"$\log_{10}(E_\mu\,/\,$GeV)"),
    Observable("radius", "radius", True, r"$r$ / m"),
    Observable(
        "log10_leading_energy", "log10_leading_energy", False, r"$\log_{10}(E_\mu^\max\,/\,$GeV)"
    ),
    Observable(
        "log10_bundle_energy", "log10_bundle_energy", False, r"$\log_{10}(\sum E_\mu\,/\,$GeV)"
    ),
    Observable("n", "n", False, r"$N$", min_muons=0),
    Observable("log10_n1", "log10_n1", False, r"$\log_{10}(1+N)$", min_muons=0),
    Observable(
        "mean_log10_energy",
        "mean_log10_energy",
        False,
        r"$\langle\log_{10}(E_\mu\,/\,$GeV)$\rangle$",
    ),
    Observable(
        "width_log10_energy", "width_log10_energy", False, r"$\sigma(\log_{10}E_\mu)$", min_muons=2
    ),
    Observable(
        "mean_log10_radius", "mean_log10_radius", False, r"$\langle\log_{10}(r\,/\,$m)$\rangle$"
    ),
    Observable("max_radius", "max_radius", False, r"$r_\max$ / m"),
    Observable(
        "energy_radius_correlation",
        "energy_radius_correlation",
        False,
        r"corr$(\log E_\mu, \log r)$",
        min_muons=3,
    ),
    Observable(
        "log10_centroid_radius",
        "log10_centroid_radius",
        False,
        r"$\log_{10}(|\bar{x},\bar{y}|\,/\,$m)",
    ),
    Observable(
        "log10_second_energy",
        "log10_second_energy",
        False,
        r"$\log_{10}(E_\mu^{(2)}\,/\,$GeV)",
        min_muons=2,
    ),
    Observable(
        "log10_core_energy",
        "log10_core_energy",
        False,
        r"$\log_{10}(1+\sum_{r<10\,\mathrm{m}}E_\mu\,/\,$GeV)",
    ),
    Observable("half_radius", "half_radius", False, r"$r_{1/2}$ / m"),
    Observable("density_50", "density_50", False, r"muons per 1000 m$^2$ at 50 m"),
    Observable("density_100", "density_100", False, r"muons per 1000 m$^2$ at 100 m"),
)
"""What is compared, in the order of tables and figures."""

BY_NAME = {observable.name: observable for observable in OBSERVABLES}


@dataclass(frozen=True)
class Described:
    """Events with their observables; ``weights`` (events,) or None for 1 each."""

    events: Events
    weights: np.ndarray | None = None

    @cached_property
    def per_event(self) -> pd.DataFrame:
        """Observables of every event."""
        return event_observables(self.events)

    @cached_property
    def per_muon(self) -> pd.DataFrame:
        """Observables of every muon."""
        return muon_observables(self.events)

    def sample(self, observable: Observable) -> Sample:
        """Return the entries of ``observable`` with their showers and weights."""
        counts = self.events.counts
        chosen = counts >= observable.min_muons
        if not observable.per_muon:
            weights = None if self.weights is None else self.weights[chosen]
            values = self.per_event[observable.column].to_numpy(np.float64)[chosen]
            return Sample(values, self.events.shower_id[chosen], weights)
        weights = None if self.weights is None else np.repeat(self.weights, counts)
        showers = np.repeat(self.events.shower_id, counts)
        return Sample(self.per_muon[observable.column].to_numpy(), showers, weights)

    def weighted(self, weights: np.ndarray) -> "Described":
        """Return the same events with ``weights`` (events,); observables stay computed."""
        result = Described(self.events, weights)
        # a cached property keeps its value there
        result.__dict__.update(per_event=self.per_event, per_muon=self.per_muon)
        return result

    def select(self, rows: np.ndarray) -> "Described":
        """Return the events at ``rows`` (a boolean mask or indices, in that order)."""
        weights = None if self.weights is None else self.weights[rows]
        return Described(self.events.select(rows), weights)

    def at_least(self, muons: int) -> "Described":
        """Return the events with ``muons`` or more."""
        return self.select(self.events.counts >= muons)
