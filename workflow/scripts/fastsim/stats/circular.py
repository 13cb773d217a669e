"""Are angles uniform?"""

import numpy as np
from scipy import stats as scipy_stats


def isotropy(angles: np.ndarray) -> dict[str, float]:
    """Test independent ``angles`` (rows,), rad, against a uniform distribution.

    Returns:
        ``resultant``: length of the mean unit vector; ``rayleigh_p``: p-value of the Rayleigh
        test for one preferred direction (Mardia and Jupp, Directional Statistics, 6.3.1);
        ``ks``, ``ks_p``: Kolmogorov-Smirnov distance to uniform and its p-value.
    """
    n = len(angles)
    resultant = float(np.abs(np.exp(1j * angles).mean()))
    z = n * resultant**2
    rayleigh_p = np.exp(-z) * (1.0 + (2.0 * z - z**2) / (4.0 * n))
    test = scipy_stats.kstest(np.mod(angles, 2.0 * np.pi) / (2.0 * np.pi), "uniform")
    return {
        "resultant": resultant,
        "rayleigh_p": float(np.clip(rayleigh_p, 0.0, 1.0)),
        "ks": float(test.statistic),
        "ks_p": float(test.pvalue),
    }
