"""Is P(N | primary) calibrated, overall and in every bin of the primary?"""

from typing import Any

import numpy as np
from scipy.stats import binom

from fastsim.bundles.events import Events
from fastsim.bundles.primary_bins import PrimaryBins
from fastsim.stats.calibration import randomized_pit, uniform_ks, uniform_ks_limit
from fastsim.stats.negative_binomial import NegativeBinomialMixture
from fastsim.stats.poisson import Poisson

LEVEL = 0.95
"""Probability that a perfect bin stays below its line."""


def multiplicity_pit(
    distribution: NegativeBinomialMixture | Poisson, counts: np.ndarray, seed: int
) -> np.ndarray:
    """Return the randomised PIT (rows,) of the observed ``counts``."""
    rng = np.random.default_rng(seed)
    return randomized_pit(distribution.cdf(counts - 1), distribution.cdf(counts), rng)


def pit_by_bin(pit: np.ndarray, events: Events) -> dict[str, Any]:
    """Return the KS distance of the PIT from uniform in bins of (energy, mass, depth).

    All zeniths are together, and bins are chosen by their number of showers alone: a choice by
    the observed N would make a perfect model look wrong.

    Args:
        pit: (events,), of independent events.
        events: the same, one depth of every shower.

    Returns:
        one entry a bin: the description of the bins, ``ks``, and ``line``, which a perfect model
        stays below in 95 of 100 bins. ``beyond``: number of bins above their line; ``expected``,
        5 % of all; ``p_value``: probability that chance puts so many or more of them beyond
        (binomial), None without bins.
    """
    bins = PrimaryBins(events, zenith_bins=1, min_muons=0)
    sizes = np.array([len(rows) for rows in bins.rows], dtype=np.int64)
    ks = np.array([uniform_ks(pit[rows]) for rows in bins.rows])
    line = uniform_ks_limit(sizes, LEVEL)
    beyond = int((ks > line).sum())
    return {
        **bins.description(),
        "ks": ks.tolist(),
        "line": line.tolist(),
        "beyond": beyond,
        "expected": (1.0 - LEVEL) * len(ks),
        "p_value": float(binom.sf(beyond - 1, len(ks), 1.0 - LEVEL)) if len(ks) else None,
    }
