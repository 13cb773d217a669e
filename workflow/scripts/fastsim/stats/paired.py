"""Ratios of sums in two samples of the same rows, with errors that know the pairing."""

import numpy as np

from fastsim.stats.jackknife import jackknife_error

Sums = tuple[np.ndarray, np.ndarray]
"""Numerators and denominators, float (rows,) each."""


def paired_ratio(real: Sums, generated: Sums, groups: np.ndarray) -> dict:
    """Return a mean or share, sum of numerators over sum of denominators, in both samples.

    Errors are the jackknife's over groups, the independent draws: linearised ones are too small
    where a few groups have most of the denominators. Both samples have the same rows, so that what
    a group has in common (its primaries) drops out of the error of the difference.

    Args:
        real, generated: numerators and denominators (rows,).
        groups: (rows,) of both.

    Returns:
        ``truth`` and ``generated`` with ``value`` and ``error``, ``difference`` and its ``error``,
        and ``pull`` = difference over error, None without error. All are None where one group has
        all denominators of a sample, or there are none.
    """
    _, index = np.unique(groups, return_inverse=True)
    values, without_group = [], []
    for numerators, denominators in (real, generated):
        above, below = (np.bincount(index, weights=sums) for sums in (numerators, denominators))
        if below.sum() <= below.max():
            return dict.fromkeys(("truth", "generated", "difference", "error", "pull"))
        values.append(float(above.sum() / below.sum()))
        without_group.append((above.sum() - above) / (below.sum() - below))
    errors = [float(jackknife_error(estimates)) for estimates in without_group]
    error = float(jackknife_error(without_group[1] - without_group[0]))
    difference = values[1] - values[0]
    return {
        "truth": {"value": values[0], "error": errors[0]},
        "generated": {"value": values[1], "error": errors[1]},
        "difference": difference,
        "error": error,
        "pull": difference / error if error > 0 else None,
    }
