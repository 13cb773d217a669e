"""How well models do where no training has seen a shower, beside where it has."""

from typing import Any

import numpy as np

from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.config.split import HeldOutConfig
from fastsim.bundles.described import Described
from fastsim.bundles.events import Events
from fastsim.bundles.one_depth import one_depth
from fastsim.bundles.pit_metrics import LEVEL, multiplicity_pit
from fastsim.bundles.primary_bins import MIN_MUONS, MIN_SHOWERS
from fastsim.bundles.scale_metrics import overall_scales
from fastsim.bundles.separation_metrics import event_auc
from fastsim.bundles.splits import held_out
from fastsim.stats.calibration import uniform_ks, uniform_ks_limit
from fastsim.stats.clustered import clustered_mean
from fastsim.stats.negative_binomial import NegativeBinomialMixture

Figures = dict[str, Any]


def interpolation_metrics(
    real: Events,
    generated: Events,
    distribution: NegativeBinomialMixture | None,
    config: HeldOutConfig,
    evaluation: EvaluateConfig,
) -> Figures:
    """Return what was held out, and the same figures of each part of the test events.

    ``parts`` has ``nucleus`` (the held-out nucleus at other energies), ``energies`` (other nuclei
    at the held-out energies), ``both`` and ``rest``, as far as they are held out; no event is in
    two. Each has ``events`` and ``c2st_auc_event`` of one depth of every shower, ``scales`` of all
    muons, and, with a ``distribution``, ``mean_bias`` of <N> in per cent of the simulated <N> and
    ``pit`` of one depth: ``ks`` and its 95 % ``line``. What needs more events is None.

    Args:
        real: test events.
        generated: the same rows with generated muons.
        distribution: P(N | primary) of every event, or None.
        config: what was held out.
        evaluation: seed and repetitions.
    """
    seed, repeats = evaluation.seed, evaluation.classifier_repeats
    one = np.zeros(len(real), dtype=bool)
    one[one_depth(real, seed)] = True
    parts = {}
    for name, chosen in _parts(real.primaries, config).items():
        a, b = (Described(events.select(chosen)) for events in (real, generated))
        of_shower = one[chosen]
        pair = (each.select(of_shower).at_least(1) for each in (a, b))
        parts[name] = {
            "events": int(of_shower.sum()),
            "c2st_auc_event": event_auc(*pair, repeats, seed),
            "scales": overall_scales(a, b),
        }
        if distribution is not None:
            predicted = distribution.select(chosen)
            parts[name]["mean_bias"] = _mean_bias(predicted.mean, a.events)
            parts[name]["pit"] = _pit(predicted.select(of_shower), a.events.counts[of_shower], seed)
    return {
        "held_out": {
            "nucleus": config.held_out_nucleus,
            "log10_energy": config.held_out_log10_energy,
        },
        "parts": parts,
    }


def _parts(primaries: np.ndarray, config: HeldOutConfig) -> dict[str, np.ndarray]:
    """Return a mask, bool (events,), of each part."""
    held = held_out(primaries, config)
    if len(held) == 2:
        nucleus, energies = held["nucleus"], held["energies"]
        both = nucleus & energies
        held = {"nucleus": nucleus & ~both, "energies": energies & ~both, "both": both}
    return held | {"rest": ~np.any(list(held.values()), axis=0)}


def _mean_bias(predicted: np.ndarray, events: Events) -> dict[str, float] | None:
    """Return predicted - simulated <N> over the latter, and its error, in per cent."""
    if len(np.unique(events.shower_id)) < MIN_SHOWERS or events.counts.sum() < MIN_MUONS:
        return None
    bias, error = clustered_mean(predicted - events.counts, events.shower_id)
    percent = 100.0 / float(events.counts.mean())
    return {"bias": percent * bias, "error": percent * error}


def _pit(
    distribution: NegativeBinomialMixture, counts: np.ndarray, seed: int
) -> dict[str, float] | None:
    if len(counts) < MIN_SHOWERS:
        return None
    line = uniform_ks_limit(np.array([len(counts)]), LEVEL)[0]
    return {"ks": uniform_ks(multiplicity_pit(distribution, counts, seed)), "line": float(line)}
