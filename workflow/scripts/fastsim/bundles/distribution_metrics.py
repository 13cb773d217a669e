"""One-dimensional distances of every observable, and tests of symmetry and correlation."""

from typing import Any

import numpy as np

from fastsim.bundles.described import OBSERVABLES, Described
from fastsim.data.segments import segment_sum
from fastsim.stats.circular import isotropy
from fastsim.stats.clustered import clustered_correlation, clustered_mean
from fastsim.stats.comparison import compare, floor

FLOOR_SPLITS = 10
FEWEST_SHOWERS = 10
"""With fewer showers in a sample that have such bundles, a figure is null."""

Distances = dict[str, float]


def observable_distances(
    real: Described, generated: Described, replicas: int, seed: int
) -> dict[str, dict[str, Distances | None]]:
    """Return for every observable ``generated`` and ``floor``: KS and W1 with their errors."""
    distances = distances_to(real, generated, replicas, seed)
    return {
        observable.name: {
            "generated": distances[observable.name],
            "floor": distances[observable.name]
            and floor(real.sample(observable), FLOOR_SPLITS, seed),
        }
        for observable in OBSERVABLES
    }


def distances_to(
    real: Described, generated: Described, replicas: int, seed: int
) -> dict[str, Distances | None]:
    """Return for every observable KS and W1 of ``generated`` against ``real`` with their errors."""
    result: dict[str, Distances | None] = {}
    for observable in OBSERVABLES:
        pair = real.sample(observable), generated.sample(observable)
        showers = min(len(np.unique(sample.groups)) for sample in pair)
        enough = showers >= FEWEST_SHOWERS
        result[observable.name] = compare(*pair, replicas, seed) if enough else None
    return result


def worst_observable(distances: dict[str, dict[str, Distances | None]]) -> dict[str, Any] | None:
    """Return the observable whose KS is furthest above its floor.

    Args:
        distances: from :func:`observable_distances`.

    Returns:
        ``name``, ``excess`` = KS - floor, and ``pull``, the excess in standard deviations of the
        floor: of the largest of several such values, so that 2 is nothing. None if no observable
        has a floor that fluctuates.
    """
    known = [
        {"name": name, "excess": excess, "pull": excess / figures["floor"]["ks_error"]}
        for name, figures in distances.items()
        if figures["floor"] and figures["floor"]["ks_error"] > 0
        for excess in [figures["generated"]["ks"] - figures["floor"]["ks"]]
    ]
    return max(known, key=lambda entry: entry["pull"], default=None)


def azimuthal_isotropy(described: Described) -> dict[str, dict[str, float] | None]:
    """Return tests of ``muons`` and bundle ``centroid`` azimuths, and the ``pair_cosine``.

    Give one depth of every shower: the same muons seen at several depths would be counted as
    independent. ``pair_cosine`` is the mean over events of N >= 2 of cos(phi_i - phi_j), 0 when
    muons of a bundle have independent azimuths.
    """
    events = described.at_least(1).events
    x, y = events.muon_x.astype(np.float64), events.muon_y.astype(np.float64)
    azimuth = np.arctan2(y, x)
    centroid = segment_sum(events.muons[:, 1:], events.offsets)

    counts = events.counts
    unit = np.column_stack([np.cos(azimuth), np.sin(azimuth)])
    squared = np.square(segment_sum(unit, events.offsets)).sum(axis=1)
    several = counts >= 2
    pairs = counts[several] * (counts[several] - 1.0)
    pair_cosine = None
    if several.sum() >= FEWEST_SHOWERS:
        value, error = clustered_mean(
            (squared[several] - counts[several]) / pairs, events.shower_id[several]
        )
        pair_cosine = {"value": value, "error": error}
    return {
        "muons": isotropy(azimuth),
        "centroid": isotropy(np.arctan2(centroid[:, 1], centroid[:, 0])),
        "pair_cosine": pair_cosine,
    }


def energy_radius_correlation(described: Described, replicas: int, seed: int) -> dict[str, float]:
    """Return the correlation of log10 energy and log10 radius over all muons, with its error."""
    muons = described.per_muon
    value, error = clustered_correlation(
        muons["log10_energy"].to_numpy(),
        muons["log10_radius"].to_numpy(),
        np.repeat(described.events.shower_id, described.events.counts),
        replicas,
        seed,
    )
    return {"value": value, "error": error}
