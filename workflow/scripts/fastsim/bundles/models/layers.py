"""Layers on ragged bundles: flat muons with the number of the event that each belongs to.

Everything is a matrix product, an ``index_select``, an ``index_add`` or a ``scatter_reduce``, which
can be differentiated twice, as the gradient penalty needs.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import leaky_relu

SLOPE = 0.2
POOLINGS = 2
COUNT_FEATURES = 2


class Bundles(NamedTuple):
    """What a network is told about the bundles of a batch.

    Attributes:
        conditions: float (B, 4), normalised.
        counts: int64 (B,), muons of each bundle, all above 0.
        event: int64 (M,), non-decreasing: the bundle that each muon belongs to.
    """

    conditions: torch.Tensor
    counts: torch.Tensor
    event: torch.Tensor


def bundles(conditions: torch.Tensor, counts: torch.Tensor, muons: int) -> Bundles:
    """Return :class:`Bundles`; ``muons`` is the sum of ``counts``, known without asking a GPU."""
    numbers = torch.arange(len(counts), device=counts.device)
    return Bundles(conditions, counts, torch.repeat_interleave(numbers, counts, output_size=muons))


def context(batch: Bundles) -> torch.Tensor:
    """Return what is known of each bundle, (B, 4 + 2): conditions, log N and 1/sqrt(N)."""
    counts = batch.counts.to(batch.conditions.dtype)[:, None]
    return torch.cat([batch.conditions, torch.log(counts), torch.rsqrt(counts)], dim=1)


def pool(hidden: torch.Tensor, batch: Bundles) -> torch.Tensor:
    """Return mean and sum over sqrt(N) of ``hidden`` (M, F) per bundle, (B, 2 F)."""
    sums = hidden.new_zeros(len(batch.counts), hidden.shape[1]).index_add(0, batch.event, hidden)
    scale = torch.rsqrt(batch.counts.to(hidden.dtype))[:, None]
    fluctuation = sums * scale
    return torch.cat([fluctuation * scale, fluctuation], dim=1)


def pool_max(hidden: torch.Tensor, batch: Bundles) -> torch.Tensor:
    """Return the maximum of ``hidden`` (M, F) per bundle, (B, F).

    The gradient goes to one muon per maximum, the last of equal ones. Looking up where it is and
    gathering there is ten times faster to differentiate twice than ``scatter_reduce``.
    """
    values = hidden.detach()
    index = batch.event[:, None].expand_as(values)
    empty = values.new_zeros(len(batch.counts), hidden.shape[1])
    maximum = empty.scatter_reduce(0, index, values, "amax", include_self=False)
    # the number of the last muon that has the maximum; as floats, exact up to 2^24 muons, this is
    # four times faster than in integers, and a GPU need not be asked how many there are
    number = torch.arange(len(values), device=values.device, dtype=values.dtype)[:, None]
    number = number * (values == maximum.index_select(0, batch.event))
    place = empty.scatter_reduce(0, index, number, "amax").long()
    return hidden.gather(0, place)


class EquivariantLayer(nn.Module):
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


class EquivariantStack(nn.Module):
    """Inputs of muons and bundles, lifted to ``width`` and passed through equivariant layers."""

    def __init__(self, muon_inputs: int, bundle_inputs: int, width: int, layers: int) -> None:
        super().__init__()
        self.muon_in = nn.Linear(muon_inputs, width)
        self.bundle_in = nn.Linear(bundle_inputs, width)
        self.layers = nn.ModuleList(EquivariantLayer(width) for _ in range(layers))

    def forward(
        self, muons: torch.Tensor, bundle: torch.Tensor, batch: Bundles
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map (M, muon_inputs) and (B, bundle_inputs) to (M, width) and (B, width)."""
        vector = leaky_relu(self.bundle_in(bundle), SLOPE)
        hidden = leaky_relu(self.muon_in(muons) + vector.index_select(0, batch.event), SLOPE)
        for layer in self.layers:
            hidden, vector = layer(hidden, vector, batch)
        return hidden, vector
