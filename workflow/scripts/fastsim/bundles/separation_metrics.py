"""How well whole bundles can be told apart: classifiers, Frechet and kernel distances."""

from collections.abc import Callable

import numpy as np

from fastsim.bundles.described import Described
from fastsim.bundles.set_classifier import set_classifier_auc
from fastsim.stats.frechet import frechet_physics_distance, kernel_physics_distance
from fastsim.stats.two_sample import classifier_auc, halves_by_group

LARGE_BUNDLE = 30
"""Muons of the bundles of ``c2st_auc_event_n30``."""
MIN_EVENTS = 200
"""Fewer events a sample say nothing: the figure is null."""

PHYSICS_FEATURES = (
    "log10_n1",
    "log10_bundle_energy",
    "log10_leading_energy",
    "mean_log10_energy",
    "width_log10_energy",
    "mean_log10_radius",
    "width_log10_radius",
    "log10_sum_radius",
    "energy_radius_correlation",
    "log10_centroid_radius",
    "azimuthal_resultant",
)
"""Columns of ``event_observables`` behind the Frechet and kernel physics distances."""

Value = dict[str, float]
Figure = dict[str, Value | None]


def event_auc(real: Described, generated: Described, repeats: int, seed: int) -> Figure:
    """Return the AUC of boosted trees on event observables: ``generated`` and ``floor``.

    The features are the condition, N, sums, maxima, means, widths, radii, correlation and
    centroid.
    """
    return _with_floor(_tree_auc, real, generated, repeats, seed)


def event_auc_of(real: Described, generated: Described, repeats: int, seed: int) -> Value | None:
    """Return ``generated`` of :func:`event_auc` alone, by the same halves of the showers."""
    if _too_few(real, generated):
        return None
    seeds = range(seed, seed + repeats)
    return _mean_and_spread([_tree_auc(real, generated, split) for split in seeds])


def _tree_auc(a: Described, b: Described, split: int) -> float:
    # n and its logarithm are one feature to trees
    features = [d.per_event.drop(columns="log10_n1").to_numpy() for d in (a, b)]
    return classifier_auc(*features, a.events.shower_id, b.events.shower_id, split)


def set_auc(real: Described, generated: Described, repeats: int, seed: int) -> Figure:
    """Return the AUC of a network on raw muons: ``generated`` and ``floor``."""

    def auc(a: Described, b: Described, split: int) -> float:
        return set_classifier_auc(a.events, b.events, split)

    return _with_floor(auc, real, generated, repeats, seed)


def _with_floor(
    auc: Callable[[Described, Described, int], float],
    real: Described,
    generated: Described,
    repeats: int,
    seed: int,
) -> Figure:
    """Return mean and spread over ``repeats`` halves, against generated and of truth halves."""
    if _too_few(real, generated):
        return {"generated": None, "floor": None}
    seeds = range(seed, seed + repeats)
    halves = [halves_by_group(real.events.shower_id, split) for split in seeds]
    return {
        "generated": _mean_and_spread([auc(real, generated, split) for split in seeds]),
        "floor": _mean_and_spread(
            [
                # another seed: the classifier's halves are not those of the samples
                auc(real.select(half), real.select(~half), split + repeats)
                for half, split in zip(halves, seeds, strict=True)
            ]
        ),
    }


def _too_few(real: Described, generated: Described) -> bool:
    return min(len(real.events), len(generated.events)) < MIN_EVENTS


def _mean_and_spread(values: list[float]) -> Value:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return {"value": float(np.mean(values)), "spread": spread}


def physics_distances(real: Described, generated: Described, seed: int) -> dict[str, Figure]:
    """Return ``fpd`` and ``kpd`` of bundles with muons: ``generated``, ``floor`` (truth halves)."""
    if _too_few(real, generated):
        return {name: {"generated": None, "floor": None} for name in ("fpd", "kpd")}
    a, b = (d.per_event[list(PHYSICS_FEATURES)].to_numpy() for d in (real, generated))
    half = halves_by_group(real.events.shower_id, seed)
    return {
        "fpd": {
            "generated": frechet_physics_distance(a, b, seed),
            "floor": frechet_physics_distance(a[half], a[~half], seed),
        },
        "kpd": {
            "generated": kernel_physics_distance(a, b, seed),
            "floor": kernel_physics_distance(a[half], a[~half], seed),
        },
    }
