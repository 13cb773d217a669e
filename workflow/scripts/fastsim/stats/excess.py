"""Spread of values beyond what their errors explain."""

import numpy as np

# of values that are known exactly: what errors are compared with, in the same unit
SMALLEST_ERROR = 1e-9


def rms_beyond_errors(values: np.ndarray, errors: np.ndarray) -> float | None:
    """Return the root mean square about zero that ``values`` (k,) would have without ``errors``.

    That of :func:`excess_rms`, for errors that are known exactly. It is 0 where errors explain it
    all, and None without values.
    """
    if not len(values):
        return None
    weights = np.maximum(errors, SMALLEST_ERROR) ** -2.0
    return excess_rms(np.sum(weights * values**2), len(values), np.sum(weights))


def excess_rms(squares: float, by_chance: float, weight: float) -> float:
    """Return the moment estimate of a root mean square about zero, in the unit of the values.

    sqrt((sum w value^2 - c) / sum w) with weights w = 1 / error^2, or 0 where that is negative
    (after R. DerSimonian and N. Laird, Control. Clin. Trials 7 (1986) 177). The plain mean of
    value^2 - error^2 would be what the values known worst happen to be.

    Args:
        squares: sum w value^2.
        by_chance: c, what errors alone make of it: the number of values, for exact errors.
        weight: sum w.
    """
    return float(np.sqrt(max(squares - by_chance, 0.0) / weight))
