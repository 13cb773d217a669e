"""Nearest neighbours of bundles: what is covered, what is made up, what is copied from training."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from fastsim.bundles.described import Described
from fastsim.bundles.separation_metrics import MIN_EVENTS, PHYSICS_FEATURES
from fastsim.stats.neighbours import overlap, share_nearest_to_first
from fastsim.stats.two_sample import halves_by_group

REPEATS = 5
"""Random halves behind each figure."""
MOST_EVENTS = 4000
"""Events of each sample: distances of all pairs are taken."""
OVERLAP = ("precision", "recall", "density", "coverage")

Figure = dict[str, dict[str, float] | None]


def neighbour_metrics(
    real: Described, generated: Described, training: Described, seed: int
) -> dict[str, Figure]:
    """Return :data:`OVERLAP` and ``nearer_to_training``, each ``generated`` and ``floor``.

    The space is that of :data:`PHYSICS_FEATURES`, standardised. One random half of the test showers
    is the reference; simulated events of the other half give the floor, and events generated
    for these the figure, in equal numbers. ``nearer_to_training`` is the share of them that are
    nearer to one of the training bundles than to one of the reference: ``expected`` is the share of
    training bundles among the two, and copies make it more. Each has ``value`` and ``error``, that
    of the first four being the spread over the halves.

    Args:
        real, generated, training: bundles with muons, one depth of every shower.
        seed: of the halves and of the events taken.
    """
    found: dict[str, list[dict[str, float]]] = {"generated": [], "floor": []}
    for split in range(seed, seed + REPEATS):
        reference, simulated, made, seen = _draws(real, generated, training, split)
        if min(len(reference), len(seen)) < MIN_EVENTS / 2:
            names = (*OVERLAP, "nearer_to_training")
            return {name: {"generated": None, "floor": None} for name in names}
        for side, points in (("generated", made), ("floor", simulated)):
            share = share_nearest_to_first(points, seen, reference)
            copies = dict(zip(("nearer_to_training", "expected", "error"), share, strict=True))
            found[side].append(overlap(reference, points).as_dict() | copies)
    tables = {side: pd.DataFrame(rows) for side, rows in found.items()}
    return {
        name: {
            side: {"value": float(table[name].mean()), "error": float(table[name].std())}
            for side, table in tables.items()
        }
        for name in OVERLAP
    } | {
        "nearer_to_training": {
            # halves share events: their spread is no error of the share
            side: {"value": float(table["nearer_to_training"].mean())}
            | {name: float(table[name].mean()) for name in ("expected", "error")}
            for side, table in tables.items()
        }
    }


def _draws(
    real: Described, generated: Described, training: Described, split: int
) -> list[np.ndarray]:
    """Return points of the reference, the other simulated half, the generated and the training.

    Float (rows, features), as many of each but the last, in units of the reference's spread.
    """
    rng = np.random.default_rng(split)
    showers = [d.events.shower_id for d in (real, generated)]
    half = halves_by_group(np.concatenate(showers), split)
    half_real, half_generated = np.split(half, [len(real.events)])
    parts = [real.select(half_real), real.select(~half_real), generated.select(~half_generated)]
    size = min(MOST_EVENTS, *(len(part.events) for part in parts))
    taken = [part.select(rng.permutation(len(part.events))[:size]) for part in parts]
    tables = [d.per_event[list(PHYSICS_FEATURES)].to_numpy() for d in (*taken, training)]
    if min(map(len, tables)) == 0:
        return tables
    scaler = StandardScaler().fit(tables[0])
    return [scaler.transform(table) for table in tables]
