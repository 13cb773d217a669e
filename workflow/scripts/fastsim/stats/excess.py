"""Spread of values beyond what their errors explain."""

import numpy as np

# of values that are known exactly: what errors are compared with, in the same unit
SMALLEST_ERROR = 1e-9


def rms_beyond_errors(values: np.ndarray, errors: np.ndarray) -> float | None:
    """Return the root mean square about zero that ``values`` (k,) would have without ``errors``.

    The moment estimate with weights w = 1 / error^2, sqrt((sum w value^2 - k) / sum w), where that
    is positive (after R. DerSimonian and N. Laird, Control. Clin. Trials 7 (1986) 177). The plain
    mean of value^2 - error^2 would be what the values known worst happen to be. It is 0 where
    errors explain it all, and None without values.
    """
    if not len(values):
        return None
    weights = np.maximum(errors, SMALLEST_ERROR) ** -2.0
    excess = (np.sum(weights * values**2) - len(values)) / np.sum(weights)
    return float(np.sqrt(max(excess, 0.0)))
