"""Attention among the muons of a bundle, by way of a few induced points.

Attention of every muon to every other costs the square of their number, and needs padding or a
loop over bundles. Here a few points per bundle attend to its muons, by a softmax over the ragged
rows, and the muons to those points: the induced set attention of J. Lee et al., arXiv:1810.00825.
"""

import math

import torch
from torch import nn

from fastsim.bundles.models.layers import SLOPE, Bundles, pool_attention

POINTS = 4
"""Induced points of a bundle; time and memory per muon grow with them."""
HEADS = 4
"""Heads of each attention, or as many as divide the width."""


class InducedAttentionLayer(nn.Module):
    """Points attend to muons, muons to points; residual, normalised before each part."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = math.gcd(HEADS, width)
        self.muons_norm = nn.LayerNorm(width)
        # the points' queries are the same for every bundle and need no network of their own: with
        # the muons' keys they make one linear map to scores. Its bias would cancel in the softmax
        self.scores = nn.Linear(width, POINTS * self.heads, bias=False)
        self.muon_values = nn.Linear(width, width)
        self.gathered = nn.Linear(width, width)
        self.start = nn.Parameter(torch.randn(POINTS, width) / math.sqrt(width))
        self.points_network = _network(width)
        self.points_norm = nn.LayerNorm(width)
        self.queries = nn.Linear(width, width)
        self.keys = nn.Linear(width, width, bias=False)
        self.point_values = nn.Linear(width, width)
        self.spread = nn.Linear(width, width)
        self.muons_network = _network(width)

    def forward(
        self, muons: torch.Tensor, vector: torch.Tensor, batch: Bundles
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return updated ``muons`` (M, width) and bundles' ``vector`` (B, width)."""
        seen = self.muons_norm(muons)
        points = self._points(seen, vector, batch)
        muons = muons + self.spread(self._hear(seen, self.points_norm(points), batch))
        vector = points.unflatten(0, (len(vector), POINTS)).mean(dim=1)
        return muons + self.muons_network(muons), vector

    def _points(self, seen: torch.Tensor, vector: torch.Tensor, batch: Bundles) -> torch.Tensor:
        """Return what the points learn from the muons, (B x POINTS, width).

        They are rows of a matrix, since linear maps of three-dimensional tensors would be compiled
        anew for every number of bundles.
        """
        scores = self.scores(seen).unflatten(1, (POINTS, self.heads))
        values = self.muon_values(seen).unflatten(1, (self.heads, -1))
        gathered = pool_attention(scores, values, batch).flatten(2).flatten(0, 1)
        start = (vector[:, None] + self.start).flatten(0, 1)
        points = start + self.gathered(gathered)
        return points + self.points_network(points)

    def _hear(self, seen: torch.Tensor, points: torch.Tensor, batch: Bundles) -> torch.Tensor:
        """Return what the muons (M, width) learn from their bundle's points."""
        queries = self.queries(seen).unflatten(1, (1, self.heads, -1))
        shape = (len(batch.counts), POINTS, self.heads, points.shape[1] // self.heads)
        keys, values = (
            network(points).view(shape).index_select(0, batch.event)
            for network in (self.keys, self.point_values)
        )
        scores = (queries * keys).sum(dim=3, keepdim=True) / math.sqrt(keys.shape[3])
        return (torch.softmax(scores, dim=1) * values).sum(dim=1).flatten(1)


def make_layers(width: int, layers: int) -> list[nn.Module]:
    """Return ``layers`` rounds of attention, from muons to points and back."""
    return [InducedAttentionLayer(width) for _ in range(layers)]


def _network(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, 2 * width),
        nn.LeakyReLU(SLOPE),
        nn.Linear(2 * width, width),
    )
