"""Sums and maxima over the rows of a ragged array; an empty row is 0, or a value given."""

import numpy as np


def segment_sum(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return float64 (rows, ...) sums of ``values`` (entries, ...) over each row; 0 where empty."""
    return _reduce(np.add, values.astype(np.float64, copy=False), offsets, 0.0)


def segment_max(values: np.ndarray, offsets: np.ndarray, empty: float = np.nan) -> np.ndarray:
    """Return float64 (rows, ...) maxima of ``values`` (entries, ...) over each row."""
    return _reduce(np.maximum, values.astype(np.float64, copy=False), offsets, empty)


def _reduce(ufunc: np.ufunc, values: np.ndarray, offsets: np.ndarray, empty: float) -> np.ndarray:
    filled = np.diff(offsets) > 0
    result = np.full((len(filled), *values.shape[1:]), empty)
    if filled.any():
        # the starts of the filled rows alone: empty rows hold no entry between them
        result[filled] = ufunc.reduceat(values, offsets[:-1][filled], axis=0)
    return result
