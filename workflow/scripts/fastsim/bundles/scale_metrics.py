"""Scales of energy and radius, generated over simulated, bin by bin."""

from typing import Any

import numpy as np

from fastsim.bundles.described import Described
from fastsim.bundles.primary_bins import MIN_MUONS, PrimaryBins
from fastsim.data.segments import segment_sum
from fastsim.stats import chance
from fastsim.stats.excess import excess_rms
from fastsim.stats.exchange import exchanged
from fastsim.stats.paired import Sums, paired_ratio

QUANTITIES = {"energy": "log10_energy", "radius": "log10_radius"}
N_CLASSES = ((1, 1), (2, 4), (5, 9), (10, 29), (30, 99), (100, None))
"""Numbers of muons, first and last, of the classes of N."""
LogScale = tuple[float, float]
"""Natural logarithm of a scale, and its error."""
EXCHANGES = 100
"""So many exchanges know the mean of a sum of squares to a tenth of its standard deviation."""


def n_class_title(first: int, last: int | None) -> str:
    """Return a class of N for people, of the numbers in :data:`N_CLASSES`."""
    if last is None:
        return f"N ≥ {first}"
    return f"N = {first}" if first == last else f"N = {first} to {last}"


def scales(real: Described, generated: Described, seed: int) -> dict[str, Any]:
    """Return the scale of ``energy`` and ``radius``: of all muons, and bin by bin.

    The scale is the ratio of geometric means over muons, minus 1, in per cent; its pull is that of
    the logarithm. ``overall`` has ``scale``, ``error`` and ``pull`` of each, None for too few
    muons. ``by_primary`` has lists of them in the order of ``multiplicity.bins`` (None where there
    are too few generated muons), the ``pull_rms``, and ``beyond_chance`` of
    :func:`_beyond_chance`. ``by_n`` has lists and ``pull_rms`` for :data:`N_CLASSES`.

    Args:
        real: test events.
        generated: the same rows with generated muons.
        seed: of the exchanges.
    """
    bins = PrimaryBins(real.events).rows
    classes = [_in_class(real, generated, limits) for limits in N_CLASSES]
    result: dict[str, Any] = {"overall": overall_scales(real, generated), "by_primary": {}}
    result["by_n"] = {"classes": [list(limits) for limits in N_CLASSES]}
    for name, column in QUANTITIES.items():
        sums = [_sums(described, column) for described in (real, generated)]
        showers = real.events.shower_id
        result["by_primary"][name] = _summary(_by_bin(*sums, showers, bins)) | {
            "beyond_chance": _beyond_chance(*sums, showers, bins, seed)
        }
        result["by_n"][name] = _summary(
            [
                _log_scale(
                    *((s * m, n * m) for (s, n), m in zip(sums, masks, strict=True)), showers
                )
                for masks in classes
            ]
        )
    return result


def overall_scales(real: Described, generated: Described) -> dict[str, dict[str, float] | None]:
    """Return ``overall`` of :func:`scales` alone."""
    result = {}
    for name, column in QUANTITIES.items():
        sums = [_sums(described, column) for described in (real, generated)]
        found = _log_scale(*sums, real.events.shower_id)
        keys = ("scale", "error", "pull")
        result[name] = found and dict(zip(keys, _in_per_cent(found), strict=True))
    return result


def _sums(described: Described, column: str) -> Sums:
    """Return the sum over the muons of each event, and their number."""
    values = described.per_muon[column].to_numpy()
    return segment_sum(values, described.events.offsets), described.events.counts.astype(float)


def _in_class(
    real: Described, generated: Described, limits: tuple[int, int | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which events of either sample have a number of muons in the class."""
    low, high = limits[0], np.inf if limits[1] is None else limits[1]
    return tuple((d.events.counts >= low) & (d.events.counts <= high) for d in (real, generated))


def _by_bin(
    real: Sums, generated: Sums, showers: np.ndarray, bins: list[np.ndarray]
) -> list[LogScale | None]:
    return [
        _log_scale(*((s[rows], n[rows]) for s, n in (real, generated)), showers[rows])
        for rows in bins
    ]


def _log_scale(real: Sums, generated: Sums, showers: np.ndarray) -> LogScale | None:
    """Return logarithm and error of a scale from sums of log10 and numbers of muons."""
    if min(real[1].sum(), generated[1].sum()) < MIN_MUONS:
        return None
    figure = paired_ratio(real, generated, showers)
    # of a single shower, or of equal samples
    if not figure["error"]:
        return None
    return np.log(10.0) * figure["difference"], np.log(10.0) * figure["error"]


def _beyond_chance(
    real: Sums, generated: Sums, showers: np.ndarray, bins: list[np.ndarray], seed: int
) -> dict[str, float] | None:
    """Return the spread of the bins' scales beyond that of a perfect model, in per cent, or None.

    ``rms`` is that of :func:`excess_rms` for the logarithms of the scales. The sum of squared
    pulls that chance makes is its mean over samples with simulated and generated bundles
    exchanged: errors from a few showers a bin are uncertain themselves, so that it is not the
    number of bins. ``line`` is what ``rms`` stays below for nineteen of twenty perfect models.
    """
    found, weight = _squares(_by_bin(real, generated, showers, bins))
    if not weight:
        return None
    pairs = exchanged(real, generated, showers, EXCHANGES, seed)
    sums = [_squares(_by_bin(*pair, showers, bins))[0] for pair in pairs]
    mean, spread = np.mean(sums), np.std(sums, ddof=1)
    # 0 where no exchanged sample has muons enough for a pull
    line = chance.sum_of_squares(mean, spread) if spread else mean
    return {
        name: 100.0 * excess_rms(squares, mean, weight)
        for name, squares in (("rms", found), ("line", line))
    }


def _squares(entries: list[LogScale | None]) -> tuple[float, float]:
    """Return the sums of squared pulls and of weights 1 / error^2."""
    known = [entry for entry in entries if entry is not None]
    value, error = np.array(known).reshape(-1, 2).T
    return float(np.sum((value / error) ** 2)), float(np.sum(error**-2.0))


def _in_per_cent(entry: LogScale) -> tuple[float, float, float]:
    """Return a scale and its error, in per cent, and the pull of its logarithm."""
    value, error = entry
    factor = np.exp(value)
    return 100.0 * (factor - 1.0), 100.0 * factor * error, value / error


def _summary(entries: list[LogScale | None]) -> dict[str, Any]:
    known = [entry and _in_per_cent(entry) for entry in entries]
    pulls = np.array([entry[2] for entry in known if entry is not None])
    return {
        "scale": [entry and entry[0] for entry in known],
        "error": [entry and entry[1] for entry in known],
        "pull": [entry and entry[2] for entry in known],
        "pull_rms": float(np.sqrt(np.mean(pulls**2))) if len(pulls) else None,
    }
