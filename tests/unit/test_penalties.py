"""The penalties on a critic whose gradient is known, and how often they count."""

import math

import pytest
import torch
from gan_networks import COUNTS, MUONS, make_batch
from torch import nn

from fastsim.bundles.models.wgan_gp import CriticLoss

WEIGHT, FULL_BATCH = 7.0, 16
MIXING = torch.linspace(0.0, 1.0, len(COUNTS), dtype=torch.float64)


class LinearCritic(nn.Module):
    """The value is a sum over muons: the gradient's norm is the slope's times sqrt(N)."""

    def __init__(self, slope):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope, dtype=torch.float64))

    def forward(self, points, batch):
        values = points.new_zeros(len(batch.counts))
        return values.index_add(0, batch.event, points @ self.slope)


class QuadraticCritic(LinearCritic):
    """The gradient is the muons themselves times the slope."""

    def forward(self, points, batch):
        return super().forward(points.square() / 2.0, batch)


def points(seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(MUONS, 2, generator=generator, dtype=torch.float64)


def norms_of(values, batch):
    squares = values.square().sum(dim=1)
    return squares.new_zeros(len(COUNTS)).index_add(0, batch.event, squares).sqrt()


@pytest.mark.parametrize("slope", [(0.12, 0.16), (0.6, 0.8), (3.0, 4.0)])
@pytest.mark.parametrize("penalty", ["one-sided", "two-sided", "r1r2"])
def test_a_linear_critic_pays_by_its_slope(penalty, slope):
    critic, batch = LinearCritic(slope), make_batch()
    real, generated = points(1), points(2)
    loss, sums = CriticLoss(critic, penalty, WEIGHT, FULL_BATCH, "fp32")(
        real, generated, MIXING, batch
    )
    norms = [math.hypot(*slope) * math.sqrt(count) for count in COUNTS.tolist()]
    expected = {
        "one-sided": sum(max(0.0, norm - 1.0) ** 2 for norm in norms),
        "two-sided": sum((norm - 1.0) ** 2 for norm in norms),
        # half the square at the real and half at the generated event, which is as steep
        "r1r2": sum(norm**2 for norm in norms),
    }[penalty]
    gap = float(((real - generated) @ critic.slope.detach()).sum())
    assert sums.tolist() == pytest.approx(
        [WEIGHT * expected - gap, gap, expected, sum(norms)], rel=1e-6, abs=1e-9
    )
    assert loss.item() == pytest.approx((WEIGHT * expected - gap) / FULL_BATCH, rel=1e-6)


@pytest.mark.parametrize("penalty", ["one-sided", "two-sided", "r1r2"])
def test_the_gradient_is_looked_at_in_the_right_place(penalty):
    critic, batch = QuadraticCritic((1.0, 1.0)), make_batch()
    real, generated = points(1), points(2)
    _, sums = CriticLoss(critic, penalty, WEIGHT, FULL_BATCH, "fp32")(
        real, generated, MIXING, batch
    )
    share = MIXING[batch.event, None]
    between = norms_of(share * real + (1.0 - share) * generated, batch)
    expected = {
        "one-sided": torch.relu(between - 1.0).square().sum(),
        "two-sided": (between - 1.0).square().sum(),
        "r1r2": (norms_of(real, batch).square() + norms_of(generated, batch).square()).sum() / 2,
    }[penalty]
    assert sums[2].item() == pytest.approx(expected.item(), rel=1e-9)


def test_a_penalty_counts_as_often_as_it_is_told():
    critic, batch = LinearCritic((3.0, 4.0)), make_batch()
    loss = CriticLoss(critic, "two-sided", WEIGHT, FULL_BATCH, "fp32")
    inputs = (points(1), points(2), MIXING, batch)
    without, once, thrice = (loss(*inputs, penalised)[1] for penalised in (0.0, 1.0, 3.0))
    gap = once[1].item()
    assert without.tolist() == pytest.approx([-gap, gap, 0.0, 0.0])
    assert (thrice[0] + gap).item() == pytest.approx(3.0 * (once[0] + gap).item())
    assert thrice[2:].tolist() == pytest.approx([3.0 * value for value in once[2:].tolist()])
