"""The simplest network on sets: muons alone, one pooling, muons alone again."""

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from fastsim.bundles.models.layers import POOLINGS, SLOPE, Bundles, pool


class DeepSets(nn.Module):
    """Muons hear of each other once, between two per-muon networks of ``layers`` layers each.

    M. Zaheer et al., arXiv:1703.06114.
    """

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.before = _muon_network(width, layers)
        self.pooled = nn.Linear((POOLINGS + 1) * width, width)
        self.after = _muon_network(width, layers)

    def forward(
        self, muons: torch.Tensor, vector: torch.Tensor, batch: Bundles
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return updated ``muons`` (M, width) and bundles' ``vector`` (B, width)."""
        muons = self.before(muons)
        pooled = self.pooled(torch.cat([vector, pool(muons, batch)], dim=1))
        vector = leaky_relu(pooled, SLOPE)
        return self.after(muons + vector.index_select(0, batch.event)), vector


def make_layers(width: int, layers: int) -> list[nn.Module]:
    """Return the one module, with ``layers`` layers on either side of the pooling."""
    return [DeepSets(width, layers)]


def _muon_network(width: int, layers: int) -> nn.Sequential:
    steps = [step for _ in range(layers) for step in (nn.Linear(width, width), nn.LeakyReLU(SLOPE))]
    return nn.Sequential(*steps)
