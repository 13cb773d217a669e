"""Assignment of groups to splits by a hash, so that it depends on nothing but group and seed."""

from collections.abc import Mapping

import numpy as np


def hash_uniform(groups: np.ndarray, seed: int) -> np.ndarray:
    """Return one number in [0, 1) per group, a pure function of the group and the seed.

    The hash is two rounds of SplitMix64's mixer (Steele, Lea and Flood, OOPSLA 2014): of the seed,
    then of the group offset by it.

    Args:
        groups: uint64 (rows,); equal groups get equal numbers.
        seed: 0 <= seed < 2^64.
    """
    offset = _splitmix64(np.array([seed], dtype=np.uint64))
    mixed = _splitmix64(groups.astype(np.uint64) ^ offset)
    # the upper 53 bits are what a double can hold
    return (mixed >> np.uint64(11)) * 2.0**-53


def _splitmix64(state: np.ndarray) -> np.ndarray:
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
