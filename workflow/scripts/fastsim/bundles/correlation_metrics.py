"""Correlations within a bundle, and of the number of muons with everything else."""

from typing import Any

import numpy as np

from fastsim.bundles.described import OBSERVABLES, Described
from fastsim.data.segments import segment_sum
from fastsim.stats.clustered import clustered_correlation
from fastsim.stats.paired import paired_ratio

MIN_SHOWERS = 30
"""Fewer showers with muons enough say nothing of a correlation."""


def correlations(
    real: Described, generated: Described, replicas: int, seed: int
) -> dict[str, dict[str, Any]]:
    """Return ``truth``, ``generated`` (value, error) and ``pull`` of each correlation.

    ``pair_energy``: of the log energies of two muons of a bundle, over all pairs; part of it comes
    from the primary. ``leading_second_energy``: of the log energies of the two most energetic
    muons. ``n_NAME``: of log10(1 + N) with the observable, over bundles of two muons or more.
    """
    result = {
        "pair_energy": paired_ratio(
            _pair_products(real), _pair_products(generated), real.events.shower_id
        )
    }
    pairs = {"leading_second_energy": ("log10_leading_energy", "log10_second_energy")}
    pairs |= {
        f"n_{observable.name}": ("log10_n1", observable.column)
        for observable in OBSERVABLES
        if not observable.per_muon and observable.name not in ("n", "log10_n1")
    }
    least = {o.column: o.min_muons for o in OBSERVABLES}
    for name, columns in pairs.items():
        fewest = max(2, *(least[column] for column in columns))
        figures = [_correlation(d, columns, fewest, replicas, seed) for d in (real, generated)]
        if None in figures:
            result[name] = dict.fromkeys(("truth", "generated", "difference", "error", "pull"))
            continue
        (a, a_error), (b, b_error) = figures
        error = float(np.hypot(a_error, b_error))
        result[name] = {
            "truth": {"value": a, "error": a_error},
            "generated": {"value": b, "error": b_error},
            "difference": b - a,
            "error": error,
            "pull": (b - a) / error if error > 0 else None,
        }
    return result


def _pair_products(described: Described) -> tuple[np.ndarray, np.ndarray]:
    """Return sums of d_i d_j over pairs, per event and scaled as N pairs, and of d_i^2."""
    values = described.per_muon["log10_energy"].to_numpy()
    offsets, counts = described.events.offsets, described.events.counts
    several = counts >= 2
    centred = values - values[np.repeat(several, counts)].mean() if several.any() else values
    squares = segment_sum(centred**2, offsets)
    products = segment_sum(centred, offsets) ** 2 - squares
    return products / np.maximum(counts - 1, 1) * several, squares * several


def _correlation(
    described: Described, columns: tuple[str, str], fewest: int, replicas: int, seed: int
) -> tuple[float, float] | None:
    """Return correlation and error over bundles of ``fewest`` muons, None where it has none."""
    rows = described.events.counts >= fewest
    a, b = (described.per_event[column].to_numpy(np.float64)[rows] for column in columns)
    showers = described.events.shower_id[rows]
    if len(np.unique(showers)) < MIN_SHOWERS or a.std() == 0 or b.std() == 0:
        return None
    return clustered_correlation(a, b, showers, replicas, seed)
