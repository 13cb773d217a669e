"""Everything ``metrics.json`` says about generated bundles."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from fastsim.bundles.baseline_metrics import baseline_metrics
from fastsim.bundles.config.evaluate import EvaluateConfig
from fastsim.bundles.correlation_metrics import correlations
from fastsim.bundles.described import Described
from fastsim.bundles.distribution_metrics import (
    azimuthal_isotropy,
    energy_radius_correlation,
    observable_distances,
)
from fastsim.bundles.events import Events
from fastsim.bundles.multiplicity_metrics import multiplicity_metrics
from fastsim.bundles.scale_metrics import scales
from fastsim.bundles.separation_metrics import (
    LARGE_BUNDLE,
    event_auc,
    physics_distances,
    set_auc,
)
from fastsim.bundles.tail_metrics import tails
from fastsim.bundles.weighting import FLUX_MODELS, flux_weights
from fastsim.errors import InputError
from fastsim.stats.negative_binomial import NegativeBinomialMixture

FORMAT_VERSION = "2"
FEWEST_BUNDLES = 10


def evaluate(
    real: Events,
    generated: Events,
    distribution: NegativeBinomialMixture | None,
    lookups: Mapping[str, Events] | None,
    spectral_index: float,
    config: EvaluateConfig,
) -> dict[str, Any]:
    """Return the content of ``metrics.json``: plain, finite numbers (docs: ``docs/METRICS.md``).

    Args:
        real: test events.
        generated: the same rows with generated muons.
        distribution: P(N | primary) of every event; None: ``multiplicity`` is left out.
        lookups: the same rows with the muons of each of
            :data:`~fastsim.bundles.lookup_baselines.LOOKUPS`; None: ``baselines`` are left out.
        spectral_index: gamma of the simulated spectrum, for the weights to a flux.
        config: seed and numbers of repetitions.

    Raises:
        InputError: the samples do not belong together, or have too few bundles.
    """
    check_pair(real, generated)
    replicas, repeats, seed = config.bootstrap_replicas, config.classifier_repeats, config.seed
    timings: dict[str, float] = {}
    a, b = Described(real), Described(generated)
    metrics: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "samples": {"truth": _sizes(real), "generated": _sizes(generated)},
    }
    with _timed(timings, "observables"):
        metrics["observables"] = observable_distances(a, b, replicas, seed)
    for flux in FLUX_MODELS:
        with _timed(timings, f"observables_{flux}"):
            weights = flux_weights(real.primaries[:, 0], real.primaries[:, 1], spectral_index, flux)
            metrics[f"observables_{flux}"] = observable_distances(
                a.weighted(weights), b.weighted(weights), replicas, seed
            )
    with _timed(timings, "tails_scales_correlations"):
        metrics["tails"] = tails(a, b)
        metrics["scales"] = scales(a, b)
        metrics["correlations"] = correlations(a, b, replicas, seed)
    a_filled, b_filled = (d.select(d.events.counts >= 1) for d in (a, b))
    with _timed(timings, "c2st_auc_event"):
        metrics["c2st_auc_event"] = event_auc(a_filled, b_filled, repeats, seed)
    a_large, b_large = (d.select(d.events.counts >= LARGE_BUNDLE) for d in (a, b))
    with _timed(timings, "c2st_auc_event_n30"):
        metrics["c2st_auc_event_n30"] = event_auc(a_large, b_large, repeats, seed)
    if lookups is not None:
        with _timed(timings, "baselines"):
            metrics["baselines"] = {
                name: baseline_metrics(a, Described(lookup), replicas, repeats, seed)
                for name, lookup in lookups.items()
            }
    with _timed(timings, "c2st_auc_set"):
        metrics["c2st_auc_set"] = set_auc(a_filled, b_filled, repeats, seed)
    with _timed(timings, "fpd_kpd"):
        metrics |= physics_distances(a_filled, b_filled, seed)
    if distribution is not None:
        with _timed(timings, "multiplicity"):
            metrics["multiplicity"] = multiplicity_metrics(distribution, real, seed)
    with _timed(timings, "geometry"):
        metrics["isotropy"] = {"truth": azimuthal_isotropy(a), "generated": azimuthal_isotropy(b)}
        metrics["energy_radius_correlation"] = {
            "truth": energy_radius_correlation(a, replicas, seed),
            "generated": energy_radius_correlation(b, replicas, seed),
        }
    metrics["timings"] = timings
    return metrics


def check_pair(real: Events, generated: Events) -> None:
    """Refuse samples that are not the same events in the same order, or nearly empty."""
    if len(real) != len(generated):
        raise InputError(
            f"{len(generated)} generated events for {len(real)} test events; one for each is needed"
        )
    different = np.flatnonzero(
        (real.event_id != generated.event_id)
        | (real.shower_id != generated.shower_id)
        | (real.primaries != generated.primaries).any(axis=1)
    )
    if len(different):
        row = different[0]
        raise InputError(
            f"row {row}: generated event {generated.event_id[row]} is not test event "
            f"{real.event_id[row]} with the same shower and primary; give the files in one order"
        )
    for name, events in (("test", real), ("generated", generated)):
        filled = int((events.counts > 0).sum())
        if filled < FEWEST_BUNDLES:
            raise InputError(
                f"{filled} {name} events have muons; at least {FEWEST_BUNDLES} are needed"
            )


def _sizes(events: Events) -> dict[str, int]:
    counts = events.counts
    return {
        "showers": len(np.unique(events.shower_id)),
        "events": len(events),
        "events_with_muons": int((counts > 0).sum()),
        "events_n30": int((counts >= LARGE_BUNDLE).sum()),
        "muons": int(counts.sum()),
    }


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = round(time.perf_counter() - start, 2)
