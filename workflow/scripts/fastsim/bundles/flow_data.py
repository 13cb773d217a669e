"""Muons as the flow sees them: energy, a normal score in place of the radius, in random order."""

import numpy as np
import torch
from scipy.special import log_ndtr, ndtri_exp

from fastsim.bundles.representation import energy_radius
from fastsim.data.shards import Shard

# a muon on the axis would have a score of minus infinity
SMALLEST_RADIUS = 1e-6


def radius_score(radius: np.ndarray) -> np.ndarray:
    """Return the standard normal numbers, float64, whose ranks ``radius`` has if it is Rayleigh.

    The radius of a position that is standard normal in the plane is Rayleigh distributed.
    """
    radius = np.maximum(radius.astype(np.float64), SMALLEST_RADIUS)
    # P(radius > r) = exp(-r^2 / 2)
    return -ndtri_exp(-np.square(radius) / 2.0)


def radius_of(score: np.ndarray) -> np.ndarray:
    """Return the radius, float64, that :func:`radius_score` was given."""
    return np.sqrt(-2.0 * log_ndtr(-score))


def scored_bundles(shard: Shard) -> Shard:
    """Return the bundles with at least one muon, by energy and radius score, without azimuths.

    Args:
        shard: normalised events with muons (M, 3).
    """
    shard = shard.select(shard.counts > 0)
    energy, radius = energy_radius(shard.points).T
    points = np.column_stack([energy, radius_score(radius)]).astype(np.float32)
    return Shard(shard.conditions, shard.counts, points)


def random_order(event: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Return an order, int64 (M,), that mixes the muons of each event and keeps events apart.

    Args:
        event: int64 (M,), non-decreasing.
        uniform: float64 (M,), from [0, 1).
    """
    return torch.argsort(event + uniform, stable=True)
