"""What a dataset holds: counts, ranges, zero fractions and quantiles of N, split by split."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from fastsim.bundles.events import MUON_COLUMNS, PRIMARY_COLUMNS, Events
from fastsim.bundles.primaries import mass_number

MOST_DEPTHS = 64
"""More depths than these, as of vertical depths along slanted tracks, are put into bins."""
DEPTH_BINS = 8
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def summarize(blocks: Iterable[Events]) -> dict[str, Any]:
    """Return the summary of one split, as plain values; muons are seen a block at a time.

    Keys: ``rows``, ``showers``, ``muons``, ``zero_fraction`` (None without rows), ``ranges`` of
    every column (physical units; None where there are no values), ``multiplicity`` (quantiles of N
    over all rows), ``by_depth`` and ``by_nucleus`` (rows, showers, muons, zero fraction and
    quantiles of N by slant depth in m and by mass number). A key of ``by_depth`` is a depth or, for
    more than :data:`MOST_DEPTHS` of them, ``LOW to HIGH``, the limits of a bin.
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
            name: _population(showers[chosen], counts[chosen])
            for name, chosen in _by_depth(primaries[:, 3])
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


def _by_depth(depth: np.ndarray) -> Iterable[tuple[str, np.ndarray]]:
    """Name groups of depths, float32 (rows,), and say which rows are in each."""
    known = np.unique(depth)
    if len(known) <= MOST_DEPTHS:
        for value, chosen in _groups(depth):
            yield _digits(value), chosen
        return
    edges = np.linspace(known[0], known[-1], DEPTH_BINS + 1, dtype=np.float32)
    bins = np.clip(np.searchsorted(edges, depth, side="right") - 1, 0, DEPTH_BINS - 1)
    for number, chosen in _groups(bins):
        yield f"{_digits(edges[number])} to {_digits(edges[number + 1])}", chosen


def _digits(value: np.float32) -> str:
    """Return as many digits as tell neighbouring numbers apart."""
    return np.format_float_positional(value, trim="-")


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
