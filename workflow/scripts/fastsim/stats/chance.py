"""Lines that chance alone stays below 19 times of 20: what a perfect model would show."""

import numpy as np
from scipy import optimize, stats

LEVEL = 0.95


def largest_of(errors: np.ndarray, two_sided: bool = False) -> float:
    """Return the line of the largest of independent normal figures about 0.

    Figures that go up and down together have a largest value that is smaller, so that the line is
    a safe one for them. Figures without an error are 0, and those alone have the line 0.

    Args:
        errors: standard deviations (k,), k >= 1.
        two_sided: the largest of their absolute values.
    """
    errors = errors[errors > 0]
    if not len(errors):
        return 0.0

    def excess(limit: float) -> float:
        below = stats.norm.cdf(limit / errors)
        return np.prod(2.0 * below - 1.0 if two_sided else below) - LEVEL

    # below it with each of them even if all had the largest error
    most = np.max(errors) * stats.norm.isf(0.25 * (1.0 - LEVEL) / len(errors))
    return float(optimize.brentq(excess, 0.0, most))


def rms_of_pulls(bins: int) -> float:
    """Return the line of the root mean square of as many independent pulls, ``bins`` >= 1."""
    return float(np.sqrt(stats.chi2.ppf(LEVEL, bins) / bins))


def sum_of_squares(mean: float, spread: float) -> float:
    """Return the line of a sum of squares of normal figures about 0, of whatever variances.

    That of the gamma law of the same moments (F. E. Satterthwaite, Biometrics Bull. 2 (1946) 110).

    Args:
        mean, spread: of the sum; both positive.
    """
    scale = spread**2 / mean
    return float(stats.gamma.ppf(LEVEL, mean / scale, scale=scale))
