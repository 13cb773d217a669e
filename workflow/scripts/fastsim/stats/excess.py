"""Spread of values beyond what their errors explain."""

import numpy as np


def rms_beyond_errors(values: np.ndarray, errors: np.ndarray) -> float | None:
    """Return the root mean square of ``values`` (k,) less their ``errors`` (k,), in squares.

    It is 0 where errors explain it all, and None without values.
    """
    if not len(values):
        return None
    return float(np.sqrt(max(np.mean(values**2 - errors**2), 0.0)))
