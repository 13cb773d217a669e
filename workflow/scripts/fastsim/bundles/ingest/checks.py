"""Which events cannot be used because of their muons."""

import numpy as np

from fastsim.bundles.events import MUON_MASS, Events
from fastsim.bundles.primaries import energy_per_nucleon

MAX_DISTANCE = 1e5
"""m in x and in y from the shower axis."""


def muon_faults(events: Events) -> dict[str, np.ndarray]:
    """Return the rows with an impossible muon, bool (rows,) by reason; empty if there are none."""
    energy, x, y = events.muon_columns
    # the mass may be none; such rows are rejected for it
    with np.errstate(invalid="ignore"):
        limits = energy_per_nucleon(events.primaries[:, 0], events.primaries[:, 1])
    # false for NaN and infinities too
    in_energy = (energy >= MUON_MASS) & (energy <= np.repeat(limits, events.counts))
    good = in_energy & (np.abs(x) <= MAX_DISTANCE) & (np.abs(y) <= MAX_DISTANCE)
    if good.all():
        return {}
    suspect = np.flatnonzero(~good)
    rows = np.searchsorted(events.offsets, suspect, side="right") - 1
    energy, x, y = (column[suspect] for column in events.muon_columns)
    finite = np.isfinite(energy) & np.isfinite(x) & np.isfinite(y)
    far = (np.abs(x) > MAX_DISTANCE) | (np.abs(y) > MAX_DISTANCE)
    faults = {}
    for reason, muons in (
        ("not finite", ~finite),
        ("muon energy", ~in_energy[suspect]),
        ("muon position", far),
    ):
        faults[reason] = np.zeros(len(events), dtype=bool)
        faults[reason][rows[muons]] = True
    return faults
