"""Shares of muons and events in the tails, simulated against generated."""

import numpy as np

from fastsim.bundles.described import Described
from fastsim.bundles.primaries import energy_per_nucleon
from fastsim.data.segments import segment_sum
from fastsim.stats.paired import paired_ratio

HIGH_ENERGY = 5.0
"""log10 of GeV: 100 TeV."""
FAR = 200.0
"""m from the axis."""
LAST_PER_MILLE = 0.999


def tails(real: Described, generated: Described) -> dict[str, dict]:
    """Return share, error and pull of what lies beyond limits; rows are the same primaries.

    ``energy_above_100_tev`` and ``radius_above_200_m`` are shares of all muons.
    ``n_last_per_mille`` is the share of events with more muons than 99.9 % of the simulated ones
    (``limit``), ``n_carried`` the share of all muons that such bundles carry.
    ``leading_last_per_mille`` is the share of bundles whose leading muon has a larger part of the
    energy per nucleon than those of 99.9 % of the simulated ones (``limit``); no part is above 1.
    """
    limit = float(np.quantile(real.events.counts, LAST_PER_MILLE))
    parts = _leading_parts(real)
    part = float(np.quantile(parts[parts > 0], LAST_PER_MILLE)) if (parts > 0).any() else 1.0
    hits = {
        "energy_above_100_tev": lambda d: _muons_beyond(d, "log10_energy", HIGH_ENERGY),
        "radius_above_200_m": lambda d: _muons_beyond(d, "radius", FAR),
        "n_last_per_mille": lambda d: (d.events.counts > limit, np.ones(len(d.events))),
        "n_carried": lambda d: (np.where(d.events.counts > limit, d.events.counts, 0), _n(d)),
        "leading_last_per_mille": lambda d: (_leading_parts(d) > part, d.events.counts > 0),
    }
    result = {
        name: paired_ratio(of(real), of(generated), real.events.shower_id)
        for name, of in hits.items()
    }
    for name in ("n_last_per_mille", "n_carried"):
        result[name] |= {"limit": limit}
    result["leading_last_per_mille"] |= {"limit": part}
    return result


def _leading_parts(described: Described) -> np.ndarray:
    """Return the leading muon's part of the energy per nucleon, 0 without muons, (events,)."""
    energy, mass, _, _ = described.events.primaries.T
    leading = 10.0 ** described.per_event["log10_leading_energy"].to_numpy()
    return np.nan_to_num(leading) / energy_per_nucleon(energy, mass)


def _muons_beyond(described: Described, column: str, limit: float) -> tuple[np.ndarray, np.ndarray]:
    beyond = described.per_muon[column].to_numpy() > limit
    return segment_sum(beyond, described.events.offsets), _n(described)


def _n(described: Described) -> np.ndarray:
    return described.events.counts.astype(np.float64)
