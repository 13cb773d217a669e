"""The power of the event classifier: what it makes of defects of known size."""

from itertools import groupby
from typing import Any

import numpy as np

from fastsim.bundles.described import Described
from fastsim.bundles.distortions import DISTORTIONS, TITLES
from fastsim.bundles.separation_metrics import MIN_EVENTS, tree_auc
from fastsim.stats.two_sample import auc_error, halves_by_group

REPEATS = 3
"""Random halves behind each AUC. Distorted and undistorted events share them, and most of the noise
drops out of the difference."""
SEEN = 3.0
"""Standard deviations above the floor at which a distortion counts as seen."""


def power_curve(real: Described, seed: int) -> dict[str, Any] | None:
    """Return the AUC of one half of the simulated events against the other, distorted one.

    Args:
        real: bundles with muons, one depth of every shower.
        seed: of halves, distortions and trees.

    Returns:
        ``floor``: the AUC without distortion; ``error``: the standard deviation of an AUC of as
        many events that cannot be told apart; ``distortions``: for each of :data:`DISTORTIONS` its
        ``name``, ``strength``, ``auc``, and ``excess`` over the floor. None for too few events.
    """
    if len(real.events) < MIN_EVENTS:
        return None
    aucs = np.empty((REPEATS, 1 + len(DISTORTIONS)))
    for repeat in range(REPEATS):
        split = seed + repeat
        half = halves_by_group(real.events.shower_id, split)
        one, other = real.select(half), real.select(~half)
        distorted = [
            Described(distortion.apply(other.events, np.random.default_rng(split)))
            for distortion in DISTORTIONS
        ]
        # another seed: the classifier's halves are not those of the samples
        aucs[repeat] = [tree_auc(one, d, split + REPEATS) for d in (other, *distorted)]
    floor, *found = aucs.mean(axis=0).tolist()
    return {
        "floor": floor,
        "error": auc_error(len(one.events), len(other.events)),
        "distortions": [
            {"name": d.name, "strength": d.strength, "auc": auc, "excess": auc - floor}
            for d, auc in zip(DISTORTIONS, found, strict=True)
        ],
    }


def power_sentence(power: dict[str, Any] | None) -> str:
    """Return what the event classifier sees and what it does not, for the report."""
    if power is None:
        return "There are too few events to measure what the classifier would see."
    seen, unseen = [], []
    for name, group in groupby(power["distortions"], lambda entry: entry["name"]):
        entries = list(group)
        found = [entry for entry in entries if entry["excess"] > SEEN * power["error"]]
        if found:
            seen.append(TITLES[name] + _size(" of {:.0%}", found[0]["strength"]))
        else:
            unseen.append(TITLES[name] + _size(" up to {:.0%}", entries[-1]["strength"]))
    text = "With half of these events against the other half, distorted, the classifier "
    text += f"sees at {SEEN:.0f} standard deviations: {', '.join(seen) or 'nothing'}"
    return text + (f"; it does not see: {', '.join(unseen)}." if unseen else ".")


def _size(form: str, strength: float | None) -> str:
    return "" if strength is None else form.format(strength)
