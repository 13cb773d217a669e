"""Ratios of sums in two samples of the same rows, with errors that know the pairing."""

import numpy as np

Sums = tuple[np.ndarray, np.ndarray]
"""Numerators and denominators, float (rows,) each."""


def paired_ratio(real: Sums, generated: Sums, groups: np.ndarray) -> dict:
    """Return a mean or share, sum of numerators over sum of denominators, in both samples.

    Errors are linearised, with groups as the independent draws. Both samples have the same rows, so
    that what a group has in common (its primaries) drops out of the error of the difference.

    Args:
        real, generated: numerators and denominators (rows,).
        groups: (rows,) of both.

    Returns:
        ``truth`` and ``generated`` with ``value`` and ``error``, ``difference`` and its ``error``,
        and ``pull`` = difference over error. What has no denominator, or no error, is None.
    """
    _, index = np.unique(groups, return_inverse=True)
    values, influences = [], []
    for numerators, denominators in (real, generated):
        total = denominators.sum()
        if total <= 0:
            return dict.fromkeys(("truth", "generated", "difference", "error", "pull"))
        value = numerators.sum() / total
        values.append(float(value))
        residuals = numerators - value * denominators
        influences.append(np.bincount(index, weights=residuals) / total)
    errors = [float(np.sqrt(np.sum(influence**2))) for influence in influences]
    error = float(np.sqrt(np.sum((influences[1] - influences[0]) ** 2)))
    difference = values[1] - values[0]
    return {
        "truth": {"value": values[0], "error": errors[0]},
        "generated": {"value": values[1], "error": errors[1]},
        "difference": difference,
        "error": error,
        "pull": difference / error if error > 0 else None,
    }
