"""How good is P(N | primary): scores, calibration, and <N> bin by bin against analytic peers."""

from typing import Any

import numpy as np

from fastsim.bundles.baselines import ELBERT_SETS, elbert_mean_at_depth
from fastsim.bundles.events import Events
from fastsim.bundles.one_depth import one_depth
from fastsim.bundles.primaries import mass_number
from fastsim.stats.calibration import crps, randomized_pit, uniform_ks
from fastsim.stats.clustered import clustered_mean
from fastsim.stats.negative_binomial import NegativeBinomialMixture
from fastsim.stats.poisson import Poisson

PIT_BINS = 20
ENERGY_BINS_PER_DECADE = 2
ZENITH_BINS = 3
MOST_DEPTHS = 8
MIN_SHOWERS = 30
"""A bin of (E, mass, zenith, depth) with fewer showers is left out."""
MIN_MUONS = 30
"""A bin with fewer muons is left out: its error would be a guess."""
NEGLIGIBLE = 1e-6
"""Probability beyond the last count of a CRPS sum."""
CRPS_EVENTS = 10_000
"""Events drawn for the CRPS, a sum over counts for each; enough for an error of 1 %."""


def multiplicity_metrics(
    distribution: NegativeBinomialMixture, events: Events, seed: int
) -> dict[str, Any]:
    """Return the scores of the model, of a Poisson distribution of its mean, and of formulas.

    ``model`` and ``poisson`` have ``nll``, ``crps``, ``pit_ks`` and ``pit_histogram``; ``model``
    and each of Elbert's sets have ``rmse_log10_n1`` and ``mean_bias`` (bias of <N> per bin, its
    error and pull, in the order of ``bins``; ``pull_rms`` over the bins); ``floor`` has the
    ``pit_ks`` to expect of a perfect model. The PIT is that of one depth of every shower.

    Args:
        distribution: P(N | primary) of every event, as trained.
        events: true bundles.
        seed: of the depths and of the randomised PIT.
    """
    one = one_depth(events, seed)
    bins = PrimaryBins(events)
    result: dict[str, Any] = {
        "model": {
            **_distribution_scores(distribution, events.counts, one, seed),
            **_point_scores(distribution.mean, events, bins),
        },
        "poisson": _distribution_scores(Poisson(distribution.mean), events.counts, one, seed),
    }
    for name, parameters in ELBERT_SETS.items():
        prediction = elbert_mean_at_depth(events.primaries, parameters)
        result[name] = _point_scores(prediction, events, bins)
    # mean of the Kolmogorov distribution, sqrt(pi / 2) ln 2, for independent events
    expected = np.sqrt(np.pi / 2.0) * np.log(2.0) / np.sqrt(len(one))
    result["floor"] = {"pit_ks": float(expected)}
    result["bins"] = bins.description()
    return result


def _distribution_scores(
    distribution: NegativeBinomialMixture | Poisson, counts: np.ndarray, one: np.ndarray, seed: int
) -> dict[str, Any]:
    """Return the scores of all events, and the PIT of the rows ``one``, which are independent."""
    rng = np.random.default_rng(seed)
    chosen, n = distribution.select(one), counts[one]
    pit = randomized_pit(chosen.cdf(n - 1), chosen.cdf(n), rng)
    histogram, _ = np.histogram(pit, bins=PIT_BINS, range=(0.0, 1.0))
    drawn = rng.permutation(len(counts))[:CRPS_EVENTS]
    return {
        "nll": float(-distribution.log_pmf(counts).mean()),
        "crps": _mean_crps(distribution.select(drawn), counts[drawn]),
        "pit_ks": uniform_ks(pit),
        "pit_histogram": histogram.tolist(),
    }


def _mean_crps(distribution: NegativeBinomialMixture | Poisson, counts: np.ndarray) -> float:
    def cdf(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        return distribution.select(rows).cdf(np.broadcast_to(values, (len(rows), len(values))))

    upper = distribution.quantile(np.full(len(counts), 1.0 - NEGLIGIBLE))
    return float(crps(cdf, counts, upper).mean())


def _point_scores(mean: np.ndarray, events: Events, bins: "PrimaryBins") -> dict[str, Any]:
    """Return the error of log10(1 + N) and the bias of <N> in every populated bin."""
    log_residual = np.log10(1.0 + mean) - np.log10(1.0 + events.counts)
    residual = mean - events.counts
    bias, error = (
        np.array([clustered_mean(residual[rows], events.shower_id[rows]) for rows in bins.rows])
        .reshape(-1, 2)
        .T
    )
    pull = bias / error
    return {
        "rmse_log10_n1": float(np.sqrt(np.mean(log_residual**2))),
        "mean_bias": {
            "bias": bias.tolist(),
            "error": error.tolist(),
            "pull": pull.tolist(),
            "pull_rms": float(np.sqrt(np.mean(pull**2))) if len(pull) else None,
        },
    }


class PrimaryBins:
    """Populated bins of (energy, mass, zenith, depth): half decades, nuclei, thirds, depths.

    Attributes:
        rows: for each bin the rows of its events.
    """

    def __init__(self, events: Events) -> None:
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
            "cos_zenith": np.linspace(cosine.min(), cosine.max(), ZENITH_BINS + 1),
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
            and events.counts[rows].sum() >= MIN_MUONS
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
