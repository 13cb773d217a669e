"""The flow: an exact likelihood of a bundle's muons, given conditions and count.

Muons come in a random order and in blocks that grow with what came before. The muons of a block are
drawn independently of each other, given the event and sums over the muons of all earlier blocks, so
that a bundle of thousands takes some dozen passes through the network and not thousands.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import nn
from zuko.flows import NSF

from fastsim.bundles.models.layers import COUNT_FEATURES, Bundles, bundles, context

# the first muons come one by one, then a block has an eighth of what came before
GROWTH = 8
# more than any bundle's
MOST_MUONS = 2**31
# sums over the earlier muons that a block knows, learned
FEATURES = 16
# number of the earlier muons, means and scaled sums of their features
BLOCK_INPUTS = 1 + 2 * FEATURES


def _block_starts() -> list[int]:
    starts = [0]
    while starts[-1] < MOST_MUONS:
        starts.append(starts[-1] + max(1, starts[-1] // GROWTH))
    return starts


BLOCK_STARTS = _block_starts()
"""Muons of a bundle before its first, second, ... block."""


class Blocks(NamedTuple):
    """The blocks of a batch of bundles, those of a bundle one after the other.

    Attributes:
        event: int64 (K,), the bundle that each block belongs to.
        first: int64 (K,), the row of that bundle's first block.
        before: int64 (K,), muons of the bundle before the block.
        of_muon: int64 (M,), the block of each muon.
    """

    event: torch.Tensor
    first: torch.Tensor
    before: torch.Tensor
    of_muon: torch.Tensor


def blocks_of(batch: Bundles) -> Blocks:
    """Return the blocks of ``batch``, whose muons lie in the order in which they are drawn."""
    starts = torch.tensor(BLOCK_STARTS, device=batch.event.device)
    numbers = torch.bucketize(batch.counts - 1, starts, right=True)
    first = torch.cumsum(numbers, 0) - numbers
    event = torch.repeat_interleave(torch.arange(len(numbers), device=starts.device), numbers)
    first_muon = torch.cumsum(batch.counts, 0) - batch.counts
    place = torch.arange(len(batch.event), device=starts.device) - first_muon[batch.event]
    of_muon = first[batch.event] + torch.bucketize(place, starts, right=True) - 1
    first_of_block = first[event]
    before = starts[torch.arange(len(event), device=starts.device) - first_of_block]
    return Blocks(event, first_of_block, before, of_muon)


class BundleFlow(nn.Module):
    """Neural spline flow of a muon's (energy, radius score), conditioned on event and block.

    Both coordinates are standard normal where the normalisation has made them so, and an untrained
    flow changes nothing: it starts from independent muons with the fitted distributions.

    Args:
        conditions: number of conditions.
        width: of the hidden layers.
        transforms: spline transformations one after the other.
        bins: of each spline.
    """

    def __init__(self, conditions: int, width: int, transforms: int, bins: int) -> None:
        super().__init__()
        # plain values from which the model is built again
        self.architecture = {
            "conditions": conditions,
            "width": width,
            "transforms": transforms,
            "bins": bins,
        }
        self.summary = nn.Sequential(nn.Linear(2, width), nn.SiLU(), nn.Linear(width, FEATURES))
        self.block = nn.Sequential(
            nn.Linear(conditions + COUNT_FEATURES + BLOCK_INPUTS, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
        )
        self.muon = NSF(
            2,
            width,
            transforms=transforms,
            bins=bins,
            hidden_features=(width, width),
            activation=nn.SiLU,
        )
        for transform in self.muon.transform.transforms:
            nn.init.zeros_(transform.hyper[-1].weight)
            nn.init.zeros_(transform.hyper[-1].bias)

    def _block_vectors(
        self, event: torch.Tensor, before: torch.Tensor, sums: torch.Tensor
    ) -> torch.Tensor:
        """Return what the muons of each block are told, (K, width).

        Args:
            event: (K, conditions + 2), what is known of the block's event.
            before: int64 (K,), muons of the event before the block.
            sums: (K, :data:`FEATURES`), sums of their features.
        """
        before = before.to(sums.dtype)[:, None]
        scale = torch.rsqrt(before.clamp(min=1.0))
        fluctuation = sums * scale
        return self.block(
            torch.cat([event, torch.log1p(before), fluctuation * scale, fluctuation], dim=1)
        )

    def forward(self, points: torch.Tensor, batch: Bundles) -> torch.Tensor:
        """Return the log-likelihood of each muon given those of earlier blocks, (M,).

        Args:
            points: (M, 2), energy and radius score, in the order in which muons are drawn.
            batch: what is known of the bundles.
        """
        return self.muon(self.vectors(points, batch)).log_prob(points)

    def vectors(self, points: torch.Tensor, batch: Bundles) -> torch.Tensor:
        """Return what each muon is told of event and earlier blocks, (M, width)."""
        blocks = blocks_of(batch)
        # in double precision, since a sum over all events is subtracted from another
        sums = torch.zeros(
            len(blocks.event), FEATURES, dtype=torch.float64, device=points.device
        ).index_add(0, blocks.of_muon, self.summary(points).double())
        cumulative = torch.cumsum(sums, 0) - sums
        earlier = cumulative - cumulative.index_select(0, blocks.first)
        vectors = self._block_vectors(
            context(batch).index_select(0, blocks.event), blocks.before, earlier.to(points.dtype)
        )
        return vectors.index_select(0, blocks.of_muon)

    @torch.no_grad()
    def draw(
        self, conditions: torch.Tensor, counts: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Return muons (M, 2), energy and radius score, event after event.

        Args:
            conditions: (B, conditions).
            counts: int64 (B,), all above 0.
            noise: (M, 2), standard normal numbers, one row a muon.
        """
        known = context(bundles(conditions, counts, len(noise)))
        first_muon = torch.cumsum(counts, 0) - counts
        sums = noise.new_zeros(len(counts), FEATURES)
        points = torch.empty_like(noise)
        for start, stop in pairwise(BLOCK_STARTS):
            rows = torch.nonzero(counts > start)[:, 0]
            if not len(rows):
                break
            sizes = counts[rows].clamp(max=stop) - start
            numbers = torch.arange(len(rows), device=counts.device)
            block = torch.repeat_interleave(numbers, sizes)
            place = torch.arange(len(block), device=counts.device)
            place -= (torch.cumsum(sizes, 0) - sizes)[block]
            muons = first_muon[rows][block] + start + place
            vectors = self._block_vectors(known[rows], torch.full_like(rows, start), sums[rows])
            points[muons] = self.muon(vectors[block]).transform.inv(noise[muons])
            sums.index_add_(0, rows[block], self.summary(points[muons]))
        return points


class FlowLoss(nn.Module):
    """The negative log-likelihood of a batch, the forward of one module for parallel training.

    Args:
        flow: what the loss trains.
    """

    def __init__(self, flow: BundleFlow) -> None:
        super().__init__()
        self.flow = flow

    def forward(self, points: torch.Tensor, batch: Bundles) -> torch.Tensor:
        """Return the sum over muons, (), of ``points`` (M, 2), see :class:`BundleFlow`."""
        if not len(points):
            # a process without a share, in which zuko cannot compute, still takes part in the sum
            # of all gradients
            return 0.0 * sum(parameter.sum() for parameter in self.parameters())
        return -self.flow(points, batch).sum()
