"""Weights by which training events are drawn, so that rare high energies are seen more often."""

import math
from collections.abc import Callable

import numpy as np

from fastsim.bundles.representation import CONDITIONS, Normalization


def energy_weights(
    normalization: Normalization, power: float
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return what makes of conditions (events, C) the weights, float64 (events,), of events.

    The weight is the energy to the power, and 1 at the mean log energy of the dataset, so that it
    stays within the range of a float.

    Args:
        normalization: that of the conditions; more columns may follow them.
        power: 0 or above; for 0, all events alike, the result is None.
    """
    if power == 0.0:
        return None
    # the first condition is the standardised log10 of the energy
    slope = power * math.log(10.0) * normalization.primaries[CONDITIONS[0]].std
    return lambda conditions: np.exp(slope * conditions[:, 0].astype(np.float64))
