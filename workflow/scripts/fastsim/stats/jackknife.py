"""Errors from estimates that lack a part of the data each."""

import numpy as np


def jackknife_error(estimates: np.ndarray) -> np.ndarray:
    """Return the standard error of estimates (k, ...) that lack one of k parts each, (...).

    sqrt((k - 1) / k sum_i (x_i - mean)^2) (B. Efron, Ann. Statist. 9 (1981) 586).
    """
    k = len(estimates)
    return np.sqrt((k - 1) / k * np.sum((estimates - np.mean(estimates, axis=0)) ** 2, axis=0))
