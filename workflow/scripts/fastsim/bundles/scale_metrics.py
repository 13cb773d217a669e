"""Scales of energy and radius, generated over simulated, bin by bin."""

from typing import Any

import numpy as np

from fastsim.bundles.described import Described
from fastsim.bundles.primary_bins import MIN_MUONS, PrimaryBins
from fastsim.data.segments import segment_sum
from fastsim.stats.excess import rms_beyond_errors
from fastsim.stats.paired import paired_ratio

QUANTITIES = {"energy": "log10_energy", "radius": "log10_radius"}
N_CLASSES = ((1, 1), (2, 4), (5, 9), (10, 29), (30, 99), (100, None))
"""Numbers of muons, first and last, of the classes of N."""


def scales(real: Described, generated: Described) -> dict[str, Any]:
    """Return the scale of ``energy`` and ``radius``: of all muons, and bin by bin.

    The scale is the ratio of geometric means over muons, minus 1, in per cent. ``overall`` has
    ``scale``, ``error`` and ``pull`` of each, None for too few muons. ``by_primary`` has lists of
    them in the order of ``multiplicity.bins`` (None where there are too few generated muons), the
    ``pull_rms``, and ``rms_beyond_errors``: the spread of the scales that their errors do not
    explain, in per cent. ``by_n`` has the same for :data:`N_CLASSES`.
    """
    bins = PrimaryBins(real.events).rows
    classes = [_in_class(real, generated, limits) for limits in N_CLASSES]
    result: dict[str, Any] = {"overall": overall_scales(real, generated), "by_primary": {}}
    result["by_n"] = {"classes": [list(limits) for limits in N_CLASSES]}
    for name, column in QUANTITIES.items():
        sums = [_sums(described, column) for described in (real, generated)]
        showers = real.events.shower_id
        result["by_primary"][name] = _summary(
            [_scale(*((s[rows], n[rows]) for s, n in sums), showers[rows]) for rows in bins]
        )
        result["by_n"][name] = _summary(
            [
                _scale(*((s * m, n * m) for (s, n), m in zip(sums, masks, strict=True)), showers)
                for masks in classes
            ]
        )
    return result


def overall_scales(real: Described, generated: Described) -> dict[str, dict[str, float] | None]:
    """Return ``overall`` of :func:`scales` alone."""
    result = {}
    for name, column in QUANTITIES.items():
        sums = [_sums(described, column) for described in (real, generated)]
        found = _scale(*sums, real.events.shower_id)
        result[name] = found and {
            "scale": found[0],
            "error": found[1],
            "pull": found[0] / found[1],
        }
    return result


def _sums(described: Described, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum over the muons of each event, and their number."""
    values = described.per_muon[column].to_numpy()
    return segment_sum(values, described.events.offsets), described.events.counts.astype(float)


def _in_class(
    real: Described, generated: Described, limits: tuple[int, int | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which events of either sample have a number of muons in the class."""
    low, high = limits[0], np.inf if limits[1] is None else limits[1]
    return tuple((d.events.counts >= low) & (d.events.counts <= high) for d in (real, generated))


def _scale(
    real: tuple[np.ndarray, np.ndarray],
    generated: tuple[np.ndarray, np.ndarray],
    showers: np.ndarray,
) -> tuple[float, float] | None:
    """Return scale and error in per cent, from sums of log10 and numbers of muons, or None."""
    if min(real[1].sum(), generated[1].sum()) < MIN_MUONS:
        return None
    figure = paired_ratio(real, generated, showers)
    # of a single shower, or of equal samples
    if not figure["error"]:
        return None
    factor = 10.0 ** figure["difference"]
    return 100.0 * (factor - 1.0), 100.0 * factor * np.log(10.0) * figure["error"]


def _summary(entries: list[tuple[float, float] | None]) -> dict[str, Any]:
    known = np.array([entry for entry in entries if entry is not None]).reshape(-1, 2)
    scale, error = known.T
    some = len(known) > 0
    return {
        "scale": [entry and float(entry[0]) for entry in entries],
        "error": [entry and float(entry[1]) for entry in entries],
        "pull": [entry and float(entry[0] / entry[1]) for entry in entries],
        "pull_rms": float(np.sqrt(np.mean((scale / error) ** 2))) if some else None,
        "rms_beyond_errors": rms_beyond_errors(scale, error),
    }
