"""Equivariant layers around one vector per bundle: the default family."""

import torch
from torch import nn
from torch.nn.functional import leaky_relu

from fastsim.bundles.models.layers import POOLINGS, SLOPE, Bundles, pool


class EpicLayer(nn.Module):
    """A residual layer on muons and one vector per bundle, in the manner of EPiC.

    The bundle's vector is updated from the pooled muons, then each muon from itself and that
    vector (E. Buhmann, G. Kasieczka, J. Thaler, arXiv:2301.08128).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pooled = nn.Linear((POOLINGS + 1) * width, width)
        self.bundle = nn.Linear(width, width)
        self.muon = nn.Linear(width, width)
        self.shared = nn.Linear(width, width, bias=False)

    def forward(
        self, muons: torch.Tensor, vector: torch.Tensor, batch: Bundles
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return updated ``muons`` (M, width) and bundles' ``vector`` (B, width)."""
        pooled = self.pooled(torch.cat([vector, pool(muons, batch)], dim=1))
        vector = leaky_relu(vector + self.bundle(leaky_relu(pooled, SLOPE)), SLOPE)
        # the product with the bundle's vector is made once per bundle, not once per muon
        update = self.muon(muons) + self.shared(vector).index_select(0, batch.event)
        return leaky_relu(muons + update, SLOPE), vector


def make_layers(width: int, layers: int) -> list[nn.Module]:
    """Return ``layers`` rounds of talk between a bundle and its muons."""
    return [EpicLayer(width) for _ in range(layers)]
