"""One-dimensional distances of every observable, and tests of symmetry and correlation."""

import numpy as np

from fastsim.bundles.described import OBSERVABLES, Described
from fastsim.data.segments import segment_sum
from fastsim.stats.circular import isotropy
from fastsim.stats.clustered import clustered_correlation, clustered_mean
from fastsim.stats.comparison import compare, floor

FLOOR_SPLITS = 10


def observable_distances(
    real: Described, generated: Described, replicas: int, seed: int
) -> dict[str, dict[str, dict[str, float]]]:
    """Return for every observable ``generated`` and ``floor``: KS and W1 with their errors."""
    distances = distances_to(real, generated, replicas, seed)
    return {
        observable.name: {
            "generated": distances[observable.name],
            "floor": floor(real.sample(observable), FLOOR_SPLITS, seed),
        }
        for observable in OBSERVABLES
    }


def distances_to(
    real: Described, generated: Described, replicas: int, seed: int
) -> dict[str, dict[str, float]]:
    """Return for every observable KS and W1 of ``generated`` against ``real`` with their errors."""
    return {
        observable.name: compare(
            real.sample(observable), generated.sample(observable), replicas, seed
        )
        for observable in OBSERVABLES
    }


def azimuthal_isotropy(described: Described) -> dict[str, dict[str, float]]:
    """Return tests of ``muons`` and bundle ``centroid`` azimuths, and the ``pair_cosine``.

    One event per shower takes part, the first with muons: the same muons seen at several depths
    would be counted as independent. ``pair_cosine`` is the mean over events of N >= 2 of cos(phi_i
    - phi_j), 0 when muons of a bundle have independent azimuths.
    """
    filled = np.flatnonzero(described.events.counts > 0)
    _, first = np.unique(described.events.shower_id[filled], return_index=True)
    events = described.events.select(filled[first])
    x, y = events.muon_x.astype(np.float64), events.muon_y.astype(np.float64)
    azimuth = np.arctan2(y, x)
    centroid = segment_sum(events.muons[:, 1:], events.offsets)

    counts = events.counts
    unit = np.column_stack([np.cos(azimuth), np.sin(azimuth)])
    squared = np.square(segment_sum(unit, events.offsets)).sum(axis=1)
    several = counts >= 2
    pairs = counts[several] * (counts[several] - 1.0)
    cosine, error = clustered_mean(
        (squared[several] - counts[several]) / pairs, events.shower_id[several]
    )
    return {
        "muons": isotropy(azimuth),
        "centroid": isotropy(np.arctan2(centroid[:, 1], centroid[:, 0])),
        "pair_cosine": {"value": cosine, "error": error},
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
