"""The critic: energies and radii of a bundle's muons to one number per bundle."""

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from fastsim.bundles.config.families import Family
from fastsim.bundles.models.layers import (
    COUNT_FEATURES,
    POOLINGS,
    SLOPE,
    Bundles,
    context,
    pool,
    pool_max,
)
from fastsim.bundles.models.stack import Stack


class Critic(nn.Module):
    """Invariant under permutation of muons; knows their radii, not their azimuths.

    Args:
        conditions: number of conditions.
        width: of the hidden layers.
        layers: layers before the pooling, as the family counts them.
        family: of the layers; the pooling and what follows is the same for all.
    """

    def __init__(self, conditions: int, width: int, layers: int, family: Family = "epic") -> None:
        super().__init__()
        known = conditions + COUNT_FEATURES
        self.stack = Stack(2, known, width, layers, family)
        self.head = nn.Linear((POOLINGS + 2) * width + known, width)
        # what the muons of a bundle share widens the distribution of their mean: one layer sees
        # that badly (docs/EXPERIMENTS.md)
        self.second_head = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def forward(self, energy_radius: torch.Tensor, batch: Bundles) -> torch.Tensor:
        """Return the critic's values (B,) of muons (M, 2): normalised energy and radius."""
        known = context(batch)
        hidden, vector = self.stack(energy_radius, known, batch)
        pooled = [pool(hidden, batch), pool_max(hidden, batch)]
        head = leaky_relu(self.head(torch.cat([vector, *pooled, known], dim=1)), SLOPE)
        head = leaky_relu(head + self.second_head(head), SLOPE)
        return self.out(head).squeeze(1)
