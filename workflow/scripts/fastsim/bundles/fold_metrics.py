"""How far <N> of models that lack one fold of the showers each differ, beside its actual bias."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastsim.bundles.events import Events
from fastsim.bundles.primary_bins import PrimaryBins
from fastsim.stats.clustered import clustered_mean
from fastsim.stats.jackknife import jackknife_error
from fastsim.stats.negative_binomial import NegativeBinomialMixture


def fold_metrics(members: Sequence[NegativeBinomialMixture], events: Events) -> dict[str, Any]:
    """Return what the folds tell of the error of <N>, in the bins of ``multiplicity.bins``.

    ``members`` is their number. ``spread``, per bin, is the jackknife's standard error of <N> from
    the training showers. In units of the statistical error of the simulated <N>, root mean square
    over the bins: ``spread_rms``, and ``deviation_rms`` of the bias of the averaged model, without
    what that error explains. ``ratio`` is one over the other, None where nothing is left to
    explain.

    Args:
        members: P(N | primary) of every event by each model; two or more.
        events: true bundles.
    """
    means = np.array([member.mean for member in members])
    residual = means.mean(axis=0) - events.counts
    spread, bias, error = [], [], []
    for rows in PrimaryBins(events).rows:
        in_bin = means[:, rows].mean(axis=1)
        spread.append(jackknife_error(in_bin))
        value, of_value = clustered_mean(residual[rows], events.shower_id[rows])
        bias.append(value)
        error.append(of_value)
    result: dict[str, Any] = {"members": len(members), "spread": [float(value) for value in spread]}
    if not spread:
        return result | dict.fromkeys(("spread_rms", "deviation_rms", "ratio"))
    spread_rms = float(np.sqrt(np.mean(np.square(spread) / np.square(error))))
    excess = np.mean(np.square(bias) / np.square(error)) - 1.0
    deviation_rms = float(np.sqrt(max(excess, 0.0)))
    return result | {
        "spread_rms": spread_rms,
        "deviation_rms": deviation_rms,
        "ratio": spread_rms / deviation_rms if deviation_rms > 0 else None,
    }
