"""How good is P(N | primary): scores, calibration, and <N> bin by bin against analytic peers."""

from typing import Any

import numpy as np

from fastsim.bundles.baselines import ELBERT_SETS, elbert_mean_at_depth
from fastsim.bundles.events import Events
from fastsim.bundles.one_depth import one_depth
from fastsim.bundles.pit_metrics import multiplicity_pit, pit_by_bin
from fastsim.bundles.primary_bins import PrimaryBins
from fastsim.stats.calibration import crps, uniform_ks
from fastsim.stats.clustered import clustered_mean
from fastsim.stats.negative_binomial import NegativeBinomialMixture
from fastsim.stats.poisson import Poisson

PIT_BINS = 20
NEGLIGIBLE = 1e-6
"""Probability beyond the last count of a CRPS sum."""
CRPS_EVENTS = 10_000
"""Events drawn for the CRPS, a sum over counts for each; enough for an error of 1 %."""


def multiplicity_metrics(
    distribution: NegativeBinomialMixture, events: Events, seed: int
) -> dict[str, Any]:
    """Return the scores of the model, of a Poisson distribution of its mean, and of formulas.

    ``model`` and ``poisson`` have ``nll``, ``crps``, ``pit_ks`` and ``pit_histogram``, ``model``
    has :func:`~fastsim.bundles.pit_metrics.pit_by_bin`; ``model`` and each of Elbert's sets have
    ``rmse_log10_n1`` and ``mean_bias`` (bias of <N> per bin, its error and pull, in the order of
    ``bins``; ``pull_rms`` over the bins); ``floor`` has the ``pit_ks`` to expect of a perfect
    model. The PIT is that of one depth of every shower.

    Args:
        distribution: P(N | primary) of every event, as trained.
        events: true bundles.
        seed: of the depths and of the randomised PIT.
    """
    one, counts = one_depth(events, seed), events.counts
    bins = PrimaryBins(events)
    poisson = Poisson(distribution.mean)
    pit, poisson_pit = (
        multiplicity_pit(each.select(one), counts[one], seed) for each in (distribution, poisson)
    )
    result: dict[str, Any] = {
        "model": {
            **_distribution_scores(distribution, counts, pit, seed),
            "pit_by_bin": pit_by_bin(pit, events.select(one)),
            **_point_scores(distribution.mean, events, bins),
        },
        "poisson": _distribution_scores(poisson, counts, poisson_pit, seed),
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
    distribution: NegativeBinomialMixture | Poisson, counts: np.ndarray, pit: np.ndarray, seed: int
) -> dict[str, Any]:
    """Return the scores of all events, and of the ``pit`` of one depth of every shower."""
    histogram, _ = np.histogram(pit, bins=PIT_BINS, range=(0.0, 1.0))
    drawn = np.random.default_rng(seed).permutation(len(counts))[:CRPS_EVENTS]
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


def _point_scores(mean: np.ndarray, events: Events, bins: PrimaryBins) -> dict[str, Any]:
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
