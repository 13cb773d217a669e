"""What all networks on ragged bundles share: flat muons with the number of the event of each.

Everything is a matrix product, an ``index_select``, an ``index_add`` or a ``scatter_reduce``, which
can be differentiated twice, as the gradient penalty needs. Sums over muons are made in float32 at
least: in the half precisions a sum of thousands would stop growing.
"""

from typing import NamedTuple

import torch

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
    hidden = _summable(hidden)
    sums = _sum(hidden, batch)
    scale = torch.rsqrt(batch.counts.to(hidden.dtype))[:, None]
    fluctuation = sums * scale
    return torch.cat([fluctuation * scale, fluctuation], dim=1)


def pool_max(hidden: torch.Tensor, batch: Bundles) -> torch.Tensor:
    """Return the maximum of ``hidden`` (M, F) per bundle, (B, F).

    The gradient goes to one muon per maximum, the last of equal ones. Looking up where it is and
    gathering there is ten times faster to differentiate twice than ``scatter_reduce``.
    """
    values = _summable(hidden.detach())
    index = batch.event[:, None].expand_as(values)
    empty = values.new_zeros(len(batch.counts), hidden.shape[1])
    maximum = empty.scatter_reduce(0, index, values, "amax", include_self=False)
    # the number of the last muon that has the maximum; as floats, exact up to 2^24 muons, this is
    # four times faster than in integers, and a GPU need not be asked how many there are
    number = torch.arange(len(values), device=values.device, dtype=values.dtype)[:, None]
    number = number * (values == maximum.index_select(0, batch.event))
    place = empty.scatter_reduce(0, index, number, "amax").long()
    return hidden.gather(0, place)


def pool_attention(scores: torch.Tensor, values: torch.Tensor, batch: Bundles) -> torch.Tensor:
    """Return averages of the muons' ``values`` per bundle, weighted by a softmax of ``scores``.

    Args:
        scores: float (M, P, H): of P averages in each of H heads; the softmax runs over the muons
            of a bundle.
        values: float (M, H, D).
        batch: the bundles.

    Returns:
        float (B, P, H, D).
    """
    scores, values = _summable(scores), _summable(values)
    logits = scores.flatten(1)
    # any constant may be taken off a bundle's scores: the largest is, against overflow, and it
    # needs no derivative
    index = batch.event[:, None].expand_as(logits)
    empty = logits.new_zeros(len(batch.counts), logits.shape[1])
    largest = empty.scatter_reduce(0, index, logits.detach(), "amax", include_self=False)
    weights = torch.exp(logits - largest.index_select(0, batch.event)).view_as(scores)
    # normalised after the sum, once per bundle and not once per muon
    sums = _sum(weights[..., None] * values[:, None], batch)
    return sums / _sum(weights, batch)[..., None]


def _sum(values: torch.Tensor, batch: Bundles) -> torch.Tensor:
    """Return the sums of ``values`` (M, ...) per bundle, (B, ...)."""
    empty = values.new_zeros(len(batch.counts), *values.shape[1:])
    return empty.index_add(0, batch.event, values)


def _summable(values: torch.Tensor) -> torch.Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
