"""What a dataset holds: counts, ranges, zero fractions and quantiles of N, split by split."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from fastsim.bundles.events import MUON_COLUMNS, PRIMARY_COLUMNS, Events
from fastsim.bundles.primaries import mass_number

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def summarize(blocks: Iterable[Events]) -> dict[str, Any]:
    """Return the summary of one split, as plain values; muons are seen a block at a time.

    Keys: ``rows``, ``showers``, ``muons``, ``zero_fraction`` (None without rows), ``ranges`` of
    every column (physical units; None where there are no values), ``multiplicity`` (quantiles of N
    over all rows), ``by_depth`` and ``by_nucleus`` (rows, showers, muons, zero fraction and
    quantiles of N by slant depth in m and by mass number).
    """
    rows, primaries = [], []
    ranges: dict[str, list[float] | None] = dict.fromkeys((*PRIMARY_COLUMNS, *MUON_COLUMNS))
    for events in blocks:
        rows.append(np.column_stack([events.shower_id, events.counts.astype(np.uint64)]))
        primaries.append(events.primaries)
        _widen(ranges, PRIMARY_COLUMNS, events.primaries)
        _widen(ranges, MUON_COLUMNS, events.muons)
    table = np.concatenate([np.empty((0, 2), dtype=np.uint64), *rows])
    showers, counts = table[:, 0], table[:, 1].astype(np.int64)
    primaries = np.concatenate([np.empty((0, 4), dtype=np.float32), *primaries])
    return {
        **_population(showers, counts),
        "ranges": ranges,
        "by_depth": {
            f"{depth:g}": _population(showers[chosen], counts[chosen])
            for depth, chosen in _groups(primaries[:, 3])
        },
        "by_nucleus": {
            str(nucleons): _population(showers[chosen], counts[chosen])
            for nucleons, chosen in _groups(mass_number(primaries[:, 1]))
        },
    }


def _population(showers: np.ndarray, counts: np.ndarray) -> dict[str, Any]:
    some = len(counts) > 0
    return {
        "rows": len(counts),
        "showers": len(np.unique(showers)),
        "muons": int(counts.sum()),
        "zero_fraction": float((counts == 0).mean()) if some else None,
        "multiplicity": {
            f"{q:g}": float(np.quantile(counts, q)) if some else None for q in QUANTILES
        },
    }


def _groups(values: np.ndarray) -> Iterable[tuple[Any, np.ndarray]]:
    return ((value, values == value) for value in np.unique(values))


def _widen(
    ranges: dict[str, list[float] | None], names: tuple[str, ...], values: np.ndarray
) -> None:
    if not len(values):
        return
    for name, low, high in zip(names, values.min(axis=0), values.max(axis=0), strict=True):
        known = ranges[name] or [float(low), float(high)]
        ranges[name] = [min(known[0], float(low)), max(known[1], float(high))]
