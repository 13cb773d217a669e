"""Assignment of groups to splits by a hash, so that it depends on nothing but group and seed."""

from collections.abc import Mapping

import numpy as np


def hash_uniform(groups: np.ndarray, seed: int) -> np.ndarray:
    """Return one number in [0, 1) per group, a pure function of the group and the seed.

    The hash is that of the seed and the group (:func:`hash_columns`).

    Args:
        groups: uint64 (rows,); equal groups get equal numbers.
        seed: 0 <= seed < 2^64.
    """
    mixed = hash_columns(np.array([seed], dtype=np.uint64), groups.astype(np.uint64))
    # the upper 53 bits are what a double can hold
    return (mixed >> np.uint64(11)) * 2.0**-53


def hash_columns(*columns: np.ndarray) -> np.ndarray:
    """Return one 64-bit hash per row, a pure function of the row's words and their order.

    Each word is mixed into the hash of those before it by SplitMix64's mixer (Steele, Lea and
    Flood, OOPSLA 2014).

    Args:
        columns: uint64 arrays, one word per row, that broadcast against each other; at least one.

    Returns:
        uint64 (rows,).
    """
    mixed = splitmix64(columns[0])
    for column in columns[1:]:
        mixed = splitmix64(column ^ mixed)
    return mixed


def splitmix64(state: np.ndarray) -> np.ndarray:
    """Return what SplitMix64 draws from each ``state``, uint64: a mixing one-to-one map."""
    z = state + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def assign_splits(
    groups: np.ndarray, seed: int, shares: Mapping[str, float]
) -> dict[str, np.ndarray]:
    """Return a mask (rows,) for each split; every row is in exactly one.

    Args:
        groups: uint64 (rows,); rows of a group are never parted.
        seed: another seed, another assignment.
        shares: of the groups, by split, in order; the last takes what is left over.
    """
    uniform = hash_uniform(groups, seed)
    bounds = np.cumsum(list(shares.values()))[:-1]
    place = np.searchsorted(bounds, uniform, side="right")
    return {name: place == i for i, name in enumerate(shares)}
