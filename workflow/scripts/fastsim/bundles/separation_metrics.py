"""How well whole bundles can be told apart: classifiers, Frechet and kernel distances.

All of it takes rows for independent draws: give one depth of every shower
(:func:`~fastsim.bundles.one_depth.one_depth`).
"""

from collections.abc import Callable, Sequence

import numpy as np

from fastsim.bundles.described import Described
from fastsim.bundles.observables import CONDITION
from fastsim.bundles.set_classifier import set_classifier_auc
from fastsim.data.counter_random import uniforms
from fastsim.stats.frechet import frechet_distances_of_halves, kernel_physics_distance
from fastsim.stats.two_sample import auc_error, classifier_auc, halves_by_group

EVENT_AUCS = {"c2st_auc_event": 1, "c2st_auc_event_n30": 30, "c2st_auc_event_n300": 300}
"""Key in ``metrics.json`` to the fewest muons of the bundles that take part."""
SET_EVENTS = 12_000
"""Most events of each sample that the network on raw muons sees: an error of 0.004, and quick on a
CPU."""
# streams 0 to 3 belong to the generation, 16 to 18 to the lookups, 19 to the choice of a depth
_STREAM = 20
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
"""Columns of ``event_observables`` behind the Frechet and kernel physics distances, in whose
space neighbours are looked for too."""

Value = dict[str, float]
Figure = dict[str, Value | None]


def event_auc(real: Described, generated: Described, repeats: int, seed: int) -> Figure:
    """Return the AUC of boosted trees on event observables: ``generated`` and ``floor``.

    The features are the condition, N, sums, maxima, means, widths, radii, correlation and
    centroid.
    """
    return _with_floor(tree_auc, real, generated, repeats, seed)


def event_auc_of(real: Described, generated: Described, repeats: int, seed: int) -> Value | None:
    """Return ``generated`` of :func:`event_auc` alone, by the same halves of the showers."""
    if _too_few(real, generated):
        return None
    seeds = range(seed, seed + repeats)
    return _summary([tree_auc(real, generated, split) for split in seeds], real, generated)


def counts_auc(real: Described, generated: Described, repeats: int, seed: int) -> Figure:
    """Return the AUC of trees that see the condition and N alone: ``generated`` and ``floor``.

    It is the best AUC against generated N with muons that are right given N: the ratio of the two
    densities is then that of P(N | primary), whatever the muons.
    """

    def auc(a: Described, b: Described, split: int) -> float:
        return tree_auc(a, b, split, [*CONDITION, "n"])

    return _with_floor(auc, real, generated, repeats, seed)


def tree_auc(a: Described, b: Described, split: int, columns: Sequence[str] | None = None) -> float:
    """Return the AUC of trees on ``columns`` of the event observables, or all; ``split``: seed."""
    # n and its logarithm are one feature to trees
    tables = [d.per_event.drop(columns="log10_n1") for d in (a, b)]
    features = [(table if columns is None else table[columns]).to_numpy() for table in tables]
    return classifier_auc(*features, a.events.shower_id, b.events.shower_id, split)


def set_auc(real: Described, generated: Described, repeats: int, seed: int) -> Figure:
    """Return the AUC of a network on raw muons: ``generated`` and ``floor``.

    Of larger samples :data:`SET_EVENTS` take part. Which is drawn by event id, nearly the same
    events of both: files may be in the order of nuclei or energies, so that the first would not do.
    """
    real, generated = (_drawn(d, SET_EVENTS, seed) for d in (real, generated))

    def auc(a: Described, b: Described, split: int) -> float:
        return set_classifier_auc(a.events, b.events, split)

    return _with_floor(auc, real, generated, repeats, seed)


def _drawn(described: Described, events: int, seed: int) -> Described:
    """Return at most so many events at random, in their order."""
    draw = uniforms(seed, described.events.event_id, 1, stream=_STREAM)[:, 0]
    return described.select(np.sort(np.argsort(draw, kind="stable")[:events]))


def _with_floor(
    auc: Callable[[Described, Described, int], float],
    real: Described,
    generated: Described,
    repeats: int,
    seed: int,
) -> Figure:
    """Return mean, spread and errors over ``repeats`` halves: generated, and truth halves."""
    if _too_few(real, generated):
        return {"generated": None, "floor": None}
    seeds = range(seed, seed + repeats)
    halves = [halves_by_group(real.events.shower_id, split) for split in seeds]
    return {
        "generated": _summary([auc(real, generated, split) for split in seeds], real, generated),
        "floor": _summary(
            [
                # another seed: the classifier's halves are not those of the samples
                auc(real.select(half), real.select(~half), split + repeats)
                for half, split in zip(halves, seeds, strict=True)
            ],
            real.select(halves[0]),
            real.select(~halves[0]),
        ),
    }


def physics_distances(
    real: Described, generated: Described, repeats: int, seed: int
) -> dict[str, Figure]:
    """Return ``fpd`` and ``kpd`` of bundles with muons: ``generated``, ``floor`` (truth halves).

    ``fpd`` is the mean over ``repeats`` halvings of the showers, its floor likewise
    (:func:`~fastsim.stats.frechet.frechet_distances_of_halves`).
    """
    if _too_few(real, generated):
        return {name: {"generated": None, "floor": None} for name in ("fpd", "kpd")}
    a, b = (d.per_event[list(PHYSICS_FEATURES)].to_numpy() for d in (real, generated))
    showers = real.events.shower_id, generated.events.shower_id
    half = halves_by_group(showers[0], seed)
    return {
        "fpd": frechet_distances_of_halves(a, b, *showers, repeats, seed),
        "kpd": {
            "generated": kernel_physics_distance(a, b, seed),
            "floor": kernel_physics_distance(a[half], a[~half], seed),
        },
    }


def _too_few(real: Described, generated: Described) -> bool:
    return min(len(real.events), len(generated.events)) < MIN_EVENTS


def _summary(values: list[float], a: Described, b: Described) -> Value:
    return {
        "value": float(np.mean(values)),
        "spread": float(np.std(values, ddof=1)),
        "mean_error": float(np.std(values, ddof=1) / np.sqrt(len(values))),
        "error": auc_error(len(a.events), len(b.events)),
    }
